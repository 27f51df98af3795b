"""The weekly look: what is due, and what was found, written down once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import timezones
from bot.config.mentors import MentorSettings
from bot.db.statements import upsert
from bot.mentors import exclusions, periods, queries
from bot.mentors.credit_store import create
from bot.mentors.periods import Period
from bot.mentors.queries import MarkedAsk, PrivateMembers, Scope
from bot.mentors.rules import Candidate, DetectionResult, Ring
from bot.outbox import enqueue
from bot.runtime import Workspace
from bot.workspace import workspace_settings
from bot.workspace.contact_hours import next_contact_time
from models import (
    Channel,
    Credit,
    Installation,
    Member,
    MentorRingAlert,
    MentorRun,
    MentorWorkspaceSettings,
    MessageCount,
)


@dataclass(frozen=True, slots=True)
class DueRun:
    """A look that nobody has taken yet; `scope_id` is 0 for the whole workspace."""

    period: Period
    scope_id: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a look found: whom to credit for what, and which rings there are."""

    detection: DetectionResult
    credits: Sequence[tuple[Candidate, Sequence[MarkedAsk]]]


def due_runs(
    session: Session, workspace: Workspace, *, now: datetime, settings: MentorSettings
) -> list[DueRun]:
    """The looks to take now."""
    where = search_scope(session, workspace.id)
    period = periods.last_period(now, workspace_zone(session, workspace.id), settings)
    if where == "off" or period is None:
        return []
    shortest = timedelta(days=settings.windows_days[0])
    if period.day - shortest < _data_since(session, workspace):
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
            select(MentorRun.scope_id).filter_by(
                installation_id=workspace.id, period=period.day
            )
        )
    )
    return [DueRun(period, place) for place in places if place not in taken]


def next_run_at(
    session: Session, workspace: Workspace, *, now: datetime, settings: MentorSettings
) -> datetime | None:
    """Return the UTC instant at which the present period ends; None if nobody looks."""
    if search_scope(session, workspace.id) == "off":
        return None
    here = workspace_zone(session, workspace.id)
    day = periods.period_of(now, here, settings)
    return timezones.to_utc(datetime.combine(day, time(settings.hour)), here)


def _data_since(session: Session, workspace: Workspace) -> date:
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


def search_scope(session: Session, installation_id: int) -> str:
    """Where to look: the "workspace" as a whole, each of its "channels", or "off"."""
    row = session.get(MentorWorkspaceSettings, installation_id)
    return row.scope if row is not None else "workspace"


def workspace_zone(session: Session, installation_id: int) -> ZoneInfo:
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
    known = (timezones.get(row.tz) for row in most)
    return next(filter(None, known), ZoneInfo("UTC"))


def private_channels(session: Session, workspace: Workspace) -> dict[int, str]:
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


def run(
    session: Session,
    workspace: Workspace,
    due_run: DueRun,
    private_members: PrivateMembers,
    *,
    settings: MentorSettings,
) -> RunResult:
    """Find out whom to credit; changes nothing."""
    scope = Scope(workspace.id, due_run.scope_id or None, private_members)
    found = queries.detect_mentors(session, scope, due_run.period, settings=settings)
    chosen = found.candidates[: settings.credits_a_period]
    return RunResult(
        found,
        [
            (
                standing,
                queries.marked_asks(
                    session,
                    scope,
                    standing.member,
                    days=found.window_days,
                    until=due_run.period.until,
                    settings=settings,
                ),
            )
            for standing in chosen
        ],
    )


def record(
    session: Session,
    workspace: Workspace,
    due_run: DueRun,
    result: RunResult,
    *,
    settings: MentorSettings,
    now: datetime,
) -> None:
    """Write down what was found, and promise to tell; only the first to come does.

    Who else looked at the same period, here or in another replica, finds the round.
    """
    taken = session.scalar(
        upsert(session, MentorRun)
        .values(
            installation_id=workspace.id,
            period=due_run.period.day,
            scope_id=due_run.scope_id,
            looked_at=now,
            credits=len(result.credits),
        )
        .on_conflict_do_nothing()
        .returning(MentorRun.scope_id)
    )
    if taken is None:
        return
    # Somebody may have opted out, or been credited elsewhere, since we looked.
    out = exclusions.excluded_members(
        session, workspace.id, due_run.period.day, settings=settings
    )
    for standing, evidence in result.credits:
        if standing.member not in out and evidence:
            credit = Credit(
                installation_id=workspace.id,
                member=standing.member,
                period=due_run.period.day,
                credited_at=now,
                channel_id=_announcement_channel(session, evidence),
                window_days=result.detection.window_days,
                messages=standing.messages,
                all_messages=result.detection.all_messages,
                helpfulness=standing.helpfulness,
                expected=standing.expected,
                score=standing.score,
            )
            create(session, workspace, credit, evidence, now=now)
    for ring in result.detection.rings:
        _alert_ring(session, workspace, due_run, ring, settings=settings, now=now)


def _announcement_channel(
    session: Session, marked_asks: Sequence[MarkedAsk]
) -> int | None:
    """The channel of most of the evidence, of those in which the bot may speak.

    Of several with as much, that of the latest answer.
    """
    count: dict[int, int] = {}
    latest: dict[int, str] = {}
    for seen in marked_asks:
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


def _alert_ring(
    session: Session,
    workspace: Workspace,
    due_run: DueRun,
    ring: Ring,
    *,
    settings: MentorSettings,
    now: datetime,
) -> None:
    """Tell the leads, privately, but not each week anew."""
    lately = due_run.period.day - timedelta(days=settings.rest_days)
    known = session.scalar(
        select(MentorRingAlert.period)
        .where(
            MentorRingAlert.installation_id == workspace.id,
            MentorRingAlert.member == ring.member,
            MentorRingAlert.period > lately,
        )
        .limit(1)
    )
    if known is not None:
        return
    session.add(
        MentorRingAlert(
            installation_id=workspace.id,
            member=ring.member,
            period=due_run.period.day,
            marks=ring.marks,
            marks_from_ring=ring.marks_from_ring,
            ring=list(ring.people),
        )
    )
    noted = session.scalars(
        select(Member.id).filter_by(installation_id=workspace.id, slack_id=ring.member)
    ).one()
    for lead in workspace_settings.program_leads(session, workspace.id):
        enqueue.enqueue(
            session,
            "mentor.ring",
            noted,
            lead,
            installation_id=workspace.id,
            now=now,
            due=next_contact_time(session, workspace.id, lead, now=now),
            payload={"period": due_run.period.day.isoformat()},
            occurrence=due_run.period.day.isoformat(),
        )
