"""The rows that events write: reactions, answers, and messages not yet understood.

All in SQLAlchemy Core: these are the hot paths. Each function may be called any
number of times, in any order, with the same result.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from bot.answers import lookup
from bot.answers.lookup import MessageKey
from bot.channels import rules as emoji
from bot.clock import ts_to_datetime
from bot.db import prepare_insert, table
from bot.members import service as members
from bot.outbox import upsert
from bot.text import is_erased
from models import Answer, Ask, Channel, Member, Reaction, UnmatchedMessage

_channels, _asks = table(Channel), table(Ask)
_answers, _reactions = table(Answer), table(Reaction)

_LOCK_CHANNELS = (
    select(_channels.c.id)
    .where(_channels.c.id.in_(bindparam("channel_ids", expanding=True)))
    .order_by(_channels.c.id)
    .with_for_update(key_share=True)
)


def _upsert_latest(insert: Any) -> Any:
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
    ).returning(
        _reactions.c.channel_id,
        _reactions.c.message_ts,
        _reactions.c.member,
        _reactions.c.emoji,
    )


_UPSERT_REACTION = prepare_insert(Reaction, _upsert_latest)
_INSERT_ANSWER = prepare_insert(
    Answer,
    lambda insert: insert.on_conflict_do_nothing().returning(
        _answers.c.channel_id, _answers.c.ts
    ),
)


@dataclass(frozen=True, slots=True)
class TrackedMessage:
    """Where something happened, and what we know of that message."""

    channel_id: int
    slack_channel: str
    is_capturing: bool
    helpful_emoji: tuple[str, ...]
    solved_emoji: tuple[str, ...]
    # On a kudos message; on a person's.
    join_emoji: tuple[str, ...]
    kudos_emoji: tuple[str, ...]
    # The ask that the message belongs to, as its answer or as the ask itself.
    ask_id: int | None
    is_ask: bool
    answer_id: int | None
    author: str | None
    # The round of a check-in whose message it is.
    round_id: int | None = None

    def meaning(self, emoji_name: str) -> str | None:
        """What an emoji on the message means; "" until we know what the message is."""
        on_ask = emoji.meaning_on_ask(emoji_name, self.solved_emoji)
        on_answer = emoji.meaning_on_answer(
            emoji_name, self.helpful_emoji, self.solved_emoji
        )
        if self.ask_id is None:
            return "" if on_ask or on_answer else None
        return on_ask if self.is_ask else on_answer

    def unknown(self) -> "TrackedMessage":
        """The same channel, with a message of which nothing is known."""
        return replace(
            self, ask_id=None, is_ask=False, answer_id=None, author=None, round_id=None
        )


def find_all(
    session: Session | Connection, installation_id: int, keys: Iterable[MessageKey]
) -> dict[MessageKey, TrackedMessage]:
    """What we know of messages; nothing of those in channels that we don't know."""
    places: dict[MessageKey, TrackedMessage] = {}
    unknown: dict[str, TrackedMessage] = {}
    wanted = set(keys)
    for channel, ts, *row in lookup.fetch_rows(session, installation_id, wanted):
        place = places[channel, ts] = _from_row(row, channel)
        if channel not in unknown:
            unknown[channel] = place.unknown()
    for message in wanted - places.keys():
        channel = message[0]
        if channel in unknown:
            places[message] = unknown[channel]
    return places


def find(
    session: Session | Connection, installation_id: int, slack_channel: str, ts: str
) -> TrackedMessage | None:
    """What we know of a message; None in a channel that we don't know."""
    message = (slack_channel, ts)
    return find_all(session, installation_id, [message]).get(message)


def _from_row(row: Sequence[Any], slack_channel: str) -> TrackedMessage:
    channel_id, capture, helpful, solved, second, kudos, *of_message = row
    ask_id, asker, answer_id, of_ask, author, round_id = of_message
    return TrackedMessage(
        channel_id=channel_id,
        slack_channel=slack_channel,
        is_capturing=capture != "off",
        helpful_emoji=emoji.DEFAULT_HELPFUL if helpful is None else tuple(helpful),
        solved_emoji=emoji.DEFAULT_SOLVED if solved is None else tuple(solved),
        join_emoji=emoji.DEFAULT_JOIN if second is None else tuple(second),
        kudos_emoji=tuple(kudos or ()),
        ask_id=ask_id or of_ask,
        is_ask=ask_id is not None,
        answer_id=answer_id,
        author=asker or author,
        round_id=round_id,
    )


def lock_channel(session: Session, channel_id: int) -> None:
    """Let one transaction at a time decide what belongs to an ask in the channel.

    A reply or a reaction looks for its ask, an ask for its replies and reactions:
    two that look at once would miss each other. To be called before looking.
    """
    lock_channels(session, [channel_id])


def lock_channels(session: Session, channel_ids: Collection[int]) -> None:
    if channel_ids:
        session.execute(_LOCK_CHANNELS, {"channel_ids": list(channel_ids)})


@dataclass(frozen=True, slots=True)
class ReactionState:
    """What one person last did with one emoji on one message, as far as we heard."""

    channel_id: int
    ask_id: int | None
    ts: str
    member: str
    emoji: str
    meaning: str
    is_present: bool
    event_micros: int
    can_moderate: bool | None

    @property
    def key(self) -> tuple[int, str, str, str]:
        return self.channel_id, self.ts, self.member, self.emoji


def upsert_reactions(
    session: Session, states: Iterable[ReactionState], *, now: datetime
) -> list[ReactionState]:
    """Write the registers; gives those where no later and no same action stood."""
    # In the order in which the rows are locked; of two for one row the last to be.
    newest = {
        register.key: register
        for register in sorted(
            states, key=lambda r: (r.key, r.event_micros, not r.is_present)
        )
    }
    rows = [
        {
            "channel_id": register.channel_id,
            "message_ts": register.ts,
            "member": register.member,
            "emoji": register.emoji,
            "is_present": register.is_present,
            "at_us": register.event_micros,
            "meaning": register.meaning,
            "is_lead": register.can_moderate,
            "ask_id": register.ask_id,
            "seen_at": now,
        }
        for register in newest.values()
    ]
    written = session.execute(_UPSERT_REACTION(session), rows) if rows else ()
    return [newest[channel, ts, who, name] for channel, ts, who, name in written]


def retract_reaction(
    session: Session,
    *,
    channel_id: int,
    ts: str,
    member: str,
    emoji_name: str,
    event_micros: int,
) -> bool:
    """Take a reaction back, if it stood; whether it did."""
    dropped = session.execute(
        update(Reaction)
        .where(
            Reaction.channel_id == channel_id,
            Reaction.message_ts == ts,
            Reaction.member == member,
            Reaction.emoji == emoji_name,
            Reaction.at_us <= event_micros,
            Reaction.is_present.is_(True),
        )
        .values(is_present=False, at_us=event_micros)
        .returning(Reaction.member)
    )
    return dropped.first() is not None


def add_answers(
    session: Session,
    replies: Iterable[Mapping[str, Any]],
) -> set[tuple[int, str]]:
    """Record replies, each with its ask_id, channel_id, ts and author.

    The channel_id and ts of each that was not known.
    """
    rows = [
        {"is_deleted": False, **reply, "answered_at": ts_to_datetime(reply["ts"])}
        for reply in sorted(replies, key=lambda r: (r["channel_id"], r["ts"]))
    ]
    if not rows:
        return set()
    return {(row[0], row[1]) for row in session.execute(_INSERT_ANSWER(session), rows)}


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
    reply = {
        "ask_id": ask_id,
        "channel_id": channel_id,
        "ts": ts,
        "author": author,
        "is_deleted": is_deleted,
    }
    return bool(add_answers(session, [reply]))


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


def record(
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
    insert = upsert(session, UnmatchedMessage).values(
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


def was_deleted_first(session: Session, channel_id: int, ts: str) -> bool:
    """Whether the deletion of a message was heard of before the message itself."""
    sighting = session.get(UnmatchedMessage, (channel_id, ts))
    return sighting is not None and sighting.is_deleted


def erased_reactors(
    session: Session, channel_id: int, ts: str
) -> dict[str, frozenset[str]]:
    """The emoji with which forgotten people's marks stand on a message, by name.

    With each, everybody of whom we know what they did with it there.
    """
    rows = session.execute(
        select(Reaction.emoji, Reaction.member).filter_by(
            channel_id=channel_id, message_ts=ts
        )
    ).all()
    names = {name for name, member in rows if is_erased(member)}
    return {
        name: frozenset(member for emoji, member in rows if emoji == name)
        for name in names
    }


def attach(session: Session, ask: Ask, channel: Channel) -> None:
    """Take in what was seen of an ask before the ask was known."""
    assert ask.ts is not None  # noqa: S101 - callers have just learned it
    lock_channel(session, channel.id)
    sightings = session.scalars(
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
    # Only when Slack is asked does it come out which of them are bots.
    authors = {seen.author for seen in sightings if seen.author}
    members.ensure(session, ask.installation_id, authors)
    attach_reactions(session, ask, channel, [ask.ts, *(s.ts for s in sightings)])
    session.execute(
        delete(UnmatchedMessage).where(
            UnmatchedMessage.channel_id == channel.id,
            or_(UnmatchedMessage.thread_ts == ask.ts, UnmatchedMessage.ts == ask.ts),
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


def attach_reactions(
    session: Session, ask: Ask, channel: Channel, timestamps: Iterable[str]
) -> None:
    """Reactions on these messages belong to the ask, with what they mean there."""
    lock_channel(session, channel.id)
    waiting = session.scalars(
        lock_reactions().where(
            Reaction.channel_id == channel.id,
            Reaction.message_ts.in_(list(timestamps)),
            Reaction.ask_id.is_(None),
        )
    )
    for reaction in waiting:
        place = TrackedMessage(
            channel_id=channel.id,
            slack_channel=channel.slack_id,
            is_capturing=False,
            helpful_emoji=tuple(channel.helpful_emoji or emoji.DEFAULT_HELPFUL),
            solved_emoji=tuple(channel.solved_emoji or emoji.DEFAULT_SOLVED),
            join_emoji=(),
            kudos_emoji=(),
            ask_id=ask.id,
            is_ask=reaction.message_ts == ask.ts,
            answer_id=None,
            author=None,
        )
        reaction.ask_id = ask.id
        reaction.meaning = place.meaning(reaction.emoji) or ""


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


def purge(session: Session, installation_id: int, *, before: datetime) -> None:
    """Forget what was seen in the workspace and never became part of an ask."""
    here = select(Channel.id).where(Channel.installation_id == installation_id)
    session.execute(
        delete(UnmatchedMessage).where(
            UnmatchedMessage.seen_at < before, UnmatchedMessage.channel_id.in_(here)
        )
    )
    session.execute(
        delete(Reaction).where(
            Reaction.ask_id.is_(None),
            Reaction.seen_at < before,
            Reaction.channel_id.in_(here),
        )
    )


def unused_emoji(
    session: Session, installation_id: int, names: Sequence[str]
) -> list[str]:
    """Return those of these emoji with which nobody is known to have reacted here."""
    if not names:
        return []
    seen = session.scalars(
        select(Reaction.emoji)
        .distinct()
        .join(Channel, Channel.id == Reaction.channel_id)
        .where(Channel.installation_id == installation_id, Reaction.emoji.in_(names))
    ).all()
    return [name for name in names if name not in seen]
