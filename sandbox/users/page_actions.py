"""The actions of POST /_/act: names and arguments."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.workspace.records import Ack, Json

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class PageAction:
    run: Callable[..., Any]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def _say(sandbox: "Sandbox", person: str, **arguments: Any) -> Json:
    return {"ts": sandbox.say(person, **arguments)}


def _join(sandbox: "Sandbox", person: str, channel: str) -> None:
    sandbox.join(channel, person)


def _leave(sandbox: "Sandbox", person: str, channel: str) -> None:
    sandbox.leave(channel, person)


def _invite_bot(sandbox: "Sandbox", person: str, channel: str) -> None:
    sandbox.invite_bot(channel, person)


def _remove_bot(sandbox: "Sandbox", person: str, channel: str) -> None:
    sandbox.remove_bot(channel, person)


def _user_action(name: str) -> Callable[..., Any]:
    def do(sandbox: "Sandbox", person: str, **call_arguments: Any) -> Any:
        return getattr(sandbox, name)(person, **call_arguments)

    return do


PAGE_ACTIONS: Final[Mapping[str, PageAction]] = {
    "say": PageAction(_say, ("channel", "text"), ("thread_ts", "broadcast", "files")),
    "edit": PageAction(_user_action("edit"), ("channel", "ts", "text")),
    "delete": PageAction(_user_action("delete"), ("channel", "ts")),
    "react": PageAction(_user_action("react"), ("channel", "ts", "emoji")),
    "unreact": PageAction(_user_action("unreact"), ("channel", "ts", "emoji")),
    "command": PageAction(_user_action("command"), ("channel", "command"), ("text",)),
    "shortcut": PageAction(_user_action("shortcut"), ("callback_id",)),
    "message_shortcut": PageAction(
        _user_action("message_shortcut"), ("callback_id", "channel", "ts")
    ),
    "click": PageAction(
        _user_action("click"),
        ("channel", "ts", "action_id"),
        ("value", "option", "block_id"),
    ),
    "click_view": PageAction(
        _user_action("click_view"),
        ("view_id", "action_id"),
        ("value", "option", "block_id", "values"),
    ),
    "submit": PageAction(_user_action("submit"), ("view_id", "values")),
    "close_view": PageAction(_user_action("close_view"), ("view_id",), ("clear",)),
    "open_home": PageAction(_user_action("open_home"), (), ("tab",)),
    "read": PageAction(_user_action("read"), ("channel", "ts")),
    "reload": PageAction(_user_action("forget_ephemerals")),
    "join": PageAction(_join, ("channel",)),
    "leave": PageAction(_leave, ("channel",)),
    "invite_bot": PageAction(_invite_bot, ("channel",)),
    "remove_bot": PageAction(_remove_bot, ("channel",)),
}


def perform(sandbox: "Sandbox", body: Json) -> Json:
    call_arguments = dict(body)
    name, person = call_arguments.pop("do", None), call_arguments.pop("as", None)
    action = PAGE_ACTIONS.get(str(name))
    if action is None:
        raise ValueError(f"nobody can do {name!r}; there is {', '.join(PAGE_ACTIONS)}")
    if person not in sandbox.workspace.people:
        raise LookupError(f"no person {person}")
    if missing := [n for n in action.required if n not in call_arguments]:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    if unknown := call_arguments.keys() - {*action.required, *action.optional}:
        raise ValueError(f"{name} takes no {', '.join(sorted(unknown))}")
    result = action.run(sandbox, person, **call_arguments)
    if isinstance(result, Ack):
        return asdict(result)
    return result if isinstance(result, dict) else {}
