"""views.*: modals and the Home tab."""

from typing import Any, Final

from sandbox.platform import payloads
from sandbox.web_api.methods import Args, Method, Platform
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json, Trigger, View


def _body(args: Args) -> Any:
    view = args.structure("view", "invalid_arguments")
    if view is None:
        raise SlackError("invalid_arguments", "[ERROR] missing required field: view")
    return view


def _trigger(platform: Platform, args: Args) -> Trigger:
    if "trigger_id" not in args:
        raise SlackError(
            "invalid_arguments", "[ERROR] missing required field: trigger_id"
        )
    return platform.workspace.use_trigger(args.text("trigger_id"))


def _response(platform: Platform, view: View) -> Json:
    return {"view": payloads.view(platform.workspace, view)}


def open_(platform: Platform, args: Args) -> Json:
    body = _body(args)
    trigger = _trigger(platform, args)
    return _response(platform, platform.views.open(trigger.person, body))


def push(platform: Platform, args: Args) -> Json:
    body = _body(args)
    trigger = _trigger(platform, args)
    if trigger.view_id is None:
        raise SlackError("invalid_trigger_id")
    return _response(platform, platform.views.push(trigger.person, body))


def update(platform: Platform, args: Args) -> Json:
    body = _body(args)
    view = platform.views.by_id(args.optional("view_id"), args.optional("external_id"))
    return _response(platform, platform.views.update(view, body, args.optional("hash")))


def publish(platform: Platform, args: Args) -> Json:
    if not platform.workspace.manifest.home_tab:
        raise SlackError("not_enabled")
    person = platform.workspace.people.get(args.text("user_id"))
    if person is None or person.is_bot or person.deleted:
        raise SlackError("user_not_found")
    body = _body(args)
    view = platform.views.publish(person.id, body, args.optional("hash"))
    return _response(platform, view)


METHODS: Final = {
    "views.open": Method(open_, per_minute=100),
    "views.push": Method(push, per_minute=100),
    "views.update": Method(update, per_minute=100),
    "views.publish": Method(publish, per_minute=100),
}
