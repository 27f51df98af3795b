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
from bot.mentors.message_kinds import MENTOR_RING_ALERT
from bot.mentors.periods import Period
from bot.mentors.queries import MarkedAsk, PrivateMembers, Scope
from bot.mentors.rules import Candidate, DetectionResult, Ring
from bot.runtime import Transaction
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
    """The result of a run: credits with their evidence, and rings."""

    detection: DetectionResult
    credits: Sequence[tuple[Candidate, Sequence[MarkedAsk]]]


def due_runs(tx: Transaction, *, settings: MentorSettings) -> list[DueRun]:
    """The looks to take now."""
    where = search_scope(tx)
    period = periods.last_period(tx.now, workspace_zone(tx), settings)
    if where == "off" or period is None:
        return []
    shortest = timedelta(days=settings.windows_days[0])
    if period.day - shortest < _data_since(tx):
        return []
    places = (
        [0]
        if where == "workspace"
        else tx.session.scalars(
            select(Channel.id)
            .filter_by(
                installation_id=tx.workspace.id,
                is_joined=True,
                is_archived=False,
                detects_mentors=True,
            )
            .order_by(Channel.id)
        ).all()
    )
    taken = set(
        tx.session.scalars(
            select(MentorRun.scope_id).filter_by(
                installation_id=tx.workspace.id, period=period.day
            )
        )
    )
    return [DueRun(period, place) for place in places if place not in taken]


def next_run_at(tx: Transaction, *, settings: MentorSettings) -> datetime | None:
    """Return the UTC instant at which the present period ends; None if nobody looks."""
    if search_scope(tx) == "off":
        return None
    here = workspace_zone(tx)
    day = periods.period_of(tx.now, here, settings)
    return timezones.to_utc(datetime.combine(day, time(settings.hour)), here)


def _data_since(tx: Transaction) -> date:
    """The day on which the bot came, or from which on an export tells who wrote."""
    came = tx.session.get_one(Installation, tx.workspace.id).installed_at.date()
    first_day = tx.session.scalar(
        select(MessageCount.day)
        .join(Channel, Channel.id == MessageCount.channel_id)
        .where(Channel.installation_id == tx.workspace.id)
        .order_by(MessageCount.day)
        .limit(1)
    )
    return came if first_day is None else min(came, first_day)


def search_scope(tx: Transaction) -> str:
    """Return the scope: "workspace", "channels" (each by itself), or "off"."""
    row = tx.session.get(MentorWorkspaceSettings, tx.workspace.id)
    return row.scope if row is not None else "workspace"


def workspace_zone(tx: Transaction) -> ZoneInfo:
    """The zone that most people of the workspace are in."""
    most = tx.session.execute(
        select(Member.tz, func.count())
        .where(
            Member.installation_id == tx.workspace.id,
            Member.tz.is_not(None),
            Member.is_bot.is_(False),
            Member.is_deactivated.is_(False),
            Member.is_external.is_(False),
        )
        .group_by(Member.tz)
        .order_by(func.count().desc(), Member.tz)
    ).all()
    known = (timezones.get(row.tz) for row in most)
    return next(filter(None, known), ZoneInfo("UTC"))


def private_channels(tx: Transaction) -> dict[int, str]:
    """The private channels whose members have to be asked for, by their rows' ids."""
    rows = tx.session.execute(
        select(Channel.id, Channel.slack_id).filter_by(
            installation_id=tx.workspace.id,
            is_private=True,
            is_joined=True,
            is_archived=False,
            detects_mentors=True,
        )
    )
    return {row.id: row.slack_id for row in rows}


def run(
    tx: Transaction,
    due_run: DueRun,
    private_members: PrivateMembers,
    *,
    settings: MentorSettings,
) -> RunResult:
    """Find out whom to credit; changes nothing."""
    scope = Scope(tx.workspace.id, due_run.scope_id or None, private_members)
    detected = queries.detect_mentors(tx, scope, due_run.period, settings=settings)
    chosen = detected.candidates[: settings.credits_per_period]
    return RunResult(
        detected,
        [
            (
                standing,
                queries.marked_asks(
                    tx.session,
                    scope,
                    standing.member,
                    days=detected.window_days,
                    until=due_run.period.until,
                    settings=settings,
                ),
            )
            for standing in chosen
        ],
    )


def record(
    tx: Transaction, due_run: DueRun, result: RunResult, *, settings: MentorSettings
) -> None:
    """Store a run's result and enqueue its messages, unless another run did.

    Another run for the same period, here or in another replica, finds the row.
    """
    taken = tx.session.scalar(
        upsert(tx.session, MentorRun)
        .values(
            installation_id=tx.workspace.id,
            period=due_run.period.day,
            scope_id=due_run.scope_id,
            ran_at=tx.now,
            credits=len(result.credits),
        )
        .on_conflict_do_nothing()
        .returning(MentorRun.scope_id)
    )
    if taken is None:
        return
    # Somebody may have opted out, or been credited elsewhere, since we looked.
    out = exclusions.excluded_members(tx, due_run.period.day, settings=settings)
    for standing, evidence in result.credits:
        if standing.member not in out and evidence:
            credit = Credit(
                installation_id=tx.workspace.id,
                member=standing.member,
                period=due_run.period.day,
                credited_at=tx.now,
                channel_id=_announcement_channel(tx.session, evidence),
                window_days=result.detection.window_days,
                messages=standing.messages,
                all_messages=result.detection.all_messages,
                helpfulness=standing.helpfulness,
                expected=standing.expected,
                score=standing.score,
            )
            create(tx, credit, evidence)
    for ring in result.detection.rings:
        _alert_ring(tx, due_run, ring, settings=settings)


def _announcement_channel(
    session: Session, marked_asks: Sequence[MarkedAsk]
) -> int | None:
    """The channel of most of the evidence, of those in which the bot may speak.

    Of several with as much, that of the latest answer.
    """
    count: dict[int, int] = {}
    latest: dict[int, str] = {}
    for marked_ask in marked_asks:
        place = marked_ask.channel_id
        count[place] = count.get(place, 0) + 1
        latest[place] = max(latest.get(place, ""), marked_ask.answer_ts)
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
    tx: Transaction, due_run: DueRun, ring: Ring, *, settings: MentorSettings
) -> None:
    """Tell the leads, privately, but not each week anew."""
    lately = due_run.period.day - timedelta(days=settings.cooldown_days)
    known = tx.session.scalar(
        select(MentorRingAlert.period)
        .where(
            MentorRingAlert.installation_id == tx.workspace.id,
            MentorRingAlert.member == ring.member,
            MentorRingAlert.period > lately,
        )
        .limit(1)
    )
    if known is not None:
        return
    tx.session.add(
        MentorRingAlert(
            installation_id=tx.workspace.id,
            member=ring.member,
            period=due_run.period.day,
            marks=ring.marks,
            marks_from_ring=ring.marks_from_ring,
            ring=list(ring.people),
        )
    )
    noted = tx.session.scalars(
        select(Member.id).filter_by(
            installation_id=tx.workspace.id, slack_id=ring.member
        )
    ).one()
    for lead in workspace_settings.program_leads(tx):
        tx.enqueue(
            MENTOR_RING_ALERT,
            noted,
            to=lead,
            send_at=next_contact_time(tx, lead),
            payload={"period": due_run.period.day.isoformat()},
            occurrence=due_run.period.day.isoformat(),
        )
