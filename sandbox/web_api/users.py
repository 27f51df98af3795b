"""users.*: the people of the workspace."""

from typing import Final

from sandbox.platform import payloads
from sandbox.web_api.methods import Args, Method, Platform, paginate
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json


def info(platform: Platform, args: Args) -> Json:
    person = platform.workspace.people.get(args.text("user"))
    if person is None:
        raise SlackError("user_not_found")
    return {"user": payloads.user(platform.workspace, person)}


def profile(platform: Platform, args: Args) -> Json:
    """Return a person's profile, with the workspace's own fields."""
    person = platform.workspace.people.get(args.text("user"))
    if person is None:
        raise SlackError("user_not_found")
    fields = {name: {"value": text, "alt": ""} for name, text in person.fields.items()}
    shown: Json = payloads.user(platform.workspace, person)["profile"]
    # Slack sends an empty list if there are none.
    return {"profile": shown | {"fields": fields or []}}


def list_(platform: Platform, args: Args) -> Json:
    people = list(platform.workspace.people.values())
    shown, following = paginate(platform, args, people, 1000, 1000)
    members = [payloads.user(platform.workspace, person) for person in shown]
    return {"members": members, "cache_ts": int(platform.workspace.now()), **following}


METHODS: Final = {
    "users.info": Method(info, ("users:read",), per_minute=100),
    "users.profile.get": Method(profile, ("users.profile:read",), per_minute=100),
    "users.list": Method(list_, ("users:read",), per_minute=20),
}
