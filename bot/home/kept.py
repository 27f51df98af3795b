"""What is kept of people for their Home tabs, and whose show somebody else."""

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from bot import homes
from bot.kept import Kept, Leaving, Told
from models import Answer, Ask, ChannelMember, Home, Thanks


def _show_others(session: Session, leaving: Leaving) -> None:
    """Home tabs that may name the person or quote their asks are drawn again."""
    who = leaving.member
    open_asks = select(Ask.channel_id).where(
        Ask.installation_id == leaving.installation_id,
        Ask.asker == who,
        Ask.state == "open",
    )
    concerned = union(
        select(Thanks.receiver).where(
            Thanks.installation_id == leaving.installation_id, Thanks.giver == who
        ),
        select(Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(Ask.installation_id == leaving.installation_id, Ask.asker == who),
        select(ChannelMember.member).where(ChannelMember.channel_id.in_(open_asks)),
    ).subquery()
    owners = session.scalars(
        select(Home.member).where(
            Home.installation_id == leaving.installation_id,
            Home.member.in_(select(concerned)),
            Home.member != who,
        )
    ).all()
    homes.refresh(session, leaving.installation_id, owners, now=leaving.now)


KEPT = (
    Kept(
        model=Home,
        what="Who has opened their Home tab, and when; which page of it they look at.",
        why="To show it as it is when something of theirs changes.",
        until="The person is forgotten.",
        owners=("member",),
        neutral=("hash", "starts"),
        when_forgotten="delete",
        before=_show_others,
    ),
    Kept(
        model=ChannelMember,
        what="In which channels those people are; of others, in which private ones, as"
        " Slack last said.",
        why="To show them what is said there, and nobody else.",
        until="The person is forgotten.",
        owners=("member",),
        when_forgotten="delete",
    ),
)

# Drawn anew, each time, from what is there.
TOLD = (Told(frozenset({"home.help", "home.show", "home.places"})),)
