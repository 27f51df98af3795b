"""Mark answers without an emoji, by message shortcuts and the buttons in notes."""

from functools import partial

from slack_bolt import App
from sqlalchemy import select

from bot.asks import actions, notes, replies, work_items
from bot.asks import service as asks
from bot.asks.notes import MarkMeaning
from bot.asks.work_items import ANSWERED_NOT_MARKED
from bot.errors import UserError
from bot.messages import authors
from bot.runtime import Runtime, Transaction
from bot.worklist import items
from bot.workspace import channels
from handlers import external_members
from handlers.ask_actions import NO_ASK_HERE
from handlers.interactions import (
    Reply,
    Response,
    on_button,
    on_message_shortcut,
    parse_id,
    writes,
)
from handlers.payloads import BlockAction, Message, MessageShortcut
from handlers.requests import Request
from handlers.worklist import updated
from models import Answer, Ask, Channel

_MEANINGS: tuple[MarkMeaning, ...] = ("helpful", "solved")


def register(app: App, rt: Runtime) -> None:
    for meaning in _MEANINGS:
        mark = writes(partial(mark_message, meaning=meaning), before=_refresh_author)
        accept = writes(partial(accept_suggestion, meaning=meaning))
        undo = writes(partial(undo_mark, meaning=meaning))
        on_message_shortcut(app, rt, f"mark_{meaning}", mark)
        on_button(app, rt, f"mark_{meaning}", accept)
        on_button(app, rt, f"undo_{meaning}", undo)
    on_button(app, rt, "who_helped", writes(choose_solution))
    on_button(app, rt, "work_remind", writes(remind_asker))


def remind_asker(click: BlockAction, tx: Transaction) -> Response:
    """Ask the asker to mark what helped, as a champion presses."""
    kind = ANSWERED_NOT_MARKED.name
    item = items.get(tx, parse_id(click.value), click.actor, kind)
    work_items.remind(tx, item)
    items.finish(tx, item, "done")
    return updated(click, tx)


def _refresh_author(shortcut: MessageShortcut, request: Request) -> None:
    request.refresh(users=[shortcut.actor])
    external_members.record_external_author(
        request.rt, request.workspace, shortcut.message
    )


def mark_message(
    shortcut: MessageShortcut, tx: Transaction, *, meaning: MarkMeaning
) -> Response:
    channel = channels.find(tx, shortcut.channel.id)
    if channel is None:
        raise UserError(NO_ASK_HERE)
    _record_reply(tx, channel, shortcut.message)
    _mark(shortcut, tx, channel, shortcut.message.ts, meaning)
    return Reply(*notes.mark_receipt(meaning, channel.slack_id, shortcut.message.ts))


def _record_reply(tx: Transaction, channel: Channel, message: Message) -> None:
    """Record the shortcut's reply, whose own event may arrive later."""
    ask = asks.find_by_message(tx.session, channel.id, message.thread_ts or "")
    if (
        ask is not None
        and ask.deleted_at is None
        and message.is_reply
        and authors.is_by_human(message.model_dump(), tx.workspace)
    ):
        replies.record_reply(tx, ask, ts=message.ts, author=message.user or "")


def undo_mark(click: BlockAction, tx: Transaction, *, meaning: MarkMeaning) -> Response:
    channel_id, _, ts = click.value.partition(":")
    channel = channels.find(tx, channel_id)
    if channel is None:
        raise UserError(asks.ASK_GONE)
    _mark(click, tx, channel, ts, meaning, is_present=False)
    return Reply("Undone.", replace=True)


def accept_suggestion(
    click: BlockAction, tx: Transaction, *, meaning: MarkMeaning
) -> Response:
    ask_id, _, answer_id = (click.action.option or click.value).partition(":")
    answer, channel = _answer(tx, parse_id(answer_id))
    if answer.ask_id != parse_id(ask_id):
        raise UserError(asks.ASK_GONE)
    _mark(click, tx, channel, answer.ts, meaning)
    note = notes.mark_receipt(meaning, channel.slack_id, answer.ts)
    return Reply(*note, replace=True)


def choose_solution(click: BlockAction, tx: Transaction) -> Response:
    answer, channel = _answer(tx, parse_id(click.action.option))
    _mark(click, tx, channel, answer.ts, "solved")
    return Reply("Thank you! They'll be glad to hear it.")


def _answer(tx: Transaction, answer_id: int) -> tuple[Answer, Channel]:
    """Return an answer and its channel; raises UserError if the ask is gone."""
    answer = tx.session.scalar(
        select(Answer)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(Answer.id == answer_id, Ask.installation_id == tx.workspace.id)
    )
    if answer is None:
        raise UserError(asks.ASK_GONE)
    ask = asks.get(tx, answer.ask_id)
    return answer, tx.session.get_one(Channel, ask.channel_id)


def _mark(
    interaction: BlockAction | MessageShortcut,
    tx: Transaction,
    channel: Channel,
    ts: str,
    meaning: MarkMeaning,
    *,
    is_present: bool = True,
) -> None:
    actions.mark_answer(
        tx,
        channel,
        ts=ts,
        meaning=meaning,
        by=interaction.actor,
        is_present=is_present,
        event_micros=interaction.at_micros,
    )
