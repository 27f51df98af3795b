"""Delete the times at which members last opened their Home tab, when they are old.

They are needed for an hour, to tell if their channels were fetched recently. After that
they would only tell who used the bot when, for example while someone asked without
their name.
"""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, delete, or_, select, update

from bot.clock import datetime_to_micros
from bot.db.statements import InstallationId, condition_of
from bot.home import memberships
from bot.home.message_kinds import HOME_FETCH_MEMBERSHIPS
from bot.outbox.home_refresh import HOME_PUBLISH
from bot.runtime import Transaction
from models import Channel, ChannelMember, Home, Member, OutboxChannel, OutboxItem

# Slack may deliver an event again for about an hour.
KEPT_FOR = 2 * memberships.FRESH_FOR
_DAY_MICROS = timedelta(days=1) // timedelta(microseconds=1)


def old_fetches(installation_id: InstallationId, now: datetime) -> Select[Home]:
    """Select the Home tabs with the time of an old fetch."""
    return select(Home).where(
        Home.installation_id == installation_id,
        Home.memberships_fetched_at < now - KEPT_FOR,
    )


def old_memberships(
    installation_id: InstallationId, now: datetime
) -> Select[ChannelMember]:
    """Select the memberships with an old time that is not only a day."""
    channels = select(Channel.id).where(Channel.installation_id == installation_id)
    return select(ChannelMember).where(
        ChannelMember.channel_id.in_(channels),
        ChannelMember.event_micros < datetime_to_micros(now - KEPT_FOR),
        ChannelMember.event_micros % _DAY_MICROS != 0,
    )


def old_publications(
    installation_id: InstallationId, now: datetime
) -> Select[OutboxItem]:
    """Select the finished publications and fetches of the outbox that are old."""
    return select(OutboxItem).where(
        OutboxItem.installation_id == installation_id,
        OutboxItem.kind.in_((HOME_PUBLISH, HOME_FETCH_MEMBERSHIPS)),
        OutboxItem.state.in_(("sent", "cancelled")),
        OutboxItem.finished_at < now - KEPT_FOR,
    )


def old_channels(
    installation_id: InstallationId, now: datetime
) -> Select[OutboxChannel]:
    """Select the outbox's channels in which nothing was sent for a while."""
    return select(OutboxChannel).where(
        OutboxChannel.installation_id == installation_id,
        OutboxChannel.available_at < now - KEPT_FOR,
    )


def old_profiles(installation_id: InstallationId, now: datetime) -> Select[Member]:
    """Select the profiles with an old time of today or yesterday (UTC)."""
    return select(Member).where(
        Member.installation_id == installation_id,
        or_(*(_fetched_on(day, now) for day in _days(now))),
    )


SHORT_LIVED = (
    old_fetches,
    old_memberships,
    old_publications,
    old_channels,
    old_profiles,
)


def purge(tx: Transaction) -> None:
    """Delete the old times, or leave only the day (UTC) where a time is needed."""
    here = (tx.workspace.id, tx.now)
    tx.session.execute(
        update(Home)
        .where(condition_of(old_fetches(*here)))
        # Slack's hash begins with the second of the publication.
        .values(memberships_fetched_at=None, view_hash=None)
    )
    # A press can be the reason why a profile was fetched.
    for day in _days(tx.now):
        tx.session.execute(
            update(Member)
            .where(Member.installation_id == tx.workspace.id, _fetched_on(day, tx.now))
            .values(fetched_at=day)
        )
    tx.session.execute(
        update(ChannelMember)
        .where(condition_of(old_memberships(*here)))
        .values(
            event_micros=ChannelMember.event_micros
            - ChannelMember.event_micros % _DAY_MICROS
        )
    )
    tx.session.execute(delete(OutboxItem).where(condition_of(old_publications(*here))))
    tx.session.execute(delete(OutboxChannel).where(condition_of(old_channels(*here))))


def _days(now: datetime) -> tuple[datetime, datetime]:
    """Return the beginnings of the days (UTC) whose times may have become old."""
    midnight = datetime.combine((now - KEPT_FOR).astimezone(UTC), time(), UTC)
    return midnight - timedelta(days=1), midnight


def _fetched_on(day: datetime, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a profile has an old time of this day."""
    return (Member.fetched_at > day) & (
        Member.fetched_at < min(now - KEPT_FOR, day + timedelta(days=1))
    )
