"""The weekly look: what is due, and what was found, written down once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import outbox, zones
from bot.config import MentorNumbers
from bot.db import table
from bot.hours import welcome
from bot.mentors import looking, rules
from bot.mentors.looking import Scope, Seats, Seen
from bot.mentors.rules import Found, Period, Ring, Standing
from bot.outbox import upsert
from bot.policies import service as policies
from bot.runtime import Workspace
from models import (
    Channel,
    Credit,
    Evidence,
    Installation,
    Member,
    Mentoring,
    MentorRound,
    MessageCount,
    RingNote,
)


@dataclass(frozen=True, slots=True)
class Due:
    """A look that nobody has taken yet; `scope_id` is 0 for the whole workspace."""

    period: Period
    scope_id: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a look found: whom to credit for what, and which rings there are."""

    found: Found
    credits: Sequence[tuple[Standing, Sequence[Seen]]]


def due(
    session: Session, workspace: Workspace, *, now: datetime, numbers: MentorNumbers
) -> list[Due]:
    """The looks to take now."""
    where = scope(session, workspace.id)
    period = rules.period(now, zone(session, workspace.id), numbers)
    if where == "off" or period is None:
        return []
    shortest = timedelta(days=numbers.windows_days[0])
    if period.day - shortest < _known_since(session, workspace):
        return []
    places = (
        [0]
        if where == "workspace"
        else session.scalars(
            select(Channel.id)
            .filter_by(
                installation_id=workspace.id,
                is_joined=True,
                is_archived=False,
                looks_for_mentors=True,
            )
            .order_by(Channel.id)
        ).all()
    )
    taken = set(
        session.scalars(
            select(MentorRound.scope_id).filter_by(
                installation_id=workspace.id, period=period.day
            )
        )
    )
    return [Due(period, place) for place in places if place not in taken]


def next_look(
    session: Session, workspace: Workspace, *, now: datetime, numbers: MentorNumbers
) -> datetime | None:
    """Return the UTC instant at which the present period ends; None if nobody looks."""
    if scope(session, workspace.id) == "off":
        return None
    here = zone(session, workspace.id)
    day = rules.period_of(now, here, numbers)
    return zones.resolve(datetime.combine(day, time(numbers.hour)), here)


def _known_since(session: Session, workspace: Workspace) -> date:
    """The day on which the bot came, or from which on an export tells who wrote."""
    came = session.get_one(Installation, workspace.id).installed_at.date()
    told = session.scalar(
        select(MessageCount.day)
        .join(Channel, Channel.id == MessageCount.channel_id)
        .where(Channel.installation_id == workspace.id)
        .order_by(MessageCount.day)
        .limit(1)
    )
    return came if told is None else min(came, told)


def scope(session: Session, installation_id: int) -> str:
    """Where to look: the "workspace" as a whole, each of its "channels", or "off"."""
    row = session.get(Mentoring, installation_id)
    return row.scope if row is not None else "workspace"


def zone(session: Session, installation_id: int) -> ZoneInfo:
    """The zone that most people of the workspace are in."""
    most = session.execute(
        select(Member.tz, func.count())
        .where(
            Member.installation_id == installation_id,
            Member.tz.is_not(None),
            Member.is_bot.is_(False),
            Member.is_deactivated.is_(False),
            Member.is_stranger.is_(False),
        )
        .group_by(Member.tz)
        .order_by(func.count().desc(), Member.tz)
    ).all()
    known = (zones.zone(row.tz) for row in most)
    return next(filter(None, known), ZoneInfo("UTC"))


def private_places(session: Session, workspace: Workspace) -> dict[int, str]:
    """The private channels whose members have to be asked for, by their rows' ids."""
    rows = session.execute(
        select(Channel.id, Channel.slack_id).filter_by(
            installation_id=workspace.id,
            is_private=True,
            is_joined=True,
            is_archived=False,
            looks_for_mentors=True,
        )
    )
    return {row.id: row.slack_id for row in rows}


def look(
    session: Session,
    workspace: Workspace,
    due: Due,
    seats: Seats,
    *,
    numbers: MentorNumbers,
) -> Result:
    """Find out whom to credit; changes nothing."""
    scope = Scope(workspace.id, due.scope_id or None, seats)
    found = looking.look(session, scope, due.period, numbers=numbers)
    chosen = found.standings[: numbers.credits_a_period]
    return Result(
        found,
        [
            (
                standing,
                looking.evidence(
                    session,
                    scope,
                    standing.member,
                    days=found.window_days,
                    until=due.period.until,
                    numbers=numbers,
                ),
            )
            for standing in chosen
        ],
    )


def record(
    session: Session,
    workspace: Workspace,
    due: Due,
    result: Result,
    *,
    numbers: MentorNumbers,
    now: datetime,
) -> None:
    """Write down what was found, and promise to tell; only the first to come does.

    Who else looked at the same period, here or in another replica, finds the round.
    """
    taken = session.scalar(
        upsert(session, MentorRound)
        .values(
            installation_id=workspace.id,
            period=due.period.day,
            scope_id=due.scope_id,
            looked_at=now,
            credits=len(result.credits),
        )
        .on_conflict_do_nothing()
        .returning(MentorRound.scope_id)
    )
    if taken is None:
        return
    # Somebody may have opted out, or been credited elsewhere, since we looked.
    out = looking.barred(session, workspace.id, due.period.day, numbers=numbers)
    for standing, evidence in result.credits:
        if standing.member not in out and evidence:
            credit = Credit(
                installation_id=workspace.id,
                member=standing.member,
                period=due.period.day,
                credited_at=now,
                channel_id=_stage(session, evidence),
                window_days=result.found.window_days,
                messages=standing.messages,
                all_messages=result.found.all_messages,
                helpfulness=standing.helpfulness,
                expected=standing.expected,
                score=standing.score,
            )
            add(session, workspace, credit, evidence, now=now)
    for ring in result.found.rings:
        _note_ring(session, workspace, due, ring, numbers=numbers, now=now)


def add(
    session: Session,
    workspace: Workspace,
    credit: Credit,
    evidence: Sequence[Seen] = (),
    *,
    now: datetime,
) -> int | None:
    """Record a credit and promise to tell the person; its id.

    None where the person has one of this period already.
    """
    columns = table(Credit).columns.keys()
    given = {name: getattr(credit, name) for name in columns}
    credit_id: int | None = session.scalar(
        upsert(session, Credit)
        .values(**{name: value for name, value in given.items() if value is not None})
        .on_conflict_do_nothing()
        .returning(Credit.id)
    )
    if credit_id is None:
        return None
    for seen in evidence:
        session.add(
            Evidence(
                credit_id=credit_id,
                ask_id=seen.ask_id,
                answer_id=seen.answer_id,
                asker=seen.asker,
                is_solution=seen.is_solution,
                helped=list(seen.helped),
                marked_by=list(seen.marked_by),
            )
        )
    # Whoever it is about hears of it first, at an hour that suits them.
    outbox.promise(
        session,
        "mentor.told",
        credit_id,
        credit.member,
        installation_id=workspace.id,
        now=now,
        due=welcome(session, workspace.id, credit.member, now=now),
    )
    return credit_id


def _stage(session: Session, evidence: Sequence[Seen]) -> int | None:
    """The channel of most of the evidence, of those in which the bot may speak.

    Of several with as much, that of the latest answer.
    """
    count: dict[int, int] = {}
    latest: dict[int, str] = {}
    for seen in evidence:
        place = seen.channel_id
        count[place] = count.get(place, 0) + 1
        latest[place] = max(latest.get(place, ""), seen.answer_ts)
    open_to_us = session.scalars(
        select(Channel.id).where(
            Channel.id.in_(count),
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
            Channel.is_read_only.is_(False),
        )
    )
    return max(
        open_to_us, key=lambda place: (count[place], latest[place]), default=None
    )


def _note_ring(
    session: Session,
    workspace: Workspace,
    due: Due,
    ring: Ring,
    *,
    numbers: MentorNumbers,
    now: datetime,
) -> None:
    """Tell the leads, privately, but not each week anew."""
    lately = due.period.day - timedelta(days=numbers.rest_days)
    known = session.scalar(
        select(RingNote.period)
        .where(
            RingNote.installation_id == workspace.id,
            RingNote.member == ring.member,
            RingNote.period > lately,
        )
        .limit(1)
    )
    if known is not None:
        return
    session.add(
        RingNote(
            installation_id=workspace.id,
            member=ring.member,
            period=due.period.day,
            marks=ring.marks,
            marks_from_ring=ring.marks_from_ring,
            ring=list(ring.people),
        )
    )
    noted = session.scalars(
        select(Member.id).filter_by(installation_id=workspace.id, slack_id=ring.member)
    ).one()
    for lead in policies.program_leads(session, workspace.id):
        outbox.promise(
            session,
            "mentor.ring",
            noted,
            lead,
            installation_id=workspace.id,
            now=now,
            due=welcome(session, workspace.id, lead, now=now),
            detail={"period": due.period.day.isoformat()},
            occasion=due.period.day.isoformat(),
        )
