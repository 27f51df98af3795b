"""Keep events of messages that we don't know yet, and apply them later."""

from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from bot.asks.answer_store import add_answer
from bot.asks.reaction_store import attach_reactions
from bot.db.statements import upsert
from bot.messages.tracked_messages import lock_channel
from bot.runtime import Transaction
from bot.workspace import members
from models import Ask, Channel, Member, Reaction, UnmatchedMessage


def record(
    tx: Transaction,
    *,
    channel_id: int,
    ts: str,
    thread_ts: str | None,
    author: str | None,
    is_deleted: bool = False,
) -> None:
    """Keep the ids of a message that belongs to no ask yet."""
    insert = upsert(tx.session, UnmatchedMessage).values(
        channel_id=channel_id,
        ts=ts,
        thread_ts=thread_ts,
        author=author,
        is_deleted=is_deleted,
        recorded_at=tx.now,
    )
    if is_deleted:
        insert = insert.on_conflict_do_update(
            index_elements=["channel_id", "ts"], set_={"is_deleted": True}
        )
    else:
        insert = insert.on_conflict_do_nothing()
    tx.session.execute(insert)


def was_deleted_first(session: Session, channel_id: int, ts: str) -> bool:
    """Return True if a message's deletion arrived before the message itself."""
    sighting = session.get(UnmatchedMessage, (channel_id, ts))
    return sighting is not None and sighting.is_deleted


def attach(tx: Transaction, ask: Ask, channel: Channel) -> None:
    """Take in what was seen of an ask before the ask was known."""
    assert ask.ts is not None  # noqa: S101 - callers have just learned it
    lock_channel(tx.session, channel.id)
    sightings = tx.session.scalars(
        select(UnmatchedMessage)
        .filter_by(channel_id=channel.id, thread_ts=ask.ts)
        .where(
            ~select(Member.id)
            .where(
                Member.installation_id == ask.installation_id,
                Member.slack_id == UnmatchedMessage.author,
                Member.is_bot.is_(True),
            )
            .exists()
        )
    ).all()
    for unmatched in sightings:
        if unmatched.author != ask.asker:
            add_answer(
                tx.session,
                ask_id=ask.id,
                channel_id=channel.id,
                ts=unmatched.ts,
                author=unmatched.author or "",
                is_deleted=unmatched.is_deleted,
            )
    # Only when Slack is asked does it come out which of them are bots.
    authors = {unmatched.author for unmatched in sightings if unmatched.author}
    members.ensure(tx, authors)
    attach_reactions(tx.session, ask, channel, [ask.ts, *(s.ts for s in sightings)])
    tx.session.execute(
        delete(UnmatchedMessage).where(
            UnmatchedMessage.channel_id == channel.id,
            or_(UnmatchedMessage.thread_ts == ask.ts, UnmatchedMessage.ts == ask.ts),
        )
    )


def delete_for_channel(session: Session, channel_id: int) -> None:
    """Keep nothing of the channel but its asks and what belongs to them."""
    lock_channel(session, channel_id)
    session.execute(
        delete(UnmatchedMessage).where(UnmatchedMessage.channel_id == channel_id)
    )
    session.execute(
        delete(Reaction).where(
            Reaction.channel_id == channel_id, Reaction.ask_id.is_(None)
        )
    )


def purge(tx: Transaction, *, before: datetime) -> None:
    """Forget what was seen in the workspace and never became part of an ask."""
    here = select(Channel.id).where(Channel.installation_id == tx.workspace.id)
    tx.session.execute(
        delete(UnmatchedMessage).where(
            UnmatchedMessage.recorded_at < before, UnmatchedMessage.channel_id.in_(here)
        )
    )
    tx.session.execute(
        delete(Reaction).where(
            Reaction.ask_id.is_(None),
            Reaction.recorded_at < before,
            Reaction.channel_id.in_(here),
        )
    )
