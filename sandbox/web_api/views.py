"""views.*: modals and the Home tab."""

from typing import Any, Final

from sandbox import shapes
from sandbox.records import Json, Trigger, View
from sandbox.refusals import SlackError
from sandbox.web_api.methods import Args, Method, Slack


def _body(args: Args) -> Any:
    view = args.body("view", "invalid_arguments")
    if view is None:
        raise SlackError("invalid_arguments", "[ERROR] missing required field: view")
    return view


def _trigger(slack: Slack, args: Args) -> Trigger:
    if "trigger_id" not in args:
        raise SlackError(
            "invalid_arguments", "[ERROR] missing required field: trigger_id"
        )
    return slack.workspace.use_trigger(args.text("trigger_id"))


def _shown(slack: Slack, view: View) -> Json:
    return {"view": shapes.view(slack.workspace, view)}


def open_(slack: Slack, args: Args) -> Json:
    body = _body(args)
    trigger = _trigger(slack, args)
    return _shown(slack, slack.views.open(trigger.person, body))


def push(slack: Slack, args: Args) -> Json:
    body = _body(args)
    trigger = _trigger(slack, args)
    if trigger.view_id is None:
        raise SlackError("invalid_trigger_id")
    return _shown(slack, slack.views.push(trigger.person, body))


def update(slack: Slack, args: Args) -> Json:
    body = _body(args)
    view = slack.views.by_id(args.optional("view_id"), args.optional("external_id"))
    return _shown(slack, slack.views.update(view, body, args.optional("hash")))


def publish(slack: Slack, args: Args) -> Json:
    if not slack.workspace.manifest.home_tab:
        raise SlackError("not_enabled")
    person = slack.workspace.people.get(args.text("user_id"))
    if person is None or person.is_bot or person.deleted:
        raise SlackError("user_not_found")
    body = _body(args)
    view = slack.views.publish(person.id, body, args.optional("hash"))
    return _shown(slack, view)


METHODS: Final = {
    "views.open": Method(open_, per_minute=100),
    "views.push": Method(push, per_minute=100),
    "views.update": Method(update, per_minute=100),
    "views.publish": Method(publish, per_minute=100),
}
