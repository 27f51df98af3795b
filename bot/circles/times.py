"""The times of a circle: proposed, chosen by its facilitator, and in calendars."""

from dataclasses import replace
from datetime import datetime, timedelta

from slack_sdk.models.views import View
from sqlalchemy import select

from bot import timezones
from bot.circles import (
    candidates,
    meeting_plans,
    page_forms,
    roster,
    rules,
    service,
    signups,
    wishes,
)
from bot.circles import meeting_store as store
from bot.circles.meeting_times import all_dates, first_of
from bot.circles.message_kinds import CIRCLE_CALENDAR
from bot.circles.rules import Proposal
from bot.circles.vote_rules import Answer
from bot.clock import EPOCH
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.outbox.enqueue import WANTED
from bot.runtime import Transaction
from bot.workspace import members
from models import Circle, CircleMeeting

NOT_YOURS = "The person who runs the next meeting chooses the time."
OTHER_TIMES = "That time is no longer among those that suit you. Open the form again."


def proposed(tx: Transaction, circle: Circle) -> Proposal:
    """Return times (UTC) at which those in the circle can meet first."""
    season = service.season_of(tx, circle)
    present = set(service.people_in(tx, circle))
    rows = signups.of(tx, season, present)
    zone = service.zone_of(circle)
    tomorrow = timezones.local_date(tx.now, zone) + timedelta(days=1)
    people = candidates.load(tx, season, rows)
    first = max(season.starts_on, tomorrow)
    number = _next_number(tx, circle)
    recurrence = store.recurrence_of(tx, circle)

    def dates_of(at: datetime) -> list[datetime]:
        starts_at = first_of(at, zone, number, recurrence.weeks_between)
        return all_dates(starts_at, zone, recurrence)[number - 1 :]

    return rules.proposal(
        people,
        zone,
        first,
        season.minutes,
        holidays_of=season.holidays_of,
        dates_of=dates_of,
    )


def _next_number(tx: Transaction, circle: Circle) -> int:
    meeting = store.ahead(tx, circle.id)
    return meeting.number if meeting is not None else 1


def form(tx: Transaction, circle: Circle, *, by: str) -> View:
    """Return the form of the circle's goal, link and time. Raises UserError."""
    service.require_in(tx, circle, by)
    own = _proposal(tx, circle, by)
    return page_forms.circle_form(
        circle.id,
        times=own.times,
        suits_all=own.suits_all,
        chosen=circle.starts_at,
        zone=members.zone(tx, by),
        goal=circle.goal,
        call_link=circle.call_link,
        is_next=wishes.wants(tx, circle, Answer.TIME),
    )


def _proposal(tx: Transaction, circle: Circle, by: str) -> Proposal:
    """Return the times from which the member may choose for the next meeting.

    There are none once the first meeting is announced, unless the circle decided to
    look for another time; and none while it meets.
    """
    none = Proposal((), suits_all=True)
    if not service.may_choose_time(tx, circle, by):
        return none
    if wishes.wants(tx, circle, Answer.TIME):
        return none if store.is_meeting(tx, circle.id) else proposed(tx, circle)
    is_announced = tx.session.scalar(
        select(CircleMeeting.id)
        .where(
            CircleMeeting.circle_id == circle.id,
            CircleMeeting.announced_at.is_not(None) | (CircleMeeting.number > 1),
        )
        .limit(1)
    )
    if is_announced is not None:
        return none
    result = proposed(tx, circle)
    if circle.starts_at is None or circle.starts_at <= tx.now:
        return result
    times = tuple(sorted({circle.starts_at, *result.times}))
    return replace(result, times=times)


def change(
    tx: Transaction,
    circle: Circle,
    values: FormValues,
    *,
    by: str,
    shown: object = None,
) -> None:
    """Store the goal, link and time that differ from what the form has `shown`.

    The caller has locked the circle. Raises UserError, with the field.
    """
    service.require_in(tx, circle, by)
    changes = page_forms.read_changes(values, shown)
    seconds = changes.time
    if changes.goal is not None:
        circle.goal = changes.goal
    if changes.call_link is not None:
        circle.call_link = changes.call_link
    if seconds is None:
        return
    # Two circles with a member in common choose one after the other.
    members.lock_all(tx, service.people_in(tx, circle))
    at = next(
        (each for each in _proposal(tx, circle, by).times if _seconds(each) == seconds),
        None,
    )
    if at is None:
        may_choose = service.may_choose_time(tx, circle, by)
        raise UserError(OTHER_TIMES if may_choose else NOT_YOURS, field=page_forms.TIME)
    if at == circle.starts_at:
        return
    _move_to(tx, circle, at)
    roster.refresh(tx, circle)
    for member in sorted(service.people_in(tx, circle)):
        send_calendar(tx, circle, member)


def _move_to(tx: Transaction, circle: Circle, at: datetime) -> None:
    """Let the circle's next meeting be at `at`, and the later ones accordingly."""
    season = service.season_of(tx, circle)
    number = _next_number(tx, circle)
    zone = service.zone_of(circle)
    circle.starts_at = first_of(at, zone, number, season.weeks_between)
    circle.calendar_version += 1
    wishes.end(tx, circle)
    tx.session.flush()
    meeting_plans.replan(tx, circle)


def _seconds(at: datetime) -> int:
    return int((at - EPOCH).total_seconds())


def request_calendar(
    tx: Transaction, circle: Circle, *, by: str, occurrence: str
) -> None:
    """Send the calendar file again. Raises UserError for all others."""
    service.require_in(tx, circle, by)
    send_calendar(tx, circle, by, occurrence=occurrence, is_wanted=True)


def send_calendar(
    tx: Transaction,
    circle: Circle,
    member: str,
    *,
    occurrence: str = "",
    is_wanted: bool = False,
) -> None:
    """Send the calendar file, if there is a time; each version once by default.

    If the member asked for it, it is sent at whatever time.
    """
    if circle.starts_at is None:
        return
    tx.enqueue(
        CIRCLE_CALENDAR,
        circle.id,
        to=member,
        payload={WANTED: True} if is_wanted else None,
        occurrence=occurrence or str(circle.calendar_version),
    )


def calendar(tx: Transaction, circle: Circle, title: str) -> bytes:
    """Return the circle's calendar file."""
    season = service.season_of(tx, circle)
    return rules.ics(
        rules.Calendar(
            circle.id,
            title,
            circle.call_link,
            service.dates(tx, circle),
            season.minutes,
            circle.calendar_version,
            tx.now,
        )
    )
