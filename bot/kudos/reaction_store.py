"""The registers that reactions write, and which of them mean kudos."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from bot.clock import EPOCH
from bot.db.statements import prepare_insert, table
from bot.slack import emoji
from bot.workspace import reaction_emoji
from models import Channel, Kudos, KudosReaction

_channels, _kudos = table(Channel), table(Kudos)
_reactions = table(KudosReaction)

_SELECT_TARGET = (
    select(
        _channels.c.id,
        _channels.c.second_emoji,
        _channels.c.kudos_emoji,
        _kudos.c.id,
        _reactions.c.emoji,
    )
    .outerjoin_from(
        _channels,
        _kudos,
        and_(_kudos.c.channel_id == _channels.c.id, _kudos.c.ts == bindparam("ts")),
    )
    .outerjoin(
        _reactions,
        and_(
            _reactions.c.channel_id == _channels.c.id,
            _reactions.c.message_ts == bindparam("ts"),
            _reactions.c.member == bindparam("member"),
            _reactions.c.emoji == bindparam("emoji"),
        ),
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
            "is_present": new.is_present,
            "at_us": new.at_us,
            "author": new.author,
            "is_waiting": new.is_waiting,
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


_UPSERT = prepare_insert(KudosReaction, _last_writer_wins)


@dataclass(frozen=True, slots=True)
class ReactionEvent:
    """One person's action with one emoji on one message, whose author it names."""

    member: str
    channel: str
    ts: str
    emoji: str
    event_micros: int
    is_present: bool
    # None where a bot wrote the message, and for nobody.
    author: str | None


@dataclass(frozen=True, slots=True)
class KudosTarget:
    """What a reaction means where it was made."""

    channel_id: int
    # The kudos whose message it is on.
    kudos_id: int | None
    is_join: bool
    is_kudos: bool


def find_target(
    session: Session | Connection, installation_id: int, event: ReactionEvent
) -> KudosTarget | None:
    """Where it was made; None if it has nothing to do with kudos.

    A removal means what the reaction meant, whatever the channel has chosen since.
    """
    row = session.execute(
        _SELECT_TARGET,
        {
            "installation_id": installation_id,
            "slack_id": event.channel,
            "ts": event.ts,
            "member": event.member,
            "emoji": event.emoji,
        },
    ).first()
    if row is None:
        return None
    channel_id, second, thanks, kudos_id, known = row
    is_undone = known is not None and not event.is_present
    # Of a message of ours that we don't know it may yet turn out to be kudos.
    is_ours = kudos_id is not None or event.author is None
    seconds = reaction_emoji.DEFAULT_JOIN if second is None else second
    is_second = is_ours and (is_undone or emoji.is_among(event.emoji, seconds))
    is_kudos = (
        not is_ours
        and event.author is not None
        and (is_undone or emoji.is_among(event.emoji, thanks or ()))
    )
    if not (is_second or is_kudos):
        return None
    return KudosTarget(channel_id, kudos_id, is_second, is_kudos)


def was_kudos(connection: Connection, channel_id: int, event: ReactionEvent) -> bool:
    """Whether the reaction meant kudos when it was made."""
    register = select(_reactions.c.member).where(
        _reactions.c.channel_id == channel_id,
        _reactions.c.message_ts == event.ts,
        _reactions.c.member == event.member,
        _reactions.c.emoji == event.emoji,
    )
    return connection.execute(register).first() is not None


def record(
    session: Session, channel_id: int, event: ReactionEvent, *, is_undecided: bool
) -> bool:
    """Write the register; False where a later or the same action stands already."""
    written = session.execute(
        _UPSERT(session),
        {
            "channel_id": channel_id,
            "message_ts": event.ts,
            "member": event.member,
            "emoji": event.emoji,
            "is_present": event.is_present,
            "at_us": event.event_micros,
            "author": event.author,
            "is_waiting": is_undecided,
        },
    )
    return written.first() is not None


def active_since(
    session: Session, channel_id: int, ts: str, member: str
) -> datetime | None:
    """Since when the person's reaction is there, in whichever skin tone."""
    at_us = session.scalar(
        select(func.min(KudosReaction.at_us)).filter_by(
            channel_id=channel_id, message_ts=ts, member=member, is_present=True
        )
    )
    return None if at_us is None else EPOCH + timedelta(microseconds=at_us)


def is_referenced(
    session: Session | Connection, installation_id: int, slack_channel: str, ts: str
) -> bool:
    """Whether some kudos are in the message, or about it."""
    of_channel = (
        _channels.c.installation_id == installation_id,
        _channels.c.slack_id == slack_channel,
    )
    for channel_column, ts_column in (
        (_kudos.c.channel_id, _kudos.c.ts),
        (_kudos.c.about_channel_id, _kudos.c.about_ts),
    ):
        found = session.execute(
            select(_kudos.c.id)
            .join_from(_channels, _kudos, channel_column == _channels.c.id)
            .where(*of_channel, ts_column == ts)
            .limit(1)
        )
        if found.first() is not None:
            return True
    return False
