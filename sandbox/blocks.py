"""Checks blocks and views against Slack's documented limits, and completes them."""

import json
import secrets
from collections.abc import Callable
from typing import Any, Final

from sandbox import elements
from sandbox.block_rules import Checker
from sandbox.element_rules import check_element, check_image
from sandbox.records import Json
from sandbox.rich_text_rules import check_rich_text

MOST_IN_MESSAGE: Final = 50
MOST_IN_VIEW: Final = 100
LONGEST_MESSAGE: Final = 13_200
LARGEST_VIEW: Final = 250_000


def _section(checker: Checker, block: Json, where: str) -> None:
    if block.get("text") is None and not block.get("fields"):
        checker.say("missing required field: text or fields", where)
    checker.text(block, "text", where, 3000)
    for number, field in enumerate(checker.items(block, "fields", where, 0, 10)):
        checker.text_object(field, f"{where}/fields/{number}", 2000)
    if "accessory" in block:
        check_element(checker, block["accessory"], f"{where}/accessory", "section")


def _actions(checker: Checker, block: Json, where: str) -> None:
    ids: list[str] = []
    for number, element in enumerate(checker.items(block, "elements", where, 1, 25)):
        check_element(checker, element, f"{where}/elements/{number}", "actions")
        if isinstance(element, dict) and element.get("action_id"):
            ids.append(element["action_id"])
    if len(ids) != len(set(ids)):
        checker.say("`action_id` must be unique in the block", f"{where}/elements")


def _context(checker: Checker, block: Json, where: str) -> None:
    for number, element in enumerate(checker.items(block, "elements", where, 1, 10)):
        check_element(checker, element, f"{where}/elements/{number}", "context")


def _context_actions(checker: Checker, block: Json, where: str) -> None:
    for number, element in enumerate(checker.items(block, "elements", where, 1, 5)):
        check_element(checker, element, f"{where}/elements/{number}", "context_actions")


def _header(checker: Checker, block: Json, where: str) -> None:
    checker.text(block, "text", where, 150, needed=True, plain=True)


def _divider(checker: Checker, block: Json, where: str) -> None:
    checker.only(block, where, "type", "block_id")


def _image(checker: Checker, block: Json, where: str) -> None:
    check_image(checker, block, where)
    checker.text(block, "title", where, 2000, plain=True)


def _input(checker: Checker, block: Json, where: str) -> None:
    checker.text(block, "label", where, 2000, needed=True, plain=True)
    checker.text(block, "hint", where, 2000, plain=True)
    checker.flag(block, "optional", where)
    checker.flag(block, "dispatch_action", where)
    if "element" not in block:
        checker.say("missing required field: element", where)
    else:
        check_element(checker, block["element"], f"{where}/element", "input")


def _rich_text(checker: Checker, block: Json, where: str) -> None:
    inside = checker.items(block, "elements", where, 0, 1000)
    check_rich_text(checker, inside, where)


def _markdown(checker: Checker, block: Json, where: str) -> None:
    checker.string(block, "text", where, 12_000, needed=True, least=1)


_BLOCKS: Final[dict[str, Callable[[Checker, Json, str], None]]] = {
    "section": _section,
    "actions": _actions,
    "context": _context,
    "context_actions": _context_actions,
    "header": _header,
    "divider": _divider,
    "image": _image,
    "input": _input,
    "rich_text": _rich_text,
    "markdown": _markdown,
}
# In a message an input block is accepted as well; a Home tab has no markdown block.
_NOT_IN_VIEW: Final = {"markdown", "context_actions"}


def check_blocks(
    blocks: Any, *, most: int = MOST_IN_MESSAGE, where: str = "/blocks"
) -> list[str]:
    """What Slack would complain about; nothing if it would take them."""
    checker = Checker()
    if not isinstance(blocks, list):
        checker.say("must provide an array", where)
        return checker.said
    if len(blocks) > most:
        checker.say(f"no more than {most} items allowed", where)
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        place = f"{where}/{number}"
        if checker.mapping(block, place) is None:
            continue
        kind = block.get("type")
        check = _BLOCKS.get(kind) if isinstance(kind, str) else None
        if check is None or (most == MOST_IN_VIEW and kind in _NOT_IN_VIEW):
            checker.say(f"unsupported type: {kind}", f"{place}/type")
            continue
        block_id = checker.string(block, "block_id", place, 255)
        if block_id and block_id in seen:
            checker.say(f"`block_id` {block_id} already exists", f"{place}/block_id")
        seen |= {block_id} if block_id else set()
        check(checker, block, place)
    return checker.said


def check_view(view: Any, kind: str) -> list[str]:
    checker = Checker()
    if not isinstance(view, dict):
        checker.say("must provide an object", "/view")
        return checker.said
    if view.get("type") != kind:
        checker.say(f"unsupported type: {view.get('type')}", "/view/type")
    if "blocks" not in view:
        checker.say("missing required field: blocks", "/view")
    blocks = view.get("blocks", [])
    checker.said += check_blocks(blocks, most=MOST_IN_VIEW, where="/view/blocks")
    checker.string(view, "private_metadata", "/view", 3000)
    checker.string(view, "callback_id", "/view", 255)
    checker.string(view, "external_id", "/view", 255)
    if kind == "modal":
        checker.text(view, "title", "/view", 24, needed=True, plain=True)
        checker.text(view, "submit", "/view", 24, plain=True)
        checker.text(view, "close", "/view", 24, plain=True)
        has_input = isinstance(blocks, list) and any(
            isinstance(b, dict) and b.get("type") == "input" for b in blocks
        )
        if has_input and not view.get("submit"):
            checker.say("missing required field: submit", "/view")
    return checker.said


def letters(node: Any) -> int:
    """How much text stands in blocks; Slack bounds the sum of it."""
    if isinstance(node, list):
        return sum(map(letters, node))
    if not isinstance(node, dict):
        return 0
    own = len(node["text"]) if isinstance(node.get("text"), str) else 0
    return own + sum(letters(value) for value in node.values())


def size(view: Json) -> int:
    return len(json.dumps(view, ensure_ascii=False).encode())


def complete(blocks: list[Json]) -> list[Json]:
    """Adds what Slack adds: ids where there are none, defaults of text objects."""
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        _complete(block)
    return blocks


def _complete(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _complete(item)
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    if kind == "plain_text":
        node.setdefault("emoji", True)
    elif kind == "mrkdwn":
        node.setdefault("verbatim", False)
    for name, value in node.items():
        if name in ("accessory", "element", "elements") and kind != "context":
            inside = value if isinstance(value, list) else [value]
            for item in inside:
                if isinstance(item, dict) and _needs_id(item):
                    item.setdefault("action_id", secrets.token_urlsafe(4))
        _complete(value)


def _needs_id(element: Json) -> bool:
    return element.get("type") in elements.STATEFUL | elements.PRESSED
