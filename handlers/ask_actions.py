"""Act on an ask: the buttons and the menu beside it, and the message shortcuts."""

from functools import partial

from slack_bolt import App

from bot.asks import actions, ask_view, capture, notes
from bot.asks import service as asks
from bot.asks.actions import JoinMeaning
from bot.asks.capture import AuthoredMessage
from bot.errors import UserError
from bot.messages import authors
from bot.messages.edits import edited_at_micros
from bot.runtime import Runtime, Transaction
from bot.workspace import channels
from handlers import external_members
from handlers.help_command import help_reply
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_button,
    on_message_shortcut,
    parse_id,
    reads,
    writes,
)
from handlers.payloads import BlockAction, MessageShortcut
from handlers.requests import Request

NO_ASK_HERE = "There's no ask in this conversation."

_MEANINGS: tuple[JoinMeaning, ...] = ("looking", "same")


def register(app: App, rt: Runtime) -> None:
    on_message_shortcut(
        app, rt, "make_ask", writes(convert_message, before=_refresh_author)
    )
    on_message_shortcut(app, rt, "ask_options", reads(open_options))
    for meaning in _MEANINGS:
        toggle = writes(partial(toggle_join, meaning=meaning))
        on_button(app, rt, f"ask_{meaning}", toggle)
        on_button(app, rt, f"option_{meaning}", toggle)
    on_button(app, rt, "ask_menu", choose_from_menu)
    for option in ("close", "delete", "reopen", "edit", "worked"):
        press = writes(partial(press_option, option=option))
        on_button(app, rt, f"option_{option}", press)
    for option in ("reopen", "delete", "worked"):
        press = writes(partial(press_option, option=option))
        on_button(app, rt, f"ask_{option}", press)
    on_button(app, rt, "ask_restore", writes(undo_disclaim))


def _refresh_author(shortcut: MessageShortcut, request: Request) -> None:
    """Reject messages that can't become asks; refresh the actor and the author."""
    message, author = shortcut.message, shortcut.message.user
    if message.is_reply:
        raise UserError("Replies can't become asks. Post it with `/ask` instead.")
    by_human = authors.is_by_human(message.model_dump(), request.workspace)
    if author is None or not by_human:
        raise UserError(capture.NOT_BY_A_PERSON)
    external_members.record_external_author(request.rt, request.workspace, message)
    if author != shortcut.actor:
        with request.write() as tx:
            capture.refuse_erased(tx, ts=message.ts, author=author)
    request.refresh(users=[shortcut.actor, author], channel=shortcut.channel.id)


def convert_message(shortcut: MessageShortcut, tx: Transaction) -> Response:
    channel = channels.get_joined(tx, shortcut.channel.id)
    message = shortcut.message
    edited_at = edited_at_micros(message.model_dump()) or shortcut.at_micros
    source = AuthoredMessage(message.ts, message.user or "", message.text, edited_at)
    ask = capture.convert_message(tx, channel, source, by=shortcut.actor)
    is_first = ask.is_first_ask and ask.asker == shortcut.actor
    emoji = ask_view.solved_emoji(channel)
    return Reply(notes.conversion_receipt(emoji, is_first=is_first))


def open_options(shortcut: MessageShortcut, tx: Transaction) -> Response:
    channel = channels.find(tx, shortcut.channel.id)
    ts = shortcut.message.thread_ts or shortcut.message.ts
    ask = asks.find_by_message(tx.session, channel.id, ts) if channel else None
    if ask is None or ask.deleted_at is not None:
        raise UserError(NO_ASK_HERE)
    return OpenView(actions.options_view(tx, ask, by=shortcut.actor))


def toggle_join(
    click: BlockAction, tx: Transaction, *, meaning: JoinMeaning
) -> Response:
    ask = asks.get(tx, parse_id(click.value))
    is_in = actions.toggle_join(
        tx, ask, meaning, by=click.actor, event_micros=click.at_micros
    )
    if click.is_in_modal:
        return UpdateView(actions.options_view(tx, ask, by=click.actor))
    marks = actions.current_marks(tx.session, ask, click.actor)
    return Reply(actions.join_confirmation(meaning, is_in=is_in, marks=marks))


def choose_from_menu(click: BlockAction, request: Request) -> Response:
    option, _, ask_id = click.action.option.partition(":")
    if option == "help":
        with request.read() as tx:
            channel = click.channel.id if click.channel else ""
            return help_reply(tx, channel, click.actor)
    request.refresh(users=[click.actor])
    with request.write() as tx:
        return _run_option(click, tx, option, parse_id(ask_id))


def press_option(click: BlockAction, tx: Transaction, *, option: str) -> Response:
    return _run_option(click, tx, option, parse_id(click.value))


def _run_option(
    click: BlockAction, tx: Transaction, option: str, ask_id: int
) -> Response:
    ask, by = asks.get(tx, ask_id), click.actor
    match option:
        case "close" if by == ask.asker:
            actions.close(tx, ask, by=by, reason=None, event_micros=click.at_micros)
        case "reopen":
            actions.reopen(tx, ask, by=by, event_micros=click.at_micros)
            if click.action.action_id == "ask_reopen":
                return Reply(notes.REOPENED, replace=click.is_in_direct_message)
        case "delete" if ask.is_users_message:
            capture.disclaim(tx, ask, by=by)
            text, buttons = notes.disclaim_receipt(ask.id)
            return Reply(text, buttons, replace=click.is_in_direct_message)
        case "options":
            return OpenView(actions.options_view(tx, ask, by=by))
        case _:
            return OpenView(actions.action_form(tx, ask, option, by=by))
    # Outside a modal, the update of the ask's message shows the result.
    return Reply("That's done.") if click.is_in_modal else None


def undo_disclaim(click: BlockAction, tx: Transaction) -> Response:
    ask = asks.get(tx, parse_id(click.value), include_deleted=True)
    capture.undo_disclaim(tx, ask, by=click.actor)
    # The outbox updates the line in the thread; an ephemeral message is replaced here.
    is_line = (
        click.container is not None and click.container.message_ts == ask.thread_line_ts
    )
    return Reply(notes.RESTORED, replace=not is_line)
