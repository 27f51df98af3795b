"""The people of a channel, among whom the author of an ask stays unknown."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from bot.anonymity import rules
from bot.runtime import Transaction
from models import Channel, Member


def profiles(tx: Transaction, people: Collection[str]) -> Sequence[Member]:
    """Return the rows of those of the people who are stored."""
    return tx.session.scalars(
        select(Member).where(
            Member.installation_id == tx.workspace.id, Member.slack_id.in_(people)
        )
    ).all()


def is_large_enough(
    channel: Channel, people: Collection[str], profiles: Sequence[Member]
) -> bool:
    """Return True if the channel has enough members, and enough who can ask."""
    bots = sum(profile.is_bot for profile in profiles)
    askers = sum(
        bool(profile.fetched_at)
        and not (profile.is_bot or profile.is_deactivated or profile.is_external)
        and (channel.guests_may_ask or not profile.is_guest)
        for profile in profiles
    )
    return len(people) - bots >= rules.MIN_MEMBERS and askers >= rules.MIN_ASKERS
