"""The personal data of Home tabs, and the tabs that name an erased person."""

from sqlalchemy import false, or_, select

from bot.home.message_kinds import HOME_FETCH_MEMBERSHIPS, HOME_REPLY
from bot.outbox import home_refresh
from bot.outbox.home_refresh import HOME_PUBLISH
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import ChannelMember, Home


def _refresh_affected_homes(tx: Transaction, erasure: Erasure) -> None:
    """Refresh the Home tabs that may name or quote the member."""
    members = [
        Home.member.in_(member)
        for homes_about in tx.features.homes_about
        for member in homes_about(tx, erasure)
    ]
    owners = tx.session.scalars(
        select(Home.member).where(
            Home.installation_id == tx.workspace.id,
            or_(false(), *members),
            Home.member != erasure.member,
        )
    ).all()
    home_refresh.refresh_homes(tx, owners)


PERSONAL_DATA = (
    TablePolicy(
        model=Home,
        contents="People who opened their Home tab, and at which pages.",
        purpose="Update it when something of theirs changes.",
        stays="One for each person.",
        owner_columns=("member",),
        non_personal=("view_hash", "page", "page_offsets"),
        on_erasure="delete",
        before_erasure=_refresh_affected_homes,
    ),
    TablePolicy(
        model=ChannelMember,
        contents="The channels of people who use the Home tab; of others, their"
        " private channels, as Slack last said.",
        purpose="Show them what is said there, and nobody else.",
        stays="One for each channel that a person is in.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
)

# These are rendered from the current rows each time, so an erasure affects none.
MESSAGES = (
    MessagePolicy(frozenset({HOME_REPLY, HOME_PUBLISH, HOME_FETCH_MEMBERSHIPS})),
)
