"""The views that set a check-in up, its section in settings, and the last rounds."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import timezones
from bot.checkins import forms, list_blocks, notes, plan, rules, schedules, service
from bot.checkins.blocks import format_date, format_local_time
from bot.checkins.forms import Preview
from bot.checkins.list_blocks import MissedDate, PastRound, ScheduleView
from bot.checkins.plan import ScheduleForm, ScheduleSpec
from bot.checkins.rules import Occurrence
from bot.errors import UserError
from bot.permissions import MANAGE_CHANNEL
from bot.runtime import Transaction, Workspace
from bot.slack import rich_text
from bot.slack.text import is_erased, permalink
from bot.workspace import members, roles
from models import Channel, CheckIn, Round, Schedule

_MAX_MISSED = 3
_MAX_EXCLUSIONS = 4
_MISSED_WITHIN = timedelta(days=30)


def new_form(tx: Transaction, channel: Channel, *, by: str) -> View:
    """Return the form for a new check-in in the channel.

    Raises UserError, and MembershipUnknown.
    """
    roles.authorize(tx, channel, MANAGE_CHANNEL, by)
    if service.count(tx.session, channel) >= service.MAX_PER_CHANNEL:
        raise UserError(service.FULL)
    member = members.find(tx, by)
    zone = timezones.get_or_utc(member.tz if member else None)
    draft = ScheduleForm(
        question=plan.DEFAULT_QUESTION,
        hint=plan.DEFAULT_HINT,
        reflections="",
        every="week",
        weekdays=("1",),
        at="09:00",
        zone=zone.key,
        starts_on=timezones.local_date(tx.now, zone).isoformat(),
        skips="",
        holidays_of="",
        open_days=str(plan.DEFAULT_OPEN_DAYS),
        nudge_after=str(plan.DEFAULT_REMIND_AFTER),
    )
    return forms.plan_form(channel.slack_id, None, draft)


def edit_form(tx: Transaction, schedule: Schedule) -> View:
    """Return the form to change a check-in."""
    channel = tx.session.get_one(Channel, schedule.channel_id)
    today = timezones.local_date(tx.now, ZoneInfo(schedule.zone))
    draft = plan.to_form(service.spec_of(schedule), today=today)
    return forms.plan_form(channel.slack_id, schedule.id, draft)


def preview(
    tx: Transaction,
    channel: Channel,
    schedule_id: int | None,
    form: ScheduleForm,
    *,
    by: str,
) -> View:
    """Return the preview of a submitted form, with the next times.

    Raises UserError, with the field, if a value is invalid, and MembershipUnknown.
    """
    roles.authorize(tx, channel, MANAGE_CHANNEL, by)
    spec = service.validate(form, tx.now)
    used_dates: frozenset[date] = frozenset()
    if schedule_id is not None:
        schedule = service.get(tx, schedule_id, by=by)
        used_dates = schedules.used_dates(tx, schedule.id, spec.at, spec.zone)
    upcoming = _upcoming(spec, used_dates, tx.now)
    if not upcoming:
        raise UserError("You've skipped all its dates. Skip fewer.", field="skips")
    _check_reminder_time(spec, upcoming)
    upcoming = upcoming[: forms.MAX_SHOWN]
    return forms.preview(
        channel.slack_id,
        schedule_id,
        plan.to_form(spec, today=timezones.local_date(tx.now, spec.zone)),
        Preview(
            question=spec.question,
            hint=spec.hint,
            recurrence=rules.describe_recurrence(
                spec.recurrence, spec.at, spec.zone.key
            ),
            next_times=[
                _format_occurrence(occurrence, spec.zone) for occurrence in upcoming
            ],
            excluded=list(_exclusions(spec, upcoming[-1].day, tx.now)),
            summary=_summary(spec),
            zone_note=_zone_note(upcoming[0], spec.zone),
        ),
    )


def _upcoming(
    spec: ScheduleSpec, used_dates: frozenset[date], now: datetime
) -> list[Occurrence]:
    """Return the next occurrences: those to show, and one more, which ends the last."""
    occurrences = rules.upcoming(
        spec.recurrence, spec.at, spec.zone, now=now, used_dates=used_dates
    )
    return list(islice(occurrences, forms.MAX_SHOWN + 1))


def _check_reminder_time(spec: ScheduleSpec, upcoming: Sequence[Occurrence]) -> None:
    """Raise UserError if one of the occurrences closes before its reminder."""
    if spec.remind_after is None:
        return
    delay = timedelta(hours=spec.remind_after)
    for occurrence, next_occurrence in zip(
        upcoming[: forms.MAX_SHOWN], [*upcoming[1:], None], strict=False
    ):
        closes_at = rules.closing_time(
            occurrence, spec.open_days, spec.zone, next_occurrence
        )
        if occurrence.at + delay >= closes_at:
            raise UserError(
                f"The round of {format_date(occurrence.day)} closes before the"
                " reminder. Choose fewer hours, or Never.",
                field="nudge_after",
            )


def _format_occurrence(occurrence: Occurrence, zone: ZoneInfo) -> str:
    local = occurrence.at.astimezone(zone)
    return forms.format_future_time(local.date(), f"{local:%H:%M}")


def _exclusions(spec: ScheduleSpec, last: date, now: datetime) -> Iterator[str]:
    """Yield the first skipped dates up to `last`, with the holiday's name."""
    today = timezones.local_date(now, spec.zone)
    exclusions = rules.exclusions(spec.recurrence, today, last)
    for day, reason in islice(exclusions, _MAX_EXCLUSIONS):
        yield (
            format_date(day)
            if reason == rules.MANUAL_SKIP
            else f"{format_date(day)}, {reason}"
        )


def _zone_note(occurrence: Occurrence, zone: ZoneInfo) -> str:
    if not timezones.is_fixed_offset(zone.key):
        return ""
    offset = f"{occurrence.at.astimezone(zone):%z}"
    return (
        f"{zone.key} is always UTC{offset[:3]}:{offset[3:]}. Its clocks never"
        " change for summer time. To follow a place's clocks, go back and choose one"
        " such as America/New_York."
    )


def _summary(spec: ScheduleSpec) -> str:
    days = "1 day" if spec.open_days == 1 else f"{spec.open_days} days"
    text = f"Open for {days} each time, or until the next one."
    if spec.remind_after is None:
        return f"{text} Nobody gets a reminder."
    return (
        f"{text} People who joined but haven't shared get one reminder, after"
        f" {spec.remind_after} hours."
    )


def section(tx: Transaction, channel: Channel) -> Sequence[Block]:
    """Return the section of a channel's settings with its check-ins."""
    rows = tx.session.scalars(service.in_channel(channel)).all()
    names = members.names(tx, [schedule.owner for schedule in rows])
    return list_blocks.schedule_list(
        [_schedule_view(tx, schedule, names[schedule.owner]) for schedule in rows],
        may_add=len(rows) < service.MAX_PER_CHANNEL,
    )


def _schedule_view(tx: Transaction, schedule: Schedule, owner: str) -> ScheduleView:
    zone = ZoneInfo(schedule.zone)
    spec = service.spec_of(schedule)
    upcoming: list[Occurrence] = []
    if schedule.state == "on":
        occurrences = schedules.upcoming(tx, schedule)
        upcoming = list(islice(occurrences, forms.MAX_SHOWN))
    missed = tx.session.scalars(
        select(Round)
        .where(
            Round.schedule_id == schedule.id,
            Round.state.in_(("skipped", "failed")),
            Round.due_at > tx.now - _MISSED_WITHIN,
        )
        .order_by(Round.local_date.desc())
        .limit(_MAX_MISSED)
    )
    return ScheduleView(
        id=schedule.id,
        question=schedule.question,
        recurrence=rules.describe_recurrence(spec.recurrence, spec.at, schedule.zone),
        pause_note=_pause_note(schedule),
        next_times=[format_local_time(occurrence.at, zone) for occurrence in upcoming],
        missed=[
            MissedDate(
                format_date(round_.local_date), notes.skip_reason_text(round_.reason)
            )
            for round_ in missed
        ],
        excluded=list(_exclusions(spec, upcoming[-1].day, tx.now)) if upcoming else [],
        owner=owner,
    )


def _pause_note(schedule: Schedule) -> str:
    if schedule.state != "paused":
        return ""
    if schedule.pause_reason is None:
        return "Paused."
    return f"Paused: the channel {notes.pause_reason_text(schedule.pause_reason)}."


_MAX_ROUNDS = 12


def overview(tx: Transaction, channel: Channel) -> View:
    """Return the view of the channel's last rounds, for a member of the channel."""
    rounds = tx.session.execute(
        select(Round, Schedule)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(Round.channel_id == channel.id)
        .order_by(Round.due_at.desc(), Round.id.desc())
        .limit(_MAX_ROUNDS)
    ).all()
    sharers = _sharers_by_round(tx.session, [row.Round.id for row in rounds])
    names = members.names(
        tx, {person for people in sharers.values() for person in people}
    )
    return list_blocks.overview(
        channel.name,
        [
            _past_round(
                tx.workspace,
                channel,
                round_,
                ZoneInfo(schedule.zone),
                [names[person] for person in sharers.get(round_.id, ())],
            )
            for round_, schedule in rounds
        ],
    )


def _sharers_by_round(session: Session, rounds: Sequence[int]) -> dict[int, list[str]]:
    """Return the members who shared in each round, in order of their first action."""
    people: dict[int, list[str]] = {}
    for row in session.execute(
        select(CheckIn.round_id, CheckIn.member)
        .where(CheckIn.round_id.in_(rounds), CheckIn.state == "shared")
        .order_by(CheckIn.id)
    ):
        if not is_erased(row.member):
            people.setdefault(row.round_id, []).append(row.member)
    return people


def _past_round(
    workspace: Workspace,
    channel: Channel,
    round_: Round,
    zone: ZoneInfo,
    shared_by: Sequence[str],
) -> PastRound:
    has_post = round_.state in {"open", "closed"}
    return PastRound(
        day=format_date(round_.local_date),
        question=round_.question,
        url=permalink(workspace.team_url, channel.slack_id, round_.ts)
        if round_.ts
        else "",
        shared_by=shared_by,
        until=rich_text.date_token(round_.closes_at, zone)
        if round_.state == "open"
        else "",
        skip_reason="" if has_post else notes.skip_reason_text(round_.reason),
    )
