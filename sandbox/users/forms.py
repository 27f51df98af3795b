"""A modal's form: filling it in, and applying the app's response."""

from typing import Any

from sandbox.block_kit import elements, inputs
from sandbox.platform.response_urls import ResponseUrls
from sandbox.platform.views import ViewStore
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json, View


def fill_in(view: View, values: dict[str, Any]) -> None:
    """Fill in a form. `values` are by block_id or action_id."""
    remaining = dict(values)
    for element in inputs.interactive_elements(view.body["blocks"]):
        for name in (element.block_id, element.action_id):
            if name in remaining and element.kind in elements.STATEFUL:
                entered = inputs.state_after_input(element.element, remaining.pop(name))
                view.state.setdefault(element.block_id, {})[element.action_id] = entered
    if remaining:
        raise LookupError(f"no such fields in the view: {', '.join(remaining)}")


def response_urls_of(view: View, response_urls: ResponseUrls) -> list[Json]:
    """Return response URLs for chosen channels, where the app requested them."""
    urls = []
    for element in inputs.interactive_elements(view.body["blocks"]):
        if not element.element.get("response_url_enabled"):
            continue
        chosen = view.state[element.block_id][element.action_id]
        if channel := chosen.get(elements.VALUE_KEYS[element.kind]):
            urls.append(
                {
                    "block_id": element.block_id,
                    "action_id": element.action_id,
                    "channel_id": channel,
                    "response_url": response_urls.create("app", channel, view.person),
                }
            )
    return urls


def apply_response(views: ViewStore, view: View, body: Json) -> dict[str, str]:
    """Apply the app's response as Slack's client does; return the errors to show."""
    match body.get("response_action"):
        case "errors":
            return _field_errors(view, body.get("errors") or {})
        case "update":
            views.update(view, body.get("view"), None)
        case "push":
            views.push(view.person, body.get("view"))
        case "clear":
            views.clear(view.person)
        case None if view.id in views.stack(view.person):
            views.close(view)
    return {}


def _field_errors(view: View, errors: dict[str, str]) -> dict[str, str]:
    fields = {b["block_id"] for b in view.body["blocks"] if b["type"] == "input"}
    if not errors or not errors.keys() <= fields:
        raise SlackError("invalid_errors", *errors)
    return errors
