"""users.*: who is in the workspace."""

from typing import Final

from sandbox import shapes
from sandbox.records import Json
from sandbox.refusals import SlackError
from sandbox.web_api.methods import Args, Method, Slack, page


def info(slack: Slack, args: Args) -> Json:
    person = slack.workspace.people.get(args.text("user"))
    if person is None:
        raise SlackError("user_not_found")
    return {"user": shapes.user(slack.workspace, person)}


def list_(slack: Slack, args: Args) -> Json:
    people = list(slack.workspace.people.values())
    shown, following = page(slack, args, people, 1000, 1000)
    members = [shapes.user(slack.workspace, person) for person in shown]
    return {"members": members, "cache_ts": int(slack.workspace.now()), **following}


METHODS: Final = {
    "users.info": Method(info, ("users:read",), per_minute=100),
    "users.list": Method(list_, ("users:read",), per_minute=20),
}
