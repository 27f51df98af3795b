"""Which channels somebody is in: read from Slack, and kept fresh by its events."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import homes, outbox, visibility
from bot.clock import micros_of
from bot.lanes import Claim
from bot.operations import ReadChannels
from models import Channel, ChannelMember, Home

# Events keep it fresh in between; this is for those that never came.
KEEPS = visibility.KEEPS


def is_fresh(home: Home | None, now: datetime) -> bool:
    """Whether we know well enough which channels the Home tab's owner is in."""
    read_at = home.channels_read_at if home else None
    return read_at is not None and timedelta(0) <= now - read_at < KEEPS


def read_again(
    session: Session, installation_id: int, member: str, *, now: datetime
) -> None:
    """Ask for the channels of somebody who has a Home tab, if they may be old."""
    if is_fresh(session.get(Home, (installation_id, member)), now):
        return
    outbox.refresh(
        session, "home.places", 0, member, installation_id=installation_id, now=now
    )


def where_in(
    session: Session, installation_id: int, member: str, *, now: datetime
) -> set[str]:
    """Slack's ids of the channels that somebody is in, and may hear of.

    Private ones only where we know lately enough that they are in them.
    """
    found = select(Channel.slack_id).join(
        ChannelMember, ChannelMember.channel_id == Channel.id
    )
    found = found.where(
        Channel.installation_id == installation_id,
        ChannelMember.member == member,
        ChannelMember.is_in.is_(True),
        visibility.visible(member, now=now),
    )
    return set(session.scalars(found))


def forget_freshness(session: Session, installation_id: int) -> None:
    """The bot is in one more channel: who else is there is still to be asked."""
    session.execute(
        update(Home)
        .where(Home.installation_id == installation_id)
        .values(channels_read_at=None)
    )


def ask(session: Session, claim: Claim) -> ReadChannels | None:
    if session.get(Home, (claim.installation_id, claim.recipient)) is None:
        return None
    return ReadChannels(claim.recipient)


def told(
    session: Session, claim: Claim, slack_ids: Sequence[str], now: datetime
) -> None:
    """Slack says that the person is in these channels and in no others.

    What events say of later than the question stands.
    """
    home = session.get(Home, (claim.installation_id, claim.recipient))
    if home is None:
        return
    of_workspace = Channel.installation_id == claim.installation_id
    now_in = session.scalars(
        select(Channel.id).where(of_workspace, Channel.slack_id.in_(slack_ids))
    ).all()
    were_in = session.scalars(
        select(ChannelMember.channel_id)
        .join(Channel, Channel.id == ChannelMember.channel_id)
        .where(of_workspace, ChannelMember.member == claim.recipient)
    ).all()
    visibility.learn(
        session,
        claim.recipient,
        {one: one in now_in for one in {*now_in, *were_in}},
        at_us=micros_of(claim.claimed_at),
        now=now,
    )
    home.channels_read_at = claim.claimed_at
    homes.refresh(
        session, claim.installation_id, [claim.recipient], now=now, soon=timedelta()
    )


def moved(
    session: Session,
    installation_id: int,
    channel: str,
    member: str,
    *,
    is_in: bool,
    at_us: int,
    now: datetime,
) -> None:
    """Somebody joined a channel, or left it: known of those who have a Home tab.

    Of private channels it is known of everybody. `channel` is Slack's id, `at_us`
    Slack's time of it.
    """
    visibility.follow(
        session, installation_id, channel, member, is_in=is_in, at_us=at_us, now=now
    )
    if session.get(Home, (installation_id, member)) is None:
        return
    known = session.scalar(
        select(Channel.id).filter_by(installation_id=installation_id, slack_id=channel)
    )
    if known is not None:
        visibility.learn(session, member, {known: is_in}, at_us=at_us, now=now)
        homes.refresh(session, installation_id, [member], now=now)
