"""Store who is in which channel, by Slack's events and answers."""

from datetime import datetime

from sqlalchemy import select

from bot.clock import MAX_CLOCK_SKEW, datetime_to_micros
from bot.db.statements import upsert_latest
from bot.runtime import Transaction
from models import Channel, ChannelMember, Member

_UPSERT_MEMBERSHIPS = upsert_latest(
    ChannelMember, ["channel_id", "member"], [], presence="is_member", has_limit=True
)


def record(
    tx: Transaction, member: str, memberships: dict[int, bool], *, at: datetime
) -> None:
    """Record by channel row id whether the member is in it; the latest event wins.

    `at` is the time of Slack's event, or of the call whose answer it is.
    """
    common = {
        "member": member,
        "event_micros": datetime_to_micros(at),
        "latest": datetime_to_micros(tx.now + MAX_CLOCK_SKEW),
    }
    rows = [
        {"channel_id": channel_id, "is_member": is_in, **common}
        for channel_id, is_in in sorted(memberships.items())
    ]
    if rows:
        tx.session.execute(_UPSERT_MEMBERSHIPS(tx.session), rows)


def on_event(
    tx: Transaction,
    slack_channel: str,
    member: str,
    *,
    is_in: bool,
    at: datetime,
    is_tracked: bool = False,
) -> bool:
    """Record that a member joined or left a channel; False for an unknown channel.

    `is_tracked`: record it for public channels, too. For private ones it is always
    recorded, since a call that is under way may return an older state.
    """
    channel = tx.session.execute(
        select(Channel.id, Channel.is_private, Channel.fetched_at).where(
            Channel.installation_id == tx.workspace.id,
            Channel.slack_id == slack_channel,
        )
    ).first()
    if channel is None:
        return False
    if is_tracked or (
        (channel.is_private or channel.fetched_at is None) and _is_known(tx, member)
    ):
        record(tx, member, {channel.id: is_in}, at=at)
    return True


def _is_known(tx: Transaction, member: str) -> bool:
    """Return True if the member has a row; no rule asks about others."""
    row = select(Member.id).filter_by(installation_id=tx.workspace.id, slack_id=member)
    return tx.session.scalar(row) is not None
