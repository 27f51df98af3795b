"""Personal data of Home tabs, and Home tabs that show somebody else's."""

from sqlalchemy import select, union

from bot.home.message_kinds import HOME_FETCH_MEMBERSHIPS, HOME_REPLY
from bot.outbox import home_refresh
from bot.outbox.home_refresh import HOME_PUBLISH
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import Answer, Ask, ChannelMember, Home, KudosThanks


def _refresh_affected_homes(tx: Transaction, erasure: Erasure) -> None:
    """Refresh Home tabs that may name the member or quote their asks."""
    who = erasure.member
    open_asks = select(Ask.channel_id).where(
        Ask.installation_id == tx.workspace.id,
        Ask.asker == who,
        Ask.state == "open",
    )
    concerned = union(
        select(KudosThanks.receiver).where(
            KudosThanks.installation_id == tx.workspace.id,
            KudosThanks.giver == who,
        ),
        select(Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(Ask.installation_id == tx.workspace.id, Ask.asker == who),
        select(ChannelMember.member).where(ChannelMember.channel_id.in_(open_asks)),
    ).subquery()
    owners = tx.session.scalars(
        select(Home.member).where(
            Home.installation_id == tx.workspace.id,
            Home.member.in_(select(concerned)),
            Home.member != who,
        )
    ).all()
    home_refresh.refresh_homes(tx, owners)


PERSONAL_DATA = (
    TablePolicy(
        model=Home,
        contents="Who has opened their Home tab, when, and at which pages.",
        purpose="Update it when something of theirs changes.",
        retention="The person is forgotten.",
        owner_columns=("member",),
        non_personal=("hash", "starts"),
        on_erasure="delete",
        before_erasure=_refresh_affected_homes,
    ),
    TablePolicy(
        model=ChannelMember,
        contents="The channels of people who use the Home tab; of others, their"
        " private channels, as Slack last said.",
        purpose="Show them what is said there, and nobody else.",
        retention="The person is forgotten.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
)

# Drawn anew, each time, from what is there.
MESSAGES = (
    MessagePolicy(frozenset({HOME_REPLY, HOME_PUBLISH, HOME_FETCH_MEMBERSHIPS})),
)
