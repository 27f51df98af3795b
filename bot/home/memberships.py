"""The channels of a Home tab's owner: fetched from Slack, updated by its events."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.home.message_kinds import HOME_FETCH_MEMBERSHIPS
from bot.outbox import home_refresh
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.fetches import FetchMemberships
from bot.workspace import channel_members, visibility
from models import Channel, ChannelMember, Home

# Events update the channels in between; fetching again makes up for missed events.
FRESH_FOR = visibility.FRESH_FOR


def is_fresh(home: Home | None, now: datetime) -> bool:
    """Return True if the owner's channels were fetched recently enough."""
    fetched_at = home.memberships_fetched_at if home else None
    return fetched_at is not None and timedelta(0) <= now - fetched_at < FRESH_FOR


def request_refresh(tx: Transaction, member: str) -> None:
    """Enqueue a fetch of the member's channels, unless they are fresh."""
    if is_fresh(tx.session.get(Home, (tx.workspace.id, member)), tx.now):
        return
    tx.enqueue_update(HOME_FETCH_MEMBERSHIPS, 0, to=member)


def visible_channels(tx: Transaction, member: str) -> set[str]:
    """Return Slack's ids of the channels that the member is in and may see.

    A private channel counts only if its membership is fresh.
    """
    query = select(Channel.slack_id).join(
        ChannelMember, ChannelMember.channel_id == Channel.id
    )
    query = query.where(
        Channel.installation_id == tx.workspace.id,
        ChannelMember.member == member,
        ChannelMember.is_member.is_(True),
        visibility.visible(member, now=tx.now),
    )
    return set(tx.session.scalars(query))


def invalidate(tx: Transaction) -> None:
    """Mark the channels of all members to be fetched: the bot joined another one."""
    tx.session.execute(
        update(Home)
        .where(Home.installation_id == tx.workspace.id)
        .values(memberships_fetched_at=None)
    )


def render_fetch(tx: Transaction, delivery: Delivery) -> FetchMemberships | None:
    if tx.session.get(Home, (delivery.installation_id, delivery.recipient)) is None:
        return None
    return FetchMemberships(delivery.recipient)


def on_fetched(tx: Transaction, delivery: Delivery, slack_ids: Sequence[str]) -> None:
    """Store that the member is in exactly these channels, and publish their Home tab.

    Events from after the start of the fetch take precedence.
    """
    home = tx.session.get(Home, (delivery.installation_id, delivery.recipient))
    if home is None:
        return
    in_workspace = Channel.installation_id == delivery.installation_id
    current = tx.session.scalars(
        select(Channel.id).where(in_workspace, Channel.slack_id.in_(slack_ids))
    ).all()
    stored = tx.session.scalars(
        select(ChannelMember.channel_id)
        .join(Channel, Channel.id == ChannelMember.channel_id)
        .where(in_workspace, ChannelMember.member == delivery.recipient)
    ).all()
    channel_members.record(
        tx,
        delivery.recipient,
        {channel: channel in current for channel in {*current, *stored}},
        at=delivery.started_at,
    )
    home.memberships_fetched_at = delivery.started_at
    home_refresh.refresh_homes(tx, [delivery.recipient], delay=timedelta())


def on_membership_event(
    tx: Transaction, channel: str, member: str, *, is_member: bool, at: datetime
) -> None:
    """Record that a member joined or left a channel, and update their Home tab.

    `channel` is Slack's id, `at` Slack's time of the event.
    """
    has_home = tx.session.get(Home, (tx.workspace.id, member)) is not None
    is_known_channel = channel_members.on_event(
        tx,
        channel,
        member,
        is_in=is_member,
        at=at,
        is_tracked=has_home,
    )
    if has_home and is_known_channel:
        home_refresh.refresh_homes(tx, [member])
