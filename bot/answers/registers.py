"""The rows that events write: reactions, answers, and messages not yet understood.

All in SQLAlchemy Core: these are the hot paths. Each function may be called any
number of times, in any order, with the same result.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.channels import rules as emoji
from bot.clock import moment
from bot.db import prepare, table
from bot.outbox import upsert
from models import Answer, Ask, Channel, Member, Reaction, Sighting

_channels, _asks = table(Channel), table(Ask)
_answers, _reactions = table(Answer), table(Reaction)

_MESSAGE = (
    select(
        _channels.c.id,
        _channels.c.capture,
        _channels.c.helpful_emoji,
        _channels.c.solved_emoji,
        _asks.c.id,
        _asks.c.asker,
        _answers.c.id,
        _answers.c.ask_id,
        _answers.c.author,
    )
    .outerjoin_from(
        _channels,
        _asks,
        and_(_asks.c.channel_id == _channels.c.id, _asks.c.ts == bindparam("ts")),
    )
    .outerjoin(
        _answers,
        and_(_answers.c.channel_id == _channels.c.id, _answers.c.ts == bindparam("ts")),
    )
    .where(
        _channels.c.installation_id == bindparam("installation_id"),
        _channels.c.slack_id == bindparam("slack_id"),
    )
)


def _last_writer_wins(insert: Any) -> Any:
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["channel_id", "message_ts", "member", "emoji"],
        set_={
            name: new[name]
            for name in (
                "is_present",
                "at_us",
                "meaning",
                "is_lead",
                "ask_id",
                "seen_at",
            )
        },
        where=or_(
            _reactions.c.at_us < new.at_us,
            # Of two in the same microsecond the removal stands.
            and_(
                _reactions.c.at_us == new.at_us,
                _reactions.c.is_present.is_(True),
                new.is_present.is_(False),
            ),
        ),
    ).returning(_reactions.c.member)


_SET_REACTION = prepare(Reaction, _last_writer_wins)
_ADD_ANSWER = prepare(
    Answer, lambda insert: insert.on_conflict_do_nothing().returning(_answers.c.id)
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happened, and what we know of that message."""

    channel_id: int
    slack_channel: str
    is_capturing: bool
    helpful: tuple[str, ...]
    solved: tuple[str, ...]
    # The ask that the message belongs to, as its answer or as the ask itself.
    ask_id: int | None
    is_ask: bool
    answer_id: int | None
    author: str | None

    def meaning(self, name: str) -> str | None:
        """What an emoji on the message means; "" until we know what the message is."""
        on_ask = emoji.on_ask(name, self.solved)
        on_answer = emoji.on_answer(name, self.helpful, self.solved)
        if self.ask_id is None:
            return "" if on_ask or on_answer else None
        return on_ask if self.is_ask else on_answer


def locate(
    session: Session | Connection, installation_id: int, slack_channel: str, ts: str
) -> Place | None:
    """What we know of a message; None in a channel that we don't know."""
    row = session.execute(
        _MESSAGE,
        {"installation_id": installation_id, "slack_id": slack_channel, "ts": ts},
    ).first()
    return None if row is None else _place(row, slack_channel)


def _place(row: Any, slack_channel: str) -> Place:
    channel_id, capture, helpful, solved, ask_id, asker, answer_id, of_ask, author = row
    return Place(
        channel_id=channel_id,
        slack_channel=slack_channel,
        is_capturing=capture != "off",
        helpful=emoji.HELPFUL if helpful is None else tuple(helpful),
        solved=emoji.SOLVED if solved is None else tuple(solved),
        ask_id=ask_id or of_ask,
        is_ask=ask_id is not None,
        answer_id=answer_id,
        author=asker or author,
    )


def hold_channel(session: Session, channel_id: int) -> None:
    """Let one transaction at a time decide what belongs to an ask in the channel.

    A reply or a reaction looks for its ask, an ask for its replies and reactions:
    two that look at once would miss each other. To be called before looking.
    """
    session.execute(
        select(Channel.id)
        .where(Channel.id == channel_id)
        .with_for_update(key_share=True)
    )


def set_reaction(
    session: Session,
    *,
    channel_id: int,
    ask_id: int | None,
    ts: str,
    member: str,
    name: str,
    meaning: str,
    is_present: bool,
    at_us: int,
    is_lead: bool | None,
    now: datetime,
) -> bool:
    """Write the register; False where a later or the same action stands already."""
    written = session.execute(
        _SET_REACTION(session),
        {
            "channel_id": channel_id,
            "message_ts": ts,
            "member": member,
            "emoji": name,
            "is_present": is_present,
            "at_us": at_us,
            "meaning": meaning,
            "is_lead": is_lead,
            "ask_id": ask_id,
            "seen_at": now,
        },
    )
    return written.first() is not None


def drop_reaction(
    session: Session,
    *,
    channel_id: int,
    ts: str,
    member: str,
    name: str,
    at_us: int,
) -> bool:
    """Take a reaction back, if it stood; whether it did."""
    dropped = session.execute(
        update(Reaction)
        .where(
            Reaction.channel_id == channel_id,
            Reaction.message_ts == ts,
            Reaction.member == member,
            Reaction.emoji == name,
            Reaction.at_us <= at_us,
            Reaction.is_present.is_(True),
        )
        .values(is_present=False, at_us=at_us)
        .returning(Reaction.member)
    )
    return dropped.first() is not None


def add_answer(
    session: Session,
    *,
    ask_id: int,
    channel_id: int,
    ts: str,
    author: str,
    is_deleted: bool = False,
) -> bool:
    """Record a reply; False where it is known already."""
    added = session.execute(
        _ADD_ANSWER(session),
        {
            "ask_id": ask_id,
            "channel_id": channel_id,
            "ts": ts,
            "author": author,
            "answered_at": moment(ts),
            "is_deleted": is_deleted,
        },
    )
    return added.first() is not None


def remove_answer(session: Session, channel_id: int, ts: str) -> bool:
    """Mark a reply as deleted; its row stays, so that a late delivery finds it."""
    removed = session.execute(
        update(Answer)
        .where(
            Answer.channel_id == channel_id,
            Answer.ts == ts,
            Answer.is_deleted.is_(False),
        )
        .values(is_deleted=True)
        .returning(Answer.id)
    )
    return removed.first() is not None


def sight(
    session: Session,
    *,
    channel_id: int,
    ts: str,
    thread_ts: str | None,
    author: str | None,
    now: datetime,
    is_deleted: bool = False,
) -> None:
    """Keep the ids of a message that belongs to no ask yet."""
    insert = upsert(session, Sighting).values(
        channel_id=channel_id,
        ts=ts,
        thread_ts=thread_ts,
        author=author,
        is_deleted=is_deleted,
        seen_at=now,
    )
    if is_deleted:
        insert = insert.on_conflict_do_update(
            index_elements=["channel_id", "ts"], set_={"is_deleted": True}
        )
    else:
        insert = insert.on_conflict_do_nothing()
    session.execute(insert)


def was_deleted(session: Session, channel_id: int, ts: str) -> bool:
    """Whether the deletion of a message was heard of before the message itself."""
    sighting = session.get(Sighting, (channel_id, ts))
    return sighting is not None and sighting.is_deleted


def adopt(session: Session, ask: Ask, channel: Channel) -> None:
    """Take in what was seen of an ask before the ask was known."""
    assert ask.ts is not None  # noqa: S101 - callers have just learned it
    hold_channel(session, channel.id)
    sightings = session.scalars(
        select(Sighting)
        .filter_by(channel_id=channel.id, thread_ts=ask.ts)
        .where(
            ~select(Member.id)
            .where(
                Member.installation_id == ask.installation_id,
                Member.slack_id == Sighting.author,
                Member.is_bot.is_(True),
            )
            .exists()
        )
    ).all()
    for seen in sightings:
        if seen.author != ask.asker:
            add_answer(
                session,
                ask_id=ask.id,
                channel_id=channel.id,
                ts=seen.ts,
                author=seen.author or "",
                is_deleted=seen.is_deleted,
            )
    claim_reactions(session, ask, channel, [ask.ts, *(s.ts for s in sightings)])
    session.execute(
        delete(Sighting).where(
            Sighting.channel_id == channel.id,
            or_(Sighting.thread_ts == ask.ts, Sighting.ts == ask.ts),
        )
    )


def lock_reactions() -> Select[Reaction]:
    """Reactions to be changed several at once: always in this order.

    Two transactions that need the same ones would wait for each other otherwise.
    """
    return (
        select(Reaction)
        .order_by(
            Reaction.channel_id,
            Reaction.message_ts,
            Reaction.member,
            Reaction.emoji,
        )
        .with_for_update(of=Reaction)
    )


def claim_reactions(
    session: Session, ask: Ask, channel: Channel, message_ts: Iterable[str]
) -> None:
    """Reactions on these messages belong to the ask, with what they mean there."""
    hold_channel(session, channel.id)
    waiting = session.scalars(
        lock_reactions().where(
            Reaction.channel_id == channel.id,
            Reaction.message_ts.in_(list(message_ts)),
            Reaction.ask_id.is_(None),
        )
    )
    for reaction in waiting:
        place = Place(
            channel_id=channel.id,
            slack_channel=channel.slack_id,
            is_capturing=False,
            helpful=tuple(channel.helpful_emoji or emoji.HELPFUL),
            solved=tuple(channel.solved_emoji or emoji.SOLVED),
            ask_id=ask.id,
            is_ask=reaction.message_ts == ask.ts,
            answer_id=None,
            author=None,
        )
        reaction.ask_id = ask.id
        reaction.meaning = place.meaning(reaction.emoji) or ""


def forget(session: Session, channel_id: int) -> None:
    """Keep nothing of the channel but its asks and what belongs to them."""
    hold_channel(session, channel_id)
    session.execute(delete(Sighting).where(Sighting.channel_id == channel_id))
    session.execute(
        delete(Reaction).where(
            Reaction.channel_id == channel_id, Reaction.ask_id.is_(None)
        )
    )


def purge(session: Session, *, before: datetime) -> None:
    """Forget what was seen and never became part of an ask."""
    session.execute(delete(Sighting).where(Sighting.seen_at < before))
    session.execute(
        delete(Reaction).where(Reaction.ask_id.is_(None), Reaction.seen_at < before)
    )
