"""What somebody is stuck on becomes an ask; and what became of it."""

from datetime import datetime

from slack_sdk.models.views import View
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.asks import forms
from bot.asks import rules as ask_rules
from bot.checkins import attendance, sharing
from bot.checkins.answers import Blocker
from bot.errors import Refusal
from bot.members import service as members
from bot.runtime import Workspace
from bot.text import permalink
from models import Answer, Ask, Channel, CheckIn, Round

# Looked at in one transaction.
AT_ONCE = 50

NOT_YOURS = "That is somebody else's check-in."
NOT_STUCK = "“Stuck on” is empty in that check-in now."
ASKED = "You have asked your peers about this already: the thread links to it."


def form(
    session: Session,
    workspace: Workspace,
    checkin_id: int,
    member: str,
    *,
    now: datetime,
) -> View:
    """`/ask`, filled in with what they are stuck on. Raises Refusal."""
    found = _theirs(session.get(CheckIn, checkin_id), member)
    channel = _channel(session, found)
    if channel.installation_id != workspace.id:
        raise Refusal(NOT_YOURS)
    visibility.check_inside(session, channel, member, now=now)
    if not found.stuck_on:
        raise Refusal(NOT_STUCK)
    if has_asked(session, found):
        raise Refusal(ASKED)
    title, details = ask_rules.from_message(found.stuck_on)
    return forms.ask_form(
        channel=channel.slack_id if channel.is_joined else None,
        channel_topics=channel.topics,
        title=title,
        details=details,
        checkin_id=found.id,
    )


def hold(
    session: Session,
    workspace: Workspace,
    checkin_id: int,
    member: str,
    *,
    now: datetime,
) -> CheckIn:
    """The member's check-in, for an ask to be made of it. Raises Refusal."""
    known = session.get(CheckIn, checkin_id)
    if known is not None:
        attendance.hold(session, known.round_id)
        session.refresh(known)
    found = _theirs(known, member)
    channel = _channel(session, found)
    if channel.installation_id != workspace.id:
        raise Refusal(NOT_YOURS)
    visibility.check_inside(session, channel, member, now=now)
    return found


def origin(
    session: Session, workspace: Workspace, found: CheckIn, asked_in: Channel
) -> str | None:
    """The address of the check-in, for its ask to link to.

    None where that would tell another channel of what was said in a private one.
    """
    one = session.get_one(Round, found.round_id)
    channel = _channel(session, found)
    ts = found.ts or one.ts
    if ts is None or not _may_show(channel, asked_in):
        return None
    return permalink(workspace.team_url, channel.slack_id, ts, one.ts)


def asked(session: Session, found: CheckIn, ask: Ask, *, now: datetime) -> None:
    """The ask was made of a check-in that we `hold`; raises Refusal for a second."""
    if found.ask_id == ask.id:
        return
    if has_asked(session, found):
        raise Refusal(ASKED, field="title")
    # It is shown, with its address, once it has been posted.
    found.ask_id, found.ask_state = ask.id, None
    session.flush()
    sharing.show_offer_again(session, found, ask.installation_id, now=now)


def follow(session: Session, workspace: Workspace, *, now: datetime) -> int:
    """Show what became of asks since it was last shown; of how many."""
    changed = session.execute(
        _changed(workspace).order_by(CheckIn.id).limit(AT_ONCE)
    ).all()
    rounds = select(CheckIn.round_id).where(CheckIn.id.in_([row.id for row in changed]))
    attendance.hold_all(session, set(session.scalars(rounds)))
    for checkin_id, state in changed:
        found = session.get_one(CheckIn, checkin_id, populate_existing=True)
        found.ask_state = state
        _show(session, found, now=now)
    return len(changed)


def is_anything_new(session: Session, workspace: Workspace) -> bool:
    """Whether it is worth the writers' queue to `follow`."""
    return session.execute(_changed(workspace).limit(1)).first() is not None


def _changed(workspace: Workspace) -> Select[int, str]:
    """The check-ins whose ask is not what was last shown of it."""
    is_new = CheckIn.ask_state.is_(None) & Ask.ts.is_not(None)
    return (
        select(CheckIn.id, Ask.state)
        .join(Ask, Ask.id == CheckIn.ask_id)
        .where(
            Ask.installation_id == workspace.id,
            # One that could not be posted is deleted.
            is_new
            | (Ask.state == "deleted") & CheckIn.ask_state.is_(None)
            | (CheckIn.ask_state != Ask.state),
        )
    )


def shown(session: Session, workspace: Workspace, found: CheckIn) -> Blocker | None:
    """What the readers of a check-in may see of its ask; None where there is none."""
    ask = session.get(Ask, found.ask_id) if found.ask_id else None
    if ask is None:
        return None
    asked_in = session.get_one(Channel, ask.channel_id)
    if ask.ts is None or not _may_show(asked_in, _channel(session, found)):
        return Blocker(ask.state)
    solution = session.scalar(
        select(Answer.ts)
        .filter_by(ask_id=ask.id, is_solution=True, is_deleted=False)
        .order_by(Answer.ts)
        .limit(1)
    )

    def url(ts: str | None) -> str:
        if ts is None:
            return ""
        return permalink(workspace.team_url, asked_in.slack_id, ts, ask.ts)

    title = members.with_names(session, workspace.id, ask.title)
    return Blocker(ask.state, title, url(ask.ts), url(solution))


def _theirs(found: CheckIn | None, member: str) -> CheckIn:
    if found is None or found.member != member:
        raise Refusal(NOT_YOURS)
    return found


def has_asked(session: Session, found: CheckIn) -> bool:
    """Whether an ask was made of a check-in, and has not been deleted."""
    ask = session.get(Ask, found.ask_id) if found.ask_id else None
    return ask is not None and ask.deleted_at is None


def _channel(session: Session, found: CheckIn) -> Channel:
    one = session.get_one(Round, found.round_id)
    return session.get_one(Channel, one.channel_id)


def _may_show(of: Channel, where: Channel) -> bool:
    """What was said in one channel, in another: only if anybody there could see it."""
    return of.id == where.id or not (of.is_private or where.is_shared)


def _show(session: Session, found: CheckIn, *, now: datetime) -> None:
    one = session.get_one(Round, found.round_id)
    channel = session.get_one(Channel, one.channel_id)
    session.flush()
    sharing.show_again(session, found, channel, now=now)
    if one.state == "closed":
        attendance.show_again(session, one, now=now)
    sharing.show_offer_again(session, found, channel.installation_id, now=now)
