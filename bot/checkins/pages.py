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
from bot.checkins.blocks import Missed, Planned, day, moment
from bot.checkins.calendar import Occurrence
from bot.checkins.forms import Preview
from bot.checkins.plans import Draft, Plan
from bot.errors import Refusal
from bot.members import service as members
from bot.members.rules import Action
from bot.runtime import Workspace
from models import Channel, Round, Schedule

_MOST_MISSED = 3
_MOST_LEFT_OUT = 4
_LATELY = timedelta(days=30)


def form(session: Session, channel: Channel, *, by: str, now: datetime) -> View:
    """To set up another check-in in the channel. Raises Refusal."""
    members.permit(session, channel, Action.SET_UP, by, now=now)
    if schedules.count(session, channel) >= schedules.MOST_IN_A_CHANNEL:
        raise Refusal(schedules.FULL)
    member = members.find(session, channel.installation_id, by)
    zone = zones.zone(member.tz if member else None) or ZoneInfo("UTC")
    draft = Draft(
        question=plans.QUESTION,
        hint=plans.HINT,
        reflections="",
        every="week",
        weekdays=("1",),
        at="09:00",
        zone=zone.key,
        starts_on=zones.local_date(now, zone).isoformat(),
        skips="",
        holidays_of="",
        open_days=str(plans.OPEN_DAYS),
        nudge_after=str(plans.NUDGE_AFTER),
    )
    return forms.plan_form(channel.slack_id, None, draft)


def form_again(session: Session, schedule: Schedule, *, now: datetime) -> View:
    """To change a check-in."""
    channel = session.get_one(Channel, schedule.channel_id)
    today = zones.local_date(now, ZoneInfo(schedule.zone))
    draft = plans.redrawn(schedules.plan_of(schedule), today=today)
    return forms.plan_form(channel.slack_id, schedule.id, draft)


def preview(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    schedule_id: int | None,
    draft: Draft,
    *,
    by: str,
    now: datetime,
) -> View:
    """When it would come, before it is saved.

    Raises Refusal, with the field, for what makes no sense.
    """
    members.permit(session, channel, Action.SET_UP, by, now=now)
    made = schedules.checked(draft, now)
    taken: frozenset[date] = frozenset()
    if schedule_id is not None:
        schedule = schedules.found(session, workspace, schedule_id, by=by, now=now)
        taken = agenda.taken(session, schedule.id, made.at, made.zone, now=now)
    coming = _coming(made, taken, now)
    if not coming:
        raise Refusal("No day is left on which it would come.", field="skips")
    _remind_in_time(made, coming)
    coming = coming[: forms.MOST_SHOWN]
    return forms.preview(
        channel.slack_id,
        schedule_id,
        plans.redrawn(made, today=zones.local_date(now, made.zone)),
        Preview(
            question=made.question,
            hint=made.hint,
            rhythm=calendar.describe(made.rhythm, made.at, made.zone.key),
            times=[_in_full(one, made.zone) for one in coming],
            left_out=list(_left_out(made, coming[-1].day, now)),
            rest=_rest(made),
            zone=_warning(coming[0], made.zone),
        ),
    )


def _coming(made: Plan, taken: frozenset[date], now: datetime) -> list[Occurrence]:
    """Those that are shown, and the one that ends the last of them."""
    following = calendar.upcoming(made.rhythm, made.at, made.zone, now=now, taken=taken)
    return list(islice(following, forms.MOST_SHOWN + 1))


def _remind_in_time(made: Plan, coming: Sequence[Occurrence]) -> None:
    """Raises Refusal where one of these closes before anybody is reminded of it."""
    if made.nudge_after is None:
        return
    after = timedelta(hours=made.nudge_after)
    for one, then in zip(coming[: forms.MOST_SHOWN], [*coming[1:], None], strict=False):
        closes_at = calendar.closes_at(one, made.open_days, made.zone, then)
        if one.at + after >= closes_at:
            raise Refusal(
                f"The round of {day(one.day)} closes before the reminder. Choose"
                " fewer hours, or Never.",
                field="nudge_after",
            )


def _in_full(one: Occurrence, zone: ZoneInfo) -> str:
    local = one.at.astimezone(zone)
    return forms.time_of(local.date(), f"{local:%H:%M}")


def _left_out(made: Plan, last: date, now: datetime) -> Iterator[str]:
    """Until the last date that is shown."""
    today = zones.local_date(now, made.zone)
    out = calendar.left_out(made.rhythm, today, last)
    for one, why in islice(out, _MOST_LEFT_OUT):
        yield day(one) if why == calendar.SKIPPED else f"{day(one)}, {why}"


def _warning(one: Occurrence, zone: ZoneInfo) -> str:
    if not zones.is_fixed(zone.key):
        return ""
    offset = f"{one.at.astimezone(zone):%z}"
    return (
        f"{zone.key} is always UTC{offset[:3]}:{offset[3:]}. Its clocks never"
        " change for summer time. To follow a place's clocks, go back and choose one"
        " such as America/New_York."
    )


def _rest(made: Plan) -> str:
    days = "1 day" if made.open_days == 1 else f"{made.open_days} days"
    said = f"Open for {days} each time, or until the next one."
    if made.nudge_after is None:
        return f"{said} Nobody is reminded."
    return (
        f"{said} Those who joined and have not shared are reminded once, after"
        f" {made.nudge_after} hours."
    )


def section(session: Session, channel: Channel, now: datetime) -> Sequence[Block]:
    """The channel's check-ins, in its settings."""
    kept = session.scalars(schedules.in_channel(channel)).all()
    called = members.names(session, channel.installation_id, [s.owner for s in kept])
    return blocks.planned(
        [_planned(session, one, called[one.owner], now) for one in kept],
        may_add=len(kept) < schedules.MOST_IN_A_CHANNEL,
    )


def _planned(
    session: Session, schedule: Schedule, owner: str, now: datetime
) -> Planned:
    zone = ZoneInfo(schedule.zone)
    made = schedules.plan_of(schedule)
    coming: list[Occurrence] = []
    if schedule.state == "on":
        following = agenda.coming(session, schedule, now=now)
        coming = list(islice(following, forms.MOST_SHOWN))
    missed = session.scalars(
        select(Round)
        .where(
            Round.schedule_id == schedule.id,
            Round.state.in_(("skipped", "failed")),
            Round.due_at > now - _LATELY,
        )
        .order_by(Round.local_date.desc())
        .limit(_MOST_MISSED)
    )
    return Planned(
        id=schedule.id,
        question=schedule.question,
        rhythm=calendar.describe(made.rhythm, made.at, schedule.zone),
        paused=_paused(schedule),
        times=[moment(one.at, zone) for one in coming],
        missed=[
            Missed(day(one.local_date), notes.why_skipped(one.reason)) for one in missed
        ],
        left_out=list(_left_out(made, coming[-1].day, now)) if coming else [],
        owner=owner,
    )


def _paused(schedule: Schedule) -> str:
    if schedule.state != "paused":
        return ""
    if schedule.paused_because is None:
        return "Paused."
    return f"Paused: the channel {notes.why_paused(schedule.paused_because)}."
