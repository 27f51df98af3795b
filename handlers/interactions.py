"""Run a function for a click, a submitted form, a shortcut or a command.

A listener is a plain function of the parsed payload. It returns the response:

    def close(form: ViewSubmission, tx: Transaction) -> Response: ...

    on_view(app, rt, "close_ask", writes(close))

The steps for each interaction:

1. Parse the payload with its model.
2. Fetch from Slack the users and channels that the listener needs, if ours are stale.
3. Run the listener in a transaction of the request's workspace, and commit it.
4. Open the form that the listener returned, or update the modal if that `is_required`.
   If Slack refuses, tell the person.
5. Acknowledge the request. The acknowledgement answers a command, and updates or closes
   a submitted form.
6. Show any other response. If Slack refuses, the change stays.
7. Call the function of an `AfterAck`.

`writes` and `reads` do steps 2 and 3. A listener that needs several transactions, or
none, takes a `Request` instead of a transaction. Until its last transaction it may only
read from Slack: after a conflict in the database all steps run again.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from slack_bolt import Ack, App, BoltContext
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.errors import UserError
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import Note, message_modal
from handlers.payloads import (
    BlockAction,
    Interaction,
    MessageShortcut,
    Shortcut,
    SlashCommand,
    ViewSubmission,
)
from handlers.requests import Request, best_effort, request_of


@dataclass(frozen=True, slots=True)
class Reply:
    """A text that only this person sees.

    It follows a command, or a click's message; with `replace` it replaces that message.
    After a click in a modal it replaces the modal's content.
    """

    text: str
    blocks: Sequence[Block] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class OpenView:
    """Open a form; after a click or a submission in a modal, on top of that modal."""

    view: View


@dataclass(frozen=True, slots=True)
class UpdateView:
    """Replace the content of the modal that the person used.

    With `hash`, Slack only replaces the content that has this hash. With `is_required`,
    the person is told if Slack refuses.
    """

    view: View
    hash: str | None = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class CloseViews:
    """Close the submitted form and those beneath it."""


@dataclass(frozen=True, slots=True)
class AfterAck:
    """Give `response`, and call `run` after the acknowledgement."""

    run: Callable[[Request], None]
    response: "Response" = None


Response: TypeAlias = Reply | OpenView | UpdateView | CloseViews | AfterAck | None


T = TypeVar("T", bound=Interaction)
Listener: TypeAlias = Callable[[T, Request], Response]


def refresh_actor(interaction: Interaction, request: Request) -> None:
    request.refresh(users=[interaction.actor])


def refresh_nobody(_: Interaction, __: Request) -> None:
    """Refresh nothing: the listener needs no profile, or must work without Slack."""


def refresh_channel(command: SlashCommand, request: Request) -> None:
    """Refresh a command's channel and author; the command shows the membership."""
    user, channel = command.actor, command.channel_id
    request.refresh(users=[user], channel=channel, command_user=user)


def writes(
    step: Callable[[T, Transaction], Response],
    *,
    before: Callable[[T, Request], None] = refresh_actor,
) -> Listener[T]:
    """Run `before`, then `step` in a transaction that commits its changes."""
    return _in_transaction(Request.write, step, before)


def reads(
    step: Callable[[T, Transaction], Response],
    *,
    before: Callable[[T, Request], None] = refresh_actor,
) -> Listener[T]:
    """Run `before`, then `step` in a read-only transaction."""
    return _in_transaction(Request.read, step, before)


def _in_transaction(
    begin: Callable[[Request], AbstractContextManager[Transaction]],
    step: Callable[[T, Transaction], Response],
    before: Callable[[T, Request], None],
) -> Listener[T]:
    def listener(interaction: T, request: Request) -> Response:
        before(interaction, request)
        with begin(request) as tx:
            return step(interaction, tx)

    return listener


def on_button(
    app: App, rt: Runtime, action_id: str, listener: Listener[BlockAction]
) -> None:
    """Call `listener` for a button, a menu or a select."""
    app.action(action_id)(_bolt_listener(rt, BlockAction, listener))


def on_view(
    app: App, rt: Runtime, callback_id: str, listener: Listener[ViewSubmission]
) -> None:
    """Call `listener` for a submitted form."""
    app.view(callback_id)(_bolt_listener(rt, ViewSubmission, listener))


def on_command(
    app: App,
    rt: Runtime,
    command: str | re.Pattern[str],
    listener: Listener[SlashCommand],
    *,
    phrases: Sequence[str] = (),
) -> None:
    """Call `listener` if the command's text is one of the phrases; "" is no text.

    Without phrases it is called for any text that no earlier listener matched.
    """
    matchers = [_phrase_matcher(phrases)] if phrases else None
    app.command(command, matchers=matchers)(_bolt_listener(rt, SlashCommand, listener))


def on_global_shortcut(
    app: App, rt: Runtime, callback_id: str, listener: Listener[Shortcut]
) -> None:
    app.shortcut({"type": "shortcut", "callback_id": callback_id})(
        _bolt_listener(rt, Shortcut, listener)
    )


def on_message_shortcut(
    app: App, rt: Runtime, callback_id: str, listener: Listener[MessageShortcut]
) -> None:
    app.shortcut({"type": "message_action", "callback_id": callback_id})(
        _bolt_listener(rt, MessageShortcut, listener)
    )


def _bolt_listener(
    rt: Runtime, model: type[Any], listener: Callable[[Any, Request], Response]
) -> Callable[[dict[str, Any], BoltContext, Ack], None]:
    def run(body: dict[str, Any], context: BoltContext, ack: Ack) -> None:
        interaction = model.model_validate(body)
        request = request_of(rt, context, body)
        _answer(interaction, request, listener(interaction, request), ack)

    return run


def _answer(
    interaction: Interaction, request: Request, response: Response, ack: Ack
) -> None:
    match response:
        case AfterAck(run, inner):
            _answer(interaction, request, inner, ack)
            run(request)
        case OpenView(view) | UpdateView(view) if isinstance(
            interaction, ViewSubmission
        ):
            is_new = isinstance(response, OpenView)
            ack(response_action="push" if is_new else "update", view=view)
        case OpenView(view):
            request.open_view(view)
            ack()
        case CloseViews():
            ack(response_action="clear")
        case UpdateView(view, is_required=True):
            request.update_view(view, hash=response.hash)
            ack()
        case UpdateView(view):
            ack()
            with best_effort():
                request.update_view(view, hash=response.hash)
        case Reply(text, blocks) if isinstance(interaction, SlashCommand):
            ack(text=text, blocks=list(blocks) or None)
        case Reply(text, blocks):
            ack()
            request.reply(text, blocks, replace=response.replace)
        case None:
            ack()


# The error for an invalid id, in any feature.
UNKNOWN_ID = "That is gone."


def show(click: BlockAction, view: View) -> Response:
    """Show a view in the modal in which the person clicked, or in a new one."""
    if click.is_in_modal:
        return UpdateView(view, hash=click.view_hash, is_required=True)
    return OpenView(view)


def show_note(click: BlockAction, title: str, note: Note) -> Response:
    """Show a note instead of the bot's message to this person, or in a modal."""
    if click.is_in_direct_message:
        return Reply(*note, replace=True)
    text, blocks = note
    return show(click, message_modal(title, text, *blocks[1:]))


def parse_id(value: object) -> int:
    """Parse an id in a payload; raises UserError if its form is not that of an id."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004
        raise UserError(UNKNOWN_ID)
    return int(text)


def parse_optional_id(value: object) -> int | None:
    return None if value is None else parse_id(value)


HELP_PHRASES = ("help", "help me", "please help", "help please", "?")

_OUTER_PUNCTUATION = re.compile(r"^[\W_]+|[\W_]+$")


def normalize_phrase(text: str) -> str:
    """Fold the case, and strip extra spaces and the punctuation around the text."""
    phrase = " ".join(text.casefold().split())
    return _OUTER_PUNCTUATION.sub("", phrase) or phrase[:1]


def _phrase_matcher(phrases: Sequence[str]) -> Callable[[dict[str, Any]], bool]:
    def is_typed(body: dict[str, Any]) -> bool:
        return normalize_phrase(str(body.get("text") or "")) in phrases

    return is_typed
