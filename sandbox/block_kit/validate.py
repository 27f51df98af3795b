"""Check blocks and views against Slack's documented limits, and add defaults."""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from sandbox.block_kit import elements
from sandbox.block_kit.block_rules import Checker
from sandbox.block_kit.element_rules import check_element, check_image
from sandbox.block_kit.rich_text_rules import check_rich_text
from sandbox.workspace.records import Json

MAX_BLOCKS_IN_MESSAGE: Final = 50
MAX_BLOCKS_IN_VIEW: Final = 100
MAX_MESSAGE_TEXT: Final = 13_200
MAX_VIEW_BYTES: Final = 250_000


def _section(checker: Checker, block: Json, pointer: str) -> None:
    if block.get("text") is None and not block.get("fields"):
        checker.report("missing required field: text or fields", pointer)
    checker.text(block, "text", pointer, 3000)
    for number, field in enumerate(checker.items(block, "fields", pointer, 0, 10)):
        checker.text_object(field, f"{pointer}/fields/{number}", 2000)
    if "accessory" in block:
        check_element(checker, block["accessory"], f"{pointer}/accessory", "section")


def _actions(checker: Checker, block: Json, pointer: str) -> None:
    ids: list[str] = []
    for number, element in enumerate(checker.items(block, "elements", pointer, 1, 25)):
        check_element(checker, element, f"{pointer}/elements/{number}", "actions")
        if isinstance(element, dict) and element.get("action_id"):
            ids.append(element["action_id"])
    if len(ids) != len(set(ids)):
        checker.report("`action_id` must be unique in the block", f"{pointer}/elements")


def _context(checker: Checker, block: Json, pointer: str) -> None:
    for number, element in enumerate(checker.items(block, "elements", pointer, 1, 10)):
        check_element(checker, element, f"{pointer}/elements/{number}", "context")


def _context_actions(checker: Checker, block: Json, pointer: str) -> None:
    for number, element in enumerate(checker.items(block, "elements", pointer, 1, 5)):
        check_element(
            checker, element, f"{pointer}/elements/{number}", "context_actions"
        )


def _header(checker: Checker, block: Json, pointer: str) -> None:
    checker.text(block, "text", pointer, 150, required=True, plain=True)


def _divider(checker: Checker, block: Json, pointer: str) -> None:
    checker.allow_only(block, pointer, "type", "block_id")


def _image(checker: Checker, block: Json, pointer: str) -> None:
    check_image(checker, block, pointer)
    checker.text(block, "title", pointer, 2000, plain=True)


def _input(checker: Checker, block: Json, pointer: str) -> None:
    checker.text(block, "label", pointer, 2000, required=True, plain=True)
    checker.text(block, "hint", pointer, 2000, plain=True)
    checker.boolean(block, "optional", pointer)
    checker.boolean(block, "dispatch_action", pointer)
    if "element" not in block:
        checker.report("missing required field: element", pointer)
    else:
        check_element(checker, block["element"], f"{pointer}/element", "input")


def _rich_text(checker: Checker, block: Json, pointer: str) -> None:
    inside = checker.items(block, "elements", pointer, 0, 1000)
    check_rich_text(checker, inside, pointer)


def _markdown(checker: Checker, block: Json, pointer: str) -> None:
    checker.string(block, "text", pointer, 12_000, required=True, min_length=1)


_BLOCK_CHECKS: Final[dict[str, Callable[[Checker, Json, str], None]]] = {
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
# Slack accepts an input block in a message, too; a Home tab has no markdown block.
_NOT_IN_VIEW: Final = {"markdown", "context_actions"}


def check_blocks(
    blocks: Any, *, max_blocks: int = MAX_BLOCKS_IN_MESSAGE, pointer: str = "/blocks"
) -> list[str]:
    """Return Slack's errors for the blocks; none if they are valid."""
    checker = Checker()
    if not isinstance(blocks, list):
        checker.report("must provide an array", pointer)
        return checker.problems
    if len(blocks) > max_blocks:
        checker.report(f"no more than {max_blocks} items allowed", pointer)
    block_ids: set[str] = set()
    for number, block in enumerate(blocks):
        place = f"{pointer}/{number}"
        if checker.mapping(block, place) is None:
            continue
        kind = block.get("type")
        check = _BLOCK_CHECKS.get(kind) if isinstance(kind, str) else None
        if check is None or (max_blocks == MAX_BLOCKS_IN_VIEW and kind in _NOT_IN_VIEW):
            checker.report(f"unsupported type: {kind}", f"{place}/type")
            continue
        block_id = checker.string(block, "block_id", place, 255)
        if block_id and block_id in block_ids:
            checker.report(f"`block_id` {block_id} already exists", f"{place}/block_id")
        block_ids |= {block_id} if block_id else set()
        check(checker, block, place)
    return checker.problems


def check_view(view: Any, kind: str) -> list[str]:
    checker = Checker()
    if not isinstance(view, dict):
        checker.report("must provide an object", "/view")
        return checker.problems
    if view.get("type") != kind:
        checker.report(f"unsupported type: {view.get('type')}", "/view/type")
    if "blocks" not in view:
        checker.report("missing required field: blocks", "/view")
    blocks = view.get("blocks", [])
    checker.problems += check_blocks(
        blocks, max_blocks=MAX_BLOCKS_IN_VIEW, pointer="/view/blocks"
    )
    checker.string(view, "private_metadata", "/view", 3000)
    checker.string(view, "callback_id", "/view", 255)
    checker.string(view, "external_id", "/view", 255)
    if kind == "modal":
        checker.text(view, "title", "/view", 24, required=True, plain=True)
        checker.text(view, "submit", "/view", 24, plain=True)
        checker.text(view, "close", "/view", 24, plain=True)
        has_input = isinstance(blocks, list) and any(
            isinstance(b, dict) and b.get("type") == "input" for b in blocks
        )
        if has_input and not view.get("submit"):
            checker.report("missing required field: submit", "/view")
    return checker.problems


def text_length(node: Any) -> int:
    """Return the length of all text in blocks; Slack limits the sum."""
    if isinstance(node, list):
        return sum(map(text_length, node))
    if not isinstance(node, dict):
        return 0
    own = len(node["text"]) if isinstance(node.get("text"), str) else 0
    return own + sum(text_length(value) for value in node.values())


def size_in_bytes(view: Json) -> int:
    return len(json.dumps(view, ensure_ascii=False).encode())


def add_defaults(blocks: list[Json]) -> list[Json]:
    """Add Slack's defaults: missing ids, and fields of text objects.

    A block without input that did not change keeps its id when its view is drawn again.
    Otherwise a person who presses a button at that moment would press in vain, as they
    would not in Slack's own clients.
    """
    counts: Counter[str] = Counter()
    for block in blocks:
        if "block_id" not in block:
            block["block_id"] = _block_id(block, counts)
        _add_node_defaults(block)
    return blocks


def _block_id(block: Json, counts: Counter[str]) -> str:
    if block["type"] == "input":
        # Slack forgets what was typed if the app gives a field no id.
        return secrets.token_urlsafe(4)
    content = json.dumps(block, sort_keys=True).encode()
    name = hashlib.sha256(content).hexdigest()[:12]
    counts[name] += 1
    return f"{name}-{counts[name]}"


def _add_node_defaults(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _add_node_defaults(item)
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
        _add_node_defaults(value)


def _needs_id(element: Json) -> bool:
    return element.get("type") in elements.STATEFUL | elements.CLICKABLE
