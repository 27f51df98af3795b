"""What became of a closed round, put together for its message."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.checkins import blockers, digests, rules
from bot.checkins.blocks import LastTime
from bot.checkins.digests import Line, Note
from bot.checkins.rules import State
from bot.members import service as members
from bot.runtime import Workspace
from bot.text import FORGOTTEN, is_forgotten, permalink
from models import Answer, Ask, Channel, CheckIn, Round


def recap(session: Session, workspace: Workspace, one: Round) -> Note:
    """Who shared what in a round, as all of its channel may see it."""
    shared = [
        found
        for found in session.scalars(
            select(CheckIn)
            .filter_by(round_id=one.id, state="shared")
            .order_by(CheckIn.id)
        )
        if not is_forgotten(found.member)
    ]
    people = [found.member for found in shared]
    called = members.names(session, workspace.id, people)
    past = _past(session, one, people)
    channel = session.get_one(Channel, one.channel_id)
    lines = [
        _line(
            session,
            workspace,
            found,
            name=called[found.member],
            url=_url(workspace, channel, one, found),
            past=past[found.member],
        )
        for found in shared
    ]
    return digests.digest(one.question, lines)


def last_time(session: Session, workspace: Workspace, one: Round) -> LastTime | None:
    """Sum up the round before, for the post of this one.

    None for a first round, and where nobody shared in the last one or its message is
    gone.
    """
    last = session.scalar(
        select(Round)
        .where(
            Round.schedule_id == one.schedule_id,
            Round.due_at < one.due_at,
            Round.state.in_(("open", "closed", "failed")),
        )
        .order_by(Round.due_at.desc())
        .limit(1)
    )
    if last is None or last.ts is None:
        return None
    shared, solved = session.execute(
        select(func.count(), func.count(Ask.id))
        .select_from(CheckIn)
        .outerjoin(Ask, (Ask.id == CheckIn.ask_id) & (Ask.state == "solved"))
        .where(
            CheckIn.round_id == last.id,
            CheckIn.state == "shared",
            # The message that this links to doesn't count who was forgotten, either.
            ~CheckIn.member.startswith(FORGOTTEN),
        )
    ).one()
    if not shared:
        return None
    channel = session.get_one(Channel, last.channel_id)
    url = permalink(workspace.team_url, channel.slack_id, last.ts)
    return LastTime(url, shared, solved)


def _line(
    session: Session,
    workspace: Workspace,
    found: CheckIn,
    *,
    name: str,
    url: str,
    past: Sequence[State | None],
) -> Line:
    count = rules.in_a_row(past)
    blocker = blockers.shown(session, workspace, found)
    # Without a link its readers may not see where it was asked, nor by whom it was
    # solved there.
    is_seen = blocker is not None and bool(blocker.url)
    return Line(
        name=name,
        url=url,
        proud_of=found.proud_of,
        stuck_on=found.stuck_on,
        blocker=blocker,
        solved_by=_solver(session, workspace, found) if is_seen else "",
        is_first=past.count("shared") == 1,
        in_a_row=count if rules.is_a_row(count) else 0,
    )


def _url(workspace: Workspace, channel: Channel, one: Round, found: CheckIn) -> str:
    ts = found.ts or found.reply_ts
    if ts is None:
        return ""
    return permalink(workspace.team_url, channel.slack_id, ts, one.ts)


def _solver(session: Session, workspace: Workspace, found: CheckIn) -> str:
    """Whose answer solved what somebody was stuck on; "" where nobody's did."""
    if found.ask_id is None:
        return ""
    author = session.scalar(
        select(Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Ask.id == found.ask_id,
            Ask.state == "solved",
            Answer.is_solution.is_(True),
            Answer.is_deleted.is_(False),
        )
        .order_by(Answer.ts)
        .limit(1)
    )
    if author is None or is_forgotten(author):
        return ""
    return members.name(session, workspace.id, author)


def _past(
    session: Session, one: Round, people: Sequence[str]
) -> dict[str, list[State | None]]:
    """Each person's rounds until this one, the latest first; None for no part in it."""
    rounds = session.scalars(
        select(Round.id)
        .where(
            Round.schedule_id == one.schedule_id,
            Round.due_at <= one.due_at,
            Round.state.in_(("open", "closed")),
        )
        .order_by(Round.due_at.desc())
    ).all()
    rows = session.execute(
        select(CheckIn.round_id, CheckIn.member, CheckIn.state).where(
            CheckIn.round_id.in_(rounds), CheckIn.member.in_(people)
        )
    )
    known = {(row.round_id, row.member): cast("State", row.state) for row in rows}
    return {
        member: [known.get((round_id, member)) for round_id in rounds]
        for member in people
    }
