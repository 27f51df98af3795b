"""A person's own credits, for their Home tab: what was found, and what they chose."""

from datetime import datetime

from slack_sdk.models.blocks import Block
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import visibility
from bot.mentors import forms
from bot.mentors.forms import Past
from bot.preferences import service as preferences
from bot.runtime import Workspace
from models import Channel, Credit, Evidence

MOST = 5


def asked(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> list[Block]:
    """The Home tab's blocks for what the person has not answered yet."""
    return forms.asked(_told(session, workspace, member, is_asked=True, now=now))


def section(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> list[Block]:
    """The Home tab's blocks about what they have; none for whom there is nothing."""
    return forms.past(_told(session, workspace, member, is_asked=False, now=now))


def _told(
    session: Session,
    workspace: Workspace,
    member: str,
    *,
    is_asked: bool,
    now: datetime,
) -> list[Past]:
    # A private channel is named to nobody who has left it.
    is_seen = visibility.visible(member, now=now)
    rows = session.execute(
        select(Credit, Channel.name, is_seen)
        .outerjoin(Channel, Channel.id == Credit.channel_id)
        .where(
            Credit.installation_id == workspace.id,
            Credit.member == member,
            Credit.told_at.is_not(None),
            (Credit.consent == "asked") == is_asked,
        )
        .order_by(Credit.period.desc())
        .limit(MOST)
    ).all()
    if not rows:
        return []
    helped: dict[int, list[list[str]]] = {credit.id: [] for credit, _, _ in rows}
    for credit_id, people in session.execute(
        select(Evidence.credit_id, Evidence.helped).where(
            Evidence.credit_id.in_(helped)
        )
    ):
        helped[credit_id].append(people)
    chosen = preferences.of(session, workspace.id, member)
    return [
        Past(
            id=credit.id,
            day=credit.period,
            answers=len(helped[credit.id]),
            people=len({one for people in helped[credit.id] for one in people}),
            channel=channel or "",
            is_seen=bool(is_seen),
            consent=forms.consent(credit.consent),
            may_be_named=chosen.may_be_named != "never",
        )
        for credit, channel, is_seen in rows
    ]
