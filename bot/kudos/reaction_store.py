"""Store the reactions that may mean kudos, and find the meaning of a reaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, func, select
from sqlalchemy.orm import Session

from bot.clock import EPOCH
from bot.db.statements import table, upsert_latest
from bot.kudos import rules
from bot.messages.events import ReactionEvent
from bot.slack import emoji
from models import Channel, Kudos, KudosReaction

_channels, _kudos = table(Channel), table(Kudos)
_reactions = table(KudosReaction)

_SELECT_TARGET = (
    select(
        _channels.c.id,
        _channels.c.join_emoji,
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
_UPSERT_REACTION = upsert_latest(
    KudosReaction,
    ["channel_id", "message_ts", "member", "emoji"],
    ["author", "is_undecided"],
)


@dataclass(frozen=True, slots=True)
class KudosTarget:
    """The meaning of a reaction in its channel."""

    channel_id: int
    # The id of the kudos that the message shows; None for other messages.
    kudos_id: int | None
    is_join: bool
    is_kudos: bool


def find_target(
    session: Session | Connection, installation_id: int, event: ReactionEvent
) -> KudosTarget | None:
    """Return the meaning of a reaction; None if it has nothing to do with kudos.

    A removal has the meaning of the stored reaction, even if the channel's emoji have
    changed since.
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
    channel_id, join_emoji, kudos_emoji, kudos_id, stored_emoji = row
    is_removal = stored_emoji is not None and not event.is_present
    # A message of the bot without a row may be kudos whose `ts` is not stored yet.
    is_bot_message = kudos_id is not None or event.author is None
    is_join = is_bot_message and (
        is_removal or emoji.is_among(event.emoji, rules.join_emoji(join_emoji))
    )
    is_kudos = (
        not is_bot_message
        and event.author is not None
        and (is_removal or emoji.is_among(event.emoji, rules.kudos_emoji(kudos_emoji)))
    )
    if not (is_join or is_kudos):
        return None
    return KudosTarget(channel_id, kudos_id, is_join, is_kudos)


def was_kudos(connection: Connection, channel_id: int, event: ReactionEvent) -> bool:
    """Return True if the reaction is stored, so it meant kudos when it was added."""
    stored = select(_reactions.c.member).where(
        _reactions.c.channel_id == channel_id,
        _reactions.c.message_ts == event.ts,
        _reactions.c.member == event.member,
        _reactions.c.emoji == event.emoji,
    )
    return connection.execute(stored).first() is not None


def record(
    session: Session, channel_id: int, event: ReactionEvent, *, is_undecided: bool
) -> bool:
    """Store the reaction; return False if this or a later event is already stored."""
    result = session.execute(
        _UPSERT_REACTION(session),
        {
            "channel_id": channel_id,
            "message_ts": event.ts,
            "member": event.member,
            "emoji": event.emoji,
            "is_present": event.is_present,
            "event_micros": event.event_micros,
            "author": event.author,
            "is_undecided": is_undecided,
        },
    )
    return result.first() is not None


def active_since(
    session: Session, channel_id: int, ts: str, member: str
) -> datetime | None:
    """Return the time (UTC) of the member's first reaction that is not removed.

    Each skin tone is a reaction. None if there is no reaction.
    """
    micros = session.scalar(
        select(func.min(KudosReaction.event_micros)).filter_by(
            channel_id=channel_id, message_ts=ts, member=member, is_present=True
        )
    )
    return None if micros is None else EPOCH + timedelta(microseconds=micros)


def is_referenced(
    session: Session | Connection, installation_id: int, slack_channel: str, ts: str
) -> bool:
    """Return True if the message contains kudos, or kudos are about it."""
    in_channel = (
        _channels.c.installation_id == installation_id,
        _channels.c.slack_id == slack_channel,
    )
    for channel_column, ts_column in (
        (_kudos.c.channel_id, _kudos.c.ts),
        (_kudos.c.about_channel_id, _kudos.c.about_ts),
    ):
        result = session.execute(
            select(_kudos.c.id)
            .join_from(_channels, _kudos, channel_column == _channels.c.id)
            .where(*in_channel, ts_column == ts)
            .limit(1)
        )
        if result.first() is not None:
            return True
    return False
