"""Finds elements in blocks and writes down what was typed or chosen in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox import elements
from sandbox.element_rules import options_of
from sandbox.records import Json

# Elements whose state is a list.
_LISTS = elements.MULTI_SELECTS | {"checkboxes", "file_input"}


@dataclass(frozen=True, slots=True)
class Found:
    block: Json
    element: Json

    @property
    def kind(self) -> str:
        return str(self.element.get("type"))

    @property
    def block_id(self) -> str:
        return str(self.block.get("block_id"))

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id"))


def interactive(blocks: list[Json]) -> Iterator[Found]:
    for block in blocks:
        match block.get("type"):
            case "section" if "accessory" in block:
                yield Found(block, block["accessory"])
            case "actions" | "context_actions":
                for element in block.get("elements", []):
                    yield Found(block, element)
            case "input":
                yield Found(block, block["element"])


def find(
    blocks: list[Json],
    action_id: str,
    value: str | None = None,
    block_id: str | None = None,
) -> Found:
    """The element that a person would press; refuses when there is none."""
    there = list(interactive(blocks))
    for found in there:
        if found.action_id != action_id or block_id not in (None, found.block_id):
            continue
        if (
            found.kind in elements.BUTTONS
            and value is not None
            and found.element.get("value") != value
        ):
            continue
        return found
    names = ", ".join(f.action_id for f in there) or "nothing"
    raise LookupError(f"no element {action_id} to press; there is {names}")


def option(element: Json, wanted: Any) -> Json:
    """An option by its value or its text."""
    for one in options_of(element):
        if wanted in (one.get("value"), one.get("text", {}).get("text")):
            return one
    if element.get("type") in ("external_select", "multi_external_select"):
        text = {"type": "plain_text", "text": str(wanted), "emoji": True}
        return {"text": text, "value": str(wanted)}
    known = ", ".join(str(o.get("value")) for o in options_of(element))
    raise LookupError(f"no option {wanted!r}; there is {known}")


def _rich_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": value}] if value else [],
    }
    return {"type": "rich_text", "elements": [section]}


def entered(element: Json, value: Any) -> Json:
    """The state of an element after `value` was typed or chosen in it."""
    kind = str(element["type"])
    name = elements.SELECTED[kind]
    if kind in _LISTS:
        wanted = list(value) if isinstance(value, list | tuple | set) else [value]
        value = [w for w in wanted if w is not None]
        if name == "selected_options":
            value = [option(element, w) for w in value]
    elif name == "selected_option":
        value = None if value is None else option(element, value)
    elif kind == "rich_text_input":
        value = None if value is None else _rich_text(value)
    elif kind in elements.TYPED:
        value = None if value in (None, "") else str(value)
    state: Json = {"type": kind, name: value}
    if kind == "rich_text_input" and value is None:
        del state[name]
    return state


def initial(element: Json) -> Json:
    """The state of an element that nobody touched."""
    kind = str(element["type"])
    name = elements.SELECTED[kind]
    first = element.get(elements.INITIAL.get(kind, ""))
    if first is None and kind in _LISTS:
        first = []
    state: Json = {"type": kind, name: first}
    if kind == "rich_text_input" and first is None:
        del state[name]
    return state


def state(
    blocks: list[Json], known: dict[str, dict[str, Json]]
) -> dict[str, dict[str, Json]]:
    """All states in `blocks`: those known, and the initial ones of the others."""
    values: dict[str, dict[str, Json]] = {}
    for found in interactive(blocks):
        if found.kind not in elements.STATEFUL:
            continue
        kept = known.get(found.block_id, {}).get(found.action_id)
        if kept is None or kept.get("type") != found.kind:
            kept = initial(found.element)
        values.setdefault(found.block_id, {})[found.action_id] = kept
    return values


def unanswered(blocks: list[Json], values: dict[str, dict[str, Json]]) -> list[str]:
    """Required input blocks that are still empty; Slack's client says so itself."""
    empty = []
    for block in blocks:
        if block.get("type") != "input" or block.get("optional"):
            continue
        element = block["element"]
        kept = values[block["block_id"]][element["action_id"]]
        if kept.get(elements.SELECTED[element["type"]]) in (None, "", []):
            empty.append(str(block["block_id"]))
    return empty


def pressed(found: Found, person_choice: Any, action_ts: str) -> Json:
    """The entry in a `block_actions` payload's list of actions."""
    element = found.element
    action: Json = {
        "type": found.kind,
        "action_id": found.action_id,
        "block_id": found.block_id,
        "action_ts": action_ts,
    }
    if found.kind in elements.BUTTONS:
        action["text"] = element["text"]
        for name in ("value", "style", "url"):
            if name in element:
                action[name] = element[name]
    elif found.kind == "overflow":
        action["selected_option"] = option(element, person_choice)
    elif found.kind in elements.STATEFUL:
        action |= entered(element, person_choice)
        for name in ("placeholder", elements.INITIAL.get(found.kind, "")):
            if name in element:
                action[name] = element[name]
    if "confirm" in element:
        action["confirm"] = element["confirm"]
    return action
