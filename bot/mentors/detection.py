"""The weekly detection run: find due runs, run the detection, store its result once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from bot import timezones
from bot.config.mentors import MentorSettings
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert
from bot.mentors import exclusions, periods, queries
from bot.mentors.credit_store import create
from bot.mentors.message_kinds import MENTOR_RING_ALERT
from bot.mentors.periods import Period
from bot.mentors.queries import MarkedAsk, PrivateMembers, Scope
from bot.mentors.rules import Candidate, DetectionResult, Ring
from bot.runtime import Transaction
from bot.workspace import leads
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
    """A run that is due. `scope_id` is a channel's row id, or 0 for the workspace."""

    period: Period
    scope_id: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run: credits with their evidence, and rings."""

    detection: DetectionResult
    credits: Sequence[tuple[Candidate, Sequence[MarkedAsk]]]


def due_runs(tx: Transaction, *, settings: MentorSettings) -> list[DueRun]:
    """Return the runs that are due, for the workspace or for each channel.

    None are due until the stored data covers the shortest window.
    """
    scope = search_scope(tx)
    period = periods.last_period(tx.now, workspace_zone(tx), settings)
    if scope == "off" or period is None:
        return []
    shortest_window = timedelta(days=settings.windows_days[0])
    if period.day - shortest_window < _data_since(tx):
        return []
    scope_ids = (
        [0]
        if scope == "workspace"
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
    finished_scope_ids = set(
        tx.session.scalars(
            select(MentorRun.scope_id).filter_by(
                installation_id=tx.workspace.id, period=period.day
            )
        )
    )
    return [
        DueRun(period, scope_id)
        for scope_id in scope_ids
        if scope_id not in finished_scope_ids
    ]


def without_run(installation_id: InstallationId, now: Time) -> Select[Installation]:
    """Select the installation if a run may be due: it had none in the last days.

    A period takes a week, and its local day is up to a day from that of UTC.
    """
    row = aliased(Installation)
    has_run = exists().where(
        MentorRun.installation_id == row.id,
        MentorRun.scope_id == 0,
        MentorRun.period > (now - timedelta(days=5)).date(),
    )
    return select(row).where(row.id == installation_id, ~has_run)


def next_run_at(tx: Transaction, *, settings: MentorSettings) -> datetime | None:
    """Return the UTC time of the current period's end; None if detection is off."""
    if search_scope(tx) == "off":
        return None
    zone = workspace_zone(tx)
    day = periods.period_of(tx.now, zone, settings)
    return timezones.to_utc(datetime.combine(day, time(settings.hour)), zone)


def _data_since(tx: Transaction) -> date:
    """Return the first day with data: of the installation, or of imported messages."""
    installed_on = tx.session.get_one(Installation, tx.workspace.id).installed_at.date()
    first_day = tx.session.scalar(
        select(MessageCount.day)
        .join(Channel, Channel.id == MessageCount.channel_id)
        .where(Channel.installation_id == tx.workspace.id)
        .order_by(MessageCount.day)
        .limit(1)
    )
    return installed_on if first_day is None else min(installed_on, first_day)


def search_scope(tx: Transaction) -> str:
    """Return the scope: "workspace", "channels" (a run for each), or "off"."""
    row = tx.session.get(MentorWorkspaceSettings, tx.workspace.id)
    return row.scope if row is not None else "workspace"


def workspace_zone(tx: Transaction) -> ZoneInfo:
    """Return the zone of most of the workspace's members; UTC if none is known."""
    rows = tx.session.execute(
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
    zones = (timezones.get(row.tz) for row in rows)
    return next(filter(None, zones), ZoneInfo("UTC"))


def can_post(channel: Channel) -> bool:
    return channel.is_joined and not channel.is_archived and not channel.is_read_only


def private_channels(tx: Transaction) -> dict[int, str]:
    """Return Slack's ids of the private channels in scope, by row id.

    The caller fetches their members from Slack, and passes them to `run`.
    """
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
    """Run the detection without changing anything; `record` stores the result."""
    scope = Scope(tx.workspace.id, due_run.scope_id or None, private_members)
    result = queries.detect_mentors(tx, scope, due_run.period, settings=settings)
    candidates = result.candidates[: settings.credits_per_period]
    return RunResult(
        result,
        [
            (
                candidate,
                queries.marked_asks(
                    tx.session,
                    scope,
                    candidate.member,
                    days=result.window_days,
                    until=due_run.period.until,
                    settings=settings,
                ),
            )
            for candidate in candidates
        ],
    )


def record(
    tx: Transaction, due_run: DueRun, result: RunResult, *, settings: MentorSettings
) -> None:
    """Store a run's result and enqueue its messages, unless another replica did."""
    new_run = tx.session.scalar(
        upsert(tx.session, MentorRun)
        .values(
            installation_id=tx.workspace.id,
            period=due_run.period.day,
            scope_id=due_run.scope_id,
            credits=len(result.credits),
        )
        .on_conflict_do_nothing()
        .returning(MentorRun.scope_id)
    )
    if new_run is None:
        return
    # Members may have opted out, or been credited in another scope, since the run.
    excluded = exclusions.excluded_members(tx, due_run.period.day, settings=settings)
    for candidate, evidence in result.credits:
        if candidate.member not in excluded and evidence:
            credit = Credit(
                installation_id=tx.workspace.id,
                member=candidate.member,
                period=due_run.period.day,
                credited_at=tx.now,
                channel_id=_announcement_channel(tx.session, evidence),
                window_days=result.detection.window_days,
                messages=candidate.messages,
                all_messages=result.detection.all_messages,
                helpfulness=candidate.helpfulness,
                expected=candidate.expected,
                score=candidate.score,
            )
            create(tx, credit, evidence)
    for ring in result.detection.rings:
        _alert_ring(tx, due_run, ring, settings=settings)


def _announcement_channel(
    session: Session, marked_asks: Sequence[MarkedAsk]
) -> int | None:
    """Return the channel with most of the evidence, among those the bot can post in.

    Ties go to the channel with the latest answer. None if there is no such channel.
    """
    counts: dict[int, int] = {}
    latest: dict[int, str] = {}
    for marked_ask in marked_asks:
        channel_id = marked_ask.channel_id
        counts[channel_id] = counts.get(channel_id, 0) + 1
        latest[channel_id] = max(latest.get(channel_id, ""), marked_ask.answer_ts)
    channel_ids = session.scalars(
        select(Channel.id).where(
            Channel.id.in_(counts),
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
            Channel.is_read_only.is_(False),
        )
    )
    return max(
        channel_ids,
        key=lambda channel: (counts[channel], latest[channel]),
        default=None,
    )


def _alert_ring(
    tx: Transaction, due_run: DueRun, ring: Ring, *, settings: MentorSettings
) -> None:
    """Alert the program leads to a ring, unless they were within `cooldown_days`."""
    cooldown_start = due_run.period.day - timedelta(days=settings.cooldown_days)
    recent_alert = tx.session.scalar(
        select(MentorRingAlert.period)
        .where(
            MentorRingAlert.installation_id == tx.workspace.id,
            MentorRingAlert.member == ring.member,
            MentorRingAlert.period > cooldown_start,
        )
        .limit(1)
    )
    if recent_alert is not None:
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
    member_id = tx.session.scalars(
        select(Member.id).filter_by(
            installation_id=tx.workspace.id, slack_id=ring.member
        )
    ).one()
    for lead in leads.program_leads(tx):
        tx.enqueue(
            MENTOR_RING_ALERT,
            member_id,
            to=lead,
            send_at=next_contact_time(tx, lead),
            payload={"period": due_run.period.day.isoformat()},
            occurrence=due_run.period.day.isoformat(),
        )
