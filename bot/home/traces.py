"""Delete the times at which members last opened their Home tab, when they are old.

They are needed for an hour, to tell if their channels were fetched recently. After that
they would only tell who used the bot when, for example while someone asked without
their name.
"""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import delete, or_, select, update

from bot.clock import datetime_to_micros
from bot.home import memberships
from bot.home.message_kinds import HOME_FETCH_MEMBERSHIPS
from bot.outbox.home_refresh import HOME_PUBLISH
from bot.runtime import Transaction
from models import Channel, ChannelMember, Home, Member, OutboxChannel, OutboxItem

# Slack may deliver an event again for about an hour.
KEPT_FOR = 2 * memberships.FRESH_FOR
_DAY_MICROS = timedelta(days=1) // timedelta(microseconds=1)


def purge(tx: Transaction) -> None:
    """Delete the old times, or leave only the day (UTC) where a time is needed."""
    before, workspace_id = tx.now - KEPT_FOR, tx.workspace.id
    tx.session.execute(
        update(Home)
        .where(
            Home.installation_id == workspace_id, Home.memberships_fetched_at < before
        )
        # Slack's hash begins with the second of the publication.
        .values(memberships_fetched_at=None, view_hash=None)
    )
    _leave_days_of_profiles(tx, before)
    channel_ids = select(Channel.id).where(Channel.installation_id == workspace_id)
    tx.session.execute(
        update(ChannelMember)
        .where(
            ChannelMember.channel_id.in_(channel_ids),
            ChannelMember.event_micros < datetime_to_micros(before),
            ChannelMember.event_micros % _DAY_MICROS != 0,
        )
        .values(
            event_micros=ChannelMember.event_micros
            - ChannelMember.event_micros % _DAY_MICROS
        )
    )
    tx.session.execute(
        delete(OutboxItem).where(
            OutboxItem.installation_id == workspace_id,
            or_(
                OutboxItem.kind == HOME_PUBLISH,
                OutboxItem.kind == HOME_FETCH_MEMBERSHIPS,
            ),
            OutboxItem.state.in_(("sent", "cancelled")),
            OutboxItem.finished_at < before,
        )
    )
    tx.session.execute(
        delete(OutboxChannel).where(
            OutboxChannel.installation_id == workspace_id,
            OutboxChannel.available_at < before,
        )
    )


def _leave_days_of_profiles(tx: Transaction, before: datetime) -> None:
    """Leave only the day on which a profile was fetched: a press can be the reason."""
    midnight = datetime.combine(before.astimezone(UTC), time(), UTC)
    for day in (midnight - timedelta(days=1), midnight):
        tx.session.execute(
            update(Member)
            .where(
                Member.installation_id == tx.workspace.id,
                Member.fetched_at > day,
                Member.fetched_at < min(before, day + timedelta(days=1)),
            )
            .values(fetched_at=day)
        )
