"""The pages on which a check-in is set up, and what a channel's settings show of it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import zones
from bot.checkins import agenda, blocks, calendar, forms, notes, plans, schedules
from bot.checkins.blocks import MissedDate, ScheduleView, format_date, format_local_time
from bot.checkins.calendar import Occurrence
from bot.checkins.forms import Preview
from bot.checkins.plans import ScheduleForm, ScheduleSpec
from bot.errors import UserError
from bot.members import service as members
from bot.members.rules import Action
from bot.runtime import Workspace
from models import Channel, Round, Schedule

_MOST_MISSED = 3
_MOST_LEFT_OUT = 4
_MISSED_WITHIN = timedelta(days=30)


def new_form(session: Session, channel: Channel, *, by: str, now: datetime) -> View:
    """To set up another check-in in the channel. Raises Refusal."""
    members.authorize(session, channel, Action.MANAGE_CHANNEL, by, now=now)
    if schedules.count(session, channel) >= schedules.MOST_IN_A_CHANNEL:
        raise UserError(schedules.FULL)
    member = members.find(session, channel.installation_id, by)
    zone = zones.get(member.tz if member else None) or ZoneInfo("UTC")
    draft = ScheduleForm(
        question=plans.DEFAULT_QUESTION,
        hint=plans.DEFAULT_HINT,
        reflections="",
        every="week",
        weekdays=("1",),
        at="09:00",
        zone=zone.key,
        starts_on=zones.local_date(now, zone).isoformat(),
        skips="",
        holidays_of="",
        open_days=str(plans.DEFAULT_OPEN_DAYS),
        nudge_after=str(plans.DEFAULT_REMIND_AFTER),
    )
    return forms.plan_form(channel.slack_id, None, draft)


def edit_form(session: Session, schedule: Schedule, *, now: datetime) -> View:
    """To change a check-in."""
    channel = session.get_one(Channel, schedule.channel_id)
    today = zones.local_date(now, ZoneInfo(schedule.zone))
    draft = plans.to_form(schedules.spec_of(schedule), today=today)
    return forms.plan_form(channel.slack_id, schedule.id, draft)


def preview(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    schedule_id: int | None,
    form: ScheduleForm,
    *,
    by: str,
    now: datetime,
) -> View:
    """When it would come, before it is saved.

    Raises Refusal, with the field, for what makes no sense.
    """
    members.authorize(session, channel, Action.MANAGE_CHANNEL, by, now=now)
    made = schedules.validate(form, now)
    taken: frozenset[date] = frozenset()
    if schedule_id is not None:
        schedule = schedules.get(session, workspace, schedule_id, by=by, now=now)
        taken = agenda.used_dates(session, schedule.id, made.at, made.zone, now=now)
    coming = _upcoming(made, taken, now)
    if not coming:
        raise UserError("No day is left on which it would come.", field="skips")
    _check_reminder_time(made, coming)
    coming = coming[: forms.MOST_SHOWN]
    return forms.preview(
        channel.slack_id,
        schedule_id,
        plans.to_form(made, today=zones.local_date(now, made.zone)),
        Preview(
            question=made.question,
            hint=made.hint,
            recurrence=calendar.describe(made.recurrence, made.at, made.zone.key),
            next_times=[_format_occurrence(one, made.zone) for one in coming],
            excluded=list(_exclusions(made, coming[-1].day, now)),
            summary=_summary(made),
            zone_note=_zone_note(coming[0], made.zone),
        ),
    )


def _upcoming(
    spec: ScheduleSpec, used_dates: frozenset[date], now: datetime
) -> list[Occurrence]:
    """Those that are shown, and the one that ends the last of them."""
    following = calendar.upcoming(
        spec.recurrence, spec.at, spec.zone, now=now, used_dates=used_dates
    )
    return list(islice(following, forms.MOST_SHOWN + 1))


def _check_reminder_time(spec: ScheduleSpec, upcoming: Sequence[Occurrence]) -> None:
    """Raises Refusal where one of these closes before anybody is reminded of it."""
    if spec.remind_after is None:
        return
    after = timedelta(hours=spec.remind_after)
    for one, then in zip(
        upcoming[: forms.MOST_SHOWN], [*upcoming[1:], None], strict=False
    ):
        closes_at = calendar.closing_time(one, spec.open_days, spec.zone, then)
        if one.at + after >= closes_at:
            raise UserError(
                f"The round of {format_date(one.day)} closes before the reminder. Choose"
                " fewer hours, or Never.",
                field="nudge_after",
            )


def _format_occurrence(occurrence: Occurrence, zone: ZoneInfo) -> str:
    local = occurrence.at.astimezone(zone)
    return forms.format_future_time(local.date(), f"{local:%H:%M}")


def _exclusions(spec: ScheduleSpec, last: date, now: datetime) -> Iterator[str]:
    """Until the last date that is shown."""
    today = zones.local_date(now, spec.zone)
    out = calendar.exclusions(spec.recurrence, today, last)
    for one, why in islice(out, _MOST_LEFT_OUT):
        yield (
            format_date(one)
            if why == calendar.MANUAL_SKIP
            else f"{format_date(one)}, {why}"
        )


def _zone_note(occurrence: Occurrence, zone: ZoneInfo) -> str:
    if not zones.is_fixed_offset(zone.key):
        return ""
    offset = f"{occurrence.at.astimezone(zone):%z}"
    return (
        f"{zone.key} is always UTC{offset[:3]}:{offset[3:]}. Its clocks never"
        " change for summer time. To follow a place's clocks, go back and choose one"
        " such as America/New_York."
    )


def _summary(spec: ScheduleSpec) -> str:
    days = "1 day" if spec.open_days == 1 else f"{spec.open_days} days"
    said = f"Open for {days} each time, or until the next one."
    if spec.remind_after is None:
        return f"{said} Nobody is reminded."
    return (
        f"{said} Those who joined and have not shared are reminded once, after"
        f" {spec.remind_after} hours."
    )


def section(session: Session, channel: Channel, now: datetime) -> Sequence[Block]:
    """The channel's check-ins, in its settings."""
    kept = session.scalars(schedules.in_channel(channel)).all()
    called = members.names(session, channel.installation_id, [s.owner for s in kept])
    return blocks.schedule_list(
        [_schedule_view(session, one, called[one.owner], now) for one in kept],
        may_add=len(kept) < schedules.MOST_IN_A_CHANNEL,
    )


def _schedule_view(
    session: Session, schedule: Schedule, owner: str, now: datetime
) -> ScheduleView:
    zone = ZoneInfo(schedule.zone)
    made = schedules.spec_of(schedule)
    coming: list[Occurrence] = []
    if schedule.state == "on":
        following = agenda.upcoming(session, schedule, now=now)
        coming = list(islice(following, forms.MOST_SHOWN))
    missed = session.scalars(
        select(Round)
        .where(
            Round.schedule_id == schedule.id,
            Round.state.in_(("skipped", "failed")),
            Round.due_at > now - _MISSED_WITHIN,
        )
        .order_by(Round.local_date.desc())
        .limit(_MOST_MISSED)
    )
    return ScheduleView(
        id=schedule.id,
        question=schedule.question,
        recurrence=calendar.describe(made.recurrence, made.at, schedule.zone),
        pause_note=_pause_note(schedule),
        next_times=[format_local_time(one.at, zone) for one in coming],
        missed=[
            MissedDate(format_date(one.local_date), notes.skip_reason_text(one.reason))
            for one in missed
        ],
        excluded=list(_exclusions(made, coming[-1].day, now)) if coming else [],
        owner=owner,
    )


def _pause_note(schedule: Schedule) -> str:
    if schedule.state != "paused":
        return ""
    if schedule.paused_because is None:
        return "Paused."
    return f"Paused: the channel {notes.pause_reason_text(schedule.paused_because)}."
