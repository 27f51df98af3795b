"""Find the earlier ask that a member points to, by its id or by a link."""

from dataclasses import dataclass

from sqlalchemy import select

from bot.asks import service as asks
from bot.errors import UserError
from bot.runtime import Transaction
from bot.slack.text import MessageLink
from bot.workspace import channels, visibility
from models import Answer, Ask

# The same for a message that is not there, and for one that the person can't see.
NO_ASK_THERE = "I know no ask or answer there."


@dataclass(frozen=True, slots=True)
class Target:
    """An earlier ask, and the answer to it that a member linked to, if any."""

    ask: Ask
    answer: Answer | None = None


def find_by_id(tx: Transaction, ask_id: int, *, by: str) -> Target:
    """Return the earlier ask that a member chose. Raises UserError."""
    ask = tx.session.scalar(
        select(Ask).filter_by(id=ask_id, installation_id=tx.workspace.id)
    )
    if ask is None:
        raise UserError(asks.ASK_GONE)
    return _visible(tx, Target(ask), by=by, field="entry")


def find_by_link(tx: Transaction, link: MessageLink, *, by: str) -> Target:
    """Return the earlier ask, or the answer, that a link leads to. Raises UserError."""
    channel = channels.find(tx, link.channel)
    ask = answer = None
    if channel is not None:
        ask = asks.find_by_message(tx.session, channel.id, link.ts)
        answer = tx.session.scalar(
            select(Answer).filter_by(
                channel_id=channel.id, ts=link.ts, is_deleted=False
            )
        )
        if ask is None and answer is not None:
            ask = tx.session.get_one(Ask, answer.ask_id)
        if ask is None and link.thread_ts:
            ask = asks.find_by_message(tx.session, channel.id, link.thread_ts)
    if ask is None:
        raise UserError(NO_ASK_THERE, field="link")
    return _visible(tx, Target(ask, answer), by=by, field="link")


def _visible(tx: Transaction, target: Target, *, by: str, field: str) -> Target:
    readable = visibility.readable_channels(tx, by, is_exact=True)
    if target.ask.deleted_at is not None or target.ask.channel_id not in readable:
        raise UserError(NO_ASK_THERE if field == "link" else asks.ASK_GONE, field=field)
    return target
