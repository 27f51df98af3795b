"""Replies by the author in the thread of their ask, which the bot posts later."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, String, cast, func, literal, select, update

from bot.anonymity import delay, notes, rules, sources, texts
from bot.anonymity.authors import is_anonymous
from bot.anonymity.blocks import ReplyLine
from bot.anonymity.keyring import keys_of
from bot.anonymity.message_kinds import ANONYMOUS_REPLY, ANONYMOUS_UPDATE_REPLY
from bot.asks import outcomes
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.outbox.posted_message import PostedMessage
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.slack.text import format_clock, sanitize, to_mrkdwn, truncate
from models import AnonymousLink, AnonymousReply, Ask, Channel

# The `ts` of a reply that Slack refused.
REFUSED = ""
# The beginning of what replaces the index of a reply.
_CUT = "cut "


def submit(tx: Transaction, ask: Ask, typed: str, *, by: str, source: str) -> None:
    """Store a reply of the ask's author, once for each `source`, to be posted later.

    Raises UserError, with the field.
    """
    keys = keys_of(tx)
    if ask.ts is None or keys is None:
        raise UserError(notes.STILL_POSTING)
    source_index = sources.index(tx, keys, source)
    if sources.has_reply(tx, ask, source_index):
        return
    text = _parse(tx, ask, typed, by)
    if _count(tx, ask) >= rules.MAX_REPLIES:
        raise UserError(notes.TOO_MANY_REPLIES, field="text")
    tx.session.add(
        AnonymousReply(
            ask_id=ask.id,
            source_index=source_index,
            text=text,
            due_at=delay.due_at(tx),
        )
    )


def _parse(tx: Transaction, ask: Ask, typed: str, by: str) -> str:
    text = to_mrkdwn(truncate(sanitize(typed), rules.MAX_REPLY_LENGTH))
    if not text:
        raise UserError(notes.EMPTY_REPLY, field="text")
    texts.require_allowed(tx, ask, text, by=by, field="text")
    return text


def _count(tx: Transaction, ask: Ask) -> int:
    replies = select(func.count(AnonymousReply.id)).filter_by(ask_id=ask.id)
    return tx.session.scalar(replies) or 0


def get(tx: Transaction, ask: Ask, reply_id: int) -> AnonymousReply:
    """Lock and return a reply of the ask's author. Raises UserError."""
    reply = tx.session.scalar(
        select(AnonymousReply)
        .filter_by(id=reply_id, ask_id=ask.id, is_deleted=False)
        .with_for_update()
    )
    if reply is None:
        raise UserError(notes.REPLY_GONE)
    return reply


def edit(
    tx: Transaction, ask: Ask, reply: AnonymousReply, typed: str, *, by: str
) -> None:
    """Change the text, also of a reply that is posted. Raises UserError."""
    reply.text = _parse(tx, ask, typed, by)
    _request_update(tx, reply)


def delete(tx: Transaction, reply: AnonymousReply) -> None:
    reply.is_deleted = True
    _request_update(tx, reply)


def _request_update(tx: Transaction, reply: AnonymousReply) -> None:
    tx.session.flush()
    if reply.due_at is not None or reply.ts == REFUSED:
        return
    ask = tx.session.get_one(Ask, reply.ask_id)
    channel = tx.session.get_one(Channel, ask.channel_id)
    tx.enqueue_update(ANONYMOUS_UPDATE_REPLY, reply.id, to=channel.slack_id)


def lines(tx: Transaction, ask: Ask, zone: ZoneInfo) -> Sequence[ReplyLine]:
    """Return the author's replies, as they see them, the newest last."""
    replies = tx.session.scalars(
        select(AnonymousReply).filter_by(ask_id=ask.id, is_deleted=False)
    )
    # A random id tells no order; Slack's `ts` does.
    ordered = sorted(replies, key=lambda reply: (reply.ts is None, reply.ts or ""))
    return [
        ReplyLine(
            reply.id,
            reply.text,
            format_clock(rules.shown_by(reply.due_at), zone) if reply.due_at else "",
            is_refused=reply.ts == REFUSED,
        )
        for reply in ordered
    ]


def on_title_changed(tx: Transaction, ask: Ask) -> None:
    """Delete, hide or show the replies to an ask without a name together with it."""
    if not is_anonymous(ask):
        return
    replies = tx.session.scalars(
        select(AnonymousReply).filter_by(ask_id=ask.id).order_by(AnonymousReply.id)
    )
    for reply in replies.all():
        _request_update(tx, reply)


def without_link(installation_id: InstallationId, _now: datetime) -> Select[int]:
    """Select the ids of posted replies with an index whose ask has no link."""
    of_workspace = select(Ask.id).where(Ask.installation_id == installation_id)
    return select(AnonymousReply.id).where(
        AnonymousReply.ask_id.in_(of_workspace),
        AnonymousReply.ask_id.not_in(select(AnonymousLink.ask_id)),
        AnonymousReply.due_at.is_(None),
        AnonymousReply.source_index.not_like(f"{_CUT}%"),
    )


def purge(tx: Transaction) -> None:
    """Delete the indexes of posted replies whose ask has no link any longer."""
    tx.session.execute(
        update(AnonymousReply)
        .where(AnonymousReply.id.in_(without_link(tx.workspace.id, tx.now)))
        .values(source_index=literal(_CUT) + cast(AnonymousReply.id, String))
        .execution_options(synchronize_session=False)
    )


def due(tx: Transaction) -> Sequence[int]:
    """Return the ids of the replies to post now, in the order of their times."""
    query = due_in(tx.workspace.id, tx.now)
    return tx.session.scalars(
        query.order_by(AnonymousReply.due_at, AnonymousReply.id)
    ).all()


def due_in(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of the replies to post now."""
    return (
        select(AnonymousReply.id)
        .join(Ask, Ask.id == AnonymousReply.ask_id)
        .where(Ask.installation_id == installation_id, AnonymousReply.due_at <= now)
    )


def post(tx: Transaction, reply_id: int) -> None:
    """Post a reply that is due."""
    reply = tx.session.get(AnonymousReply, reply_id, with_for_update=True)
    if reply is None or reply.due_at is None:
        return
    ask = tx.session.get_one(Ask, reply.ask_id)
    if ask.is_hidden:
        reply.due_at = tx.now + rules.RETRY_AFTER
        return
    reply.due_at = None
    tx.session.flush()
    channel = tx.session.get_one(Channel, ask.channel_id)
    tx.enqueue(ANONYMOUS_REPLY, reply.id, to=channel.slack_id)


def _lock(tx: Transaction, reply_id: int) -> None:
    ask_id = tx.session.scalar(select(AnonymousReply.ask_id).filter_by(id=reply_id))
    if ask_id is None:
        return
    outcomes.lock(tx.session, ask_id)
    tx.session.get(AnonymousReply, reply_id, with_for_update=True)


def _render(
    tx: Transaction, reply: AnonymousReply, _delivery: Delivery | None = None
) -> Note | None:
    ask = tx.session.get_one(Ask, reply.ask_id)
    if reply.is_deleted:
        return None
    if ask.is_hidden:
        return notes.hidden_reply()
    if ask.deleted_at is not None:
        return None
    return notes.reply(reply.text)


def _thread_ts(tx: Transaction, reply: AnonymousReply) -> str | None:
    return tx.session.get_one(Ask, reply.ask_id).ts


def _on_rejected(_tx: Transaction, reply: AnonymousReply, _error: str) -> None:
    reply.ts = REFUSED


def _on_deleted(_tx: Transaction, reply: AnonymousReply) -> None:
    reply.is_deleted = True


REPLY_MESSAGE = PostedMessage(
    model=AnonymousReply,
    lock=_lock,
    post=ANONYMOUS_REPLY,
    render_post=_render,
    thread_ts=_thread_ts,
    on_rejected=_on_rejected,
    update=ANONYMOUS_UPDATE_REPLY,
    render_update=_render,
    on_deleted=_on_deleted,
)
