"""Store messages in capturing channels that belong to no ask yet, for later asks."""

from datetime import datetime
from typing import Literal

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
    """Store the ids of a message that belongs to no ask yet, or its deletion."""
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


def record_edit(
    tx: Transaction, *, channel_id: int, ts: str, author: str, event_micros: int
) -> bool:
    """Store that a message that is no ask was edited; False if a later edit is known.

    Its text is not stored.
    """
    insert = upsert(tx.session, UnmatchedMessage).values(
        channel_id=channel_id,
        ts=ts,
        author=author,
        edited_at_micros=event_micros,
        recorded_at=tx.now,
    )
    insert = insert.on_conflict_do_update(
        index_elements=["channel_id", "ts"],
        set_={"edited_at_micros": event_micros},
        where=UnmatchedMessage.edited_at_micros <= event_micros,
    )
    written = tx.session.scalar(insert.returning(UnmatchedMessage.ts))
    return written is not None


def later_change(
    session: Session, channel_id: int, ts: str, *, edited_at_micros: int
) -> Literal["deletion", "edit"] | None:
    """Return which event about a message is already known, and later than its text.

    `edited_at_micros` is the time of the last edit that the text has.
    """
    message = session.get(UnmatchedMessage, (channel_id, ts), populate_existing=True)
    if message is None:
        return None
    if message.is_deleted:
        return "deletion"
    return "edit" if message.edited_at_micros > edited_at_micros else None


def attach(tx: Transaction, ask: Ask, channel: Channel) -> bool:
    """Assign the stored replies and reactions in an ask's thread to the ask.

    Returns True if there were any.
    """
    assert ask.ts is not None  # noqa: S101 - callers have just set it
    if channel.capture == "off":
        # It stores none.
        return False
    lock_channel(tx.session, channel.id)
    messages = tx.session.scalars(
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
    for message in messages:
        if message.author != ask.asker:
            add_answer(
                tx.session,
                ask_id=ask.id,
                channel_id=channel.id,
                ts=message.ts,
                author=message.author or "",
                is_deleted=message.is_deleted,
            )
    # Fetching the authors' profiles shows which of them are bots.
    authors = {message.author for message in messages if message.author}
    members.ensure(tx, authors)
    timestamps = [ask.ts, *(message.ts for message in messages)]
    has_reactions = attach_reactions(tx.session, ask, channel, timestamps)
    tx.session.execute(
        delete(UnmatchedMessage).where(
            UnmatchedMessage.channel_id == channel.id,
            or_(UnmatchedMessage.thread_ts == ask.ts, UnmatchedMessage.ts == ask.ts),
        )
    )
    return bool(messages) or has_reactions


def delete_for_channel(session: Session, channel_id: int) -> None:
    """Delete the channel's messages and reactions that belong to no ask."""
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
    """Delete messages and reactions from before a time (UTC) that belong to no ask."""
    channel_ids = select(Channel.id).where(Channel.installation_id == tx.workspace.id)
    tx.session.execute(
        delete(UnmatchedMessage).where(
            UnmatchedMessage.recorded_at < before,
            UnmatchedMessage.channel_id.in_(channel_ids),
        )
    )
    tx.session.execute(
        delete(Reaction).where(
            Reaction.ask_id.is_(None),
            Reaction.recorded_at < before,
            Reaction.channel_id.in_(channel_ids),
        )
    )
