"""What a page may have a person do: the names and arguments of POST /_/act."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.records import Ack, Json

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Act:
    do: Callable[..., Any]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


def _say(sandbox: "Sandbox", person: str, **said: Any) -> Json:
    return {"ts": sandbox.say(person, **said)}


def _join(sandbox: "Sandbox", person: str, channel: str) -> None:
    sandbox.join(channel, person)


def _leave(sandbox: "Sandbox", person: str, channel: str) -> None:
    sandbox.leave(channel, person)


def _invite_bot(sandbox: "Sandbox", person: str, channel: str) -> None:
    sandbox.invite_bot(channel, person)


def _remove_bot(sandbox: "Sandbox", person: str, channel: str) -> None:
    sandbox.remove_bot(channel, person)


def _method(name: str) -> Callable[..., Any]:
    def do(sandbox: "Sandbox", person: str, **given: Any) -> Any:
        return getattr(sandbox, name)(person, **given)

    return do


ACTS: Final[Mapping[str, Act]] = {
    "say": Act(_say, ("channel", "text"), ("thread_ts", "broadcast", "files")),
    "edit": Act(_method("edit"), ("channel", "ts", "text")),
    "delete": Act(_method("delete"), ("channel", "ts")),
    "react": Act(_method("react"), ("channel", "ts", "emoji")),
    "unreact": Act(_method("unreact"), ("channel", "ts", "emoji")),
    "command": Act(_method("command"), ("channel", "command"), ("text",)),
    "shortcut": Act(_method("shortcut"), ("callback_id",)),
    "message_shortcut": Act(
        _method("message_shortcut"), ("callback_id", "channel", "ts")
    ),
    "click": Act(
        _method("click"),
        ("channel", "ts", "action_id"),
        ("value", "option", "block_id"),
    ),
    "click_view": Act(
        _method("click_view"),
        ("view_id", "action_id"),
        ("value", "option", "block_id", "values"),
    ),
    "submit": Act(_method("submit"), ("view_id", "values")),
    "close_view": Act(_method("close_view"), ("view_id",), ("clear",)),
    "open_home": Act(_method("open_home"), (), ("tab",)),
    "read": Act(_method("read"), ("channel", "ts")),
    "reload": Act(_method("forget_ephemerals")),
    "join": Act(_join, ("channel",)),
    "leave": Act(_leave, ("channel",)),
    "invite_bot": Act(_invite_bot, ("channel",)),
    "remove_bot": Act(_remove_bot, ("channel",)),
}


def act(sandbox: "Sandbox", body: Json) -> Json:
    given = dict(body)
    name, person = given.pop("do", None), given.pop("as", None)
    known = ACTS.get(str(name))
    if known is None:
        raise ValueError(f"nobody can do {name!r}; there is {', '.join(ACTS)}")
    if person not in sandbox.workspace.people:
        raise LookupError(f"no person {person}")
    if missing := [n for n in known.needs if n not in given]:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    if unknown := given.keys() - {*known.needs, *known.may}:
        raise ValueError(f"{name} takes no {', '.join(sorted(unknown))}")
    result = known.do(sandbox, person, **given)
    if isinstance(result, Ack):
        return asdict(result)
    return result if isinstance(result, dict) else {}
