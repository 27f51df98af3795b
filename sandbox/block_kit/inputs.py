"""Find elements in blocks, and compute their state after input."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.block_kit import elements
from sandbox.block_kit.element_rules import options_of
from sandbox.workspace.records import Json

# Elements whose state is a list.
_LIST_VALUED = elements.MULTI_SELECTS | {"checkboxes", "file_input"}


@dataclass(frozen=True, slots=True)
class PlacedElement:
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


def interactive_elements(blocks: list[Json]) -> Iterator[PlacedElement]:
    for block in blocks:
        match block.get("type"):
            case "section" if "accessory" in block:
                yield PlacedElement(block, block["accessory"])
            case "actions" | "context_actions":
                for element in block.get("elements", []):
                    yield PlacedElement(block, element)
            case "input":
                yield PlacedElement(block, block["element"])


def find_element(
    blocks: list[Json],
    action_id: str,
    value: str | None = None,
    block_id: str | None = None,
) -> PlacedElement:
    """Return the element to press; raises LookupError if there is none."""
    candidates = list(interactive_elements(blocks))
    for candidate in candidates:
        if candidate.action_id != action_id or block_id not in (
            None,
            candidate.block_id,
        ):
            continue
        if (
            candidate.kind in elements.BUTTONS
            and value is not None
            and candidate.element.get("value") != value
        ):
            continue
        return candidate
    names = ", ".join(f.action_id for f in candidates) or "nothing"
    raise LookupError(f"no element {action_id} to press; there is {names}")


def find_option(element: Json, value_or_text: Any) -> Json:
    """Return an option by its value or its text; else raises LookupError."""
    for option in options_of(element):
        if value_or_text in (option.get("value"), option.get("text", {}).get("text")):
            return option
    if element.get("type") in ("external_select", "multi_external_select"):
        text = {"type": "plain_text", "text": str(value_or_text), "emoji": True}
        return {"text": text, "value": str(value_or_text)}
    known = ", ".join(str(o.get("value")) for o in options_of(element))
    raise LookupError(f"no option {value_or_text!r}; there is {known}")


def _to_rich_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": value}] if value else [],
    }
    return {"type": "rich_text", "elements": [section]}


def state_after_input(element: Json, value: Any) -> Json:
    """Return an element's state after `value` was typed or chosen."""
    kind = str(element["type"])
    name = elements.VALUE_KEYS[kind]
    if kind in _LIST_VALUED:
        wanted = list(value) if isinstance(value, list | tuple | set) else [value]
        value = [w for w in wanted if w is not None]
        if name == "selected_options":
            value = [find_option(element, w) for w in value]
    elif name == "selected_option":
        value = None if value is None else find_option(element, value)
    elif kind == "rich_text_input":
        value = None if value is None else _to_rich_text(value)
    elif kind in elements.TEXT_INPUTS:
        value = None if value in (None, "") else str(value)
    state: Json = {"type": kind, name: value}
    if kind == "rich_text_input" and value is None:
        del state[name]
    return state


def initial_state(element: Json) -> Json:
    """Return an element's state before any input."""
    kind = str(element["type"])
    name = elements.VALUE_KEYS[kind]
    first = element.get(elements.INITIAL_KEYS.get(kind, ""))
    if first is None and kind in _LIST_VALUED:
        first = []
    state: Json = {"type": kind, name: first}
    if kind == "rich_text_input" and first is None:
        del state[name]
    return state


def form_state(
    blocks: list[Json], known_states: dict[str, dict[str, Json]]
) -> dict[str, dict[str, Json]]:
    """Return all states in `blocks`: known ones, and initial ones for the rest."""
    values: dict[str, dict[str, Json]] = {}
    for placed in interactive_elements(blocks):
        if placed.kind not in elements.STATEFUL:
            continue
        known_state = known_states.get(placed.block_id, {}).get(placed.action_id)
        if known_state is None or known_state.get("type") != placed.kind:
            known_state = initial_state(placed.element)
        values.setdefault(placed.block_id, {})[placed.action_id] = known_state
    return values


def missing_required(
    blocks: list[Json], states: dict[str, dict[str, Json]]
) -> list[str]:
    """Return required input blocks that are empty.

    Slack's client rejects them before it sends the form.
    """
    empty = []
    for block in blocks:
        if block.get("type") != "input" or block.get("optional"):
            continue
        element = block["element"]
        known_state = states[block["block_id"]][element["action_id"]]
        if known_state.get(elements.VALUE_KEYS[element["type"]]) in (None, "", []):
            empty.append(str(block["block_id"]))
    return empty


def action_payload(placed: PlacedElement, choice: Any, action_ts: str) -> Json:
    """Return the entry for the `actions` of a `block_actions` payload."""
    element = placed.element
    action: Json = {
        "type": placed.kind,
        "action_id": placed.action_id,
        "block_id": placed.block_id,
        "action_ts": action_ts,
    }
    if placed.kind in elements.BUTTONS:
        action["text"] = element["text"]
        for name in ("value", "style", "url"):
            if name in element:
                action[name] = element[name]
    elif placed.kind == "overflow":
        action["selected_option"] = find_option(element, choice)
    elif placed.kind in elements.STATEFUL:
        action |= state_after_input(element, choice)
        for name in ("placeholder", elements.INITIAL_KEYS.get(placed.kind, "")):
            if name in element:
                action[name] = element[name]
    if "confirm" in element:
        action["confirm"] = element["confirm"]
    return action
