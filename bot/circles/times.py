"""The times of a circle: proposed, chosen by its facilitator, and in calendars."""

from datetime import datetime

from slack_sdk.models.views import View

from bot.circles import candidates, forms, roster, rules, service, signups
from bot.circles.message_kinds import CIRCLE_CALENDAR
from bot.clock import EPOCH
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.runtime import Transaction
from bot.workspace import members
from models import Circle

NOT_YOURS = "Only the person who runs the next meeting chooses the time."
OTHER_TIMES = "All can no longer meet then. Open the form again for other times."


def proposed(tx: Transaction, circle: Circle) -> list[datetime]:
    """Return up to three times (UTC) at which all in the circle can meet."""
    season = service.season_of(tx, circle)
    if season.is_in_writing:
        return []
    present = set(service.people_in(tx, circle))
    rows = signups.of(tx, season, present)
    zone = service.zone_of(circle)
    tomorrow = tx.now.astimezone(zone).date().toordinal() + 1
    first = max(season.starts_on, season.starts_on.fromordinal(tomorrow))
    people = candidates.load(tx, season, rows)
    return rules.proposed_times(people, zone, first, season.minutes)


def form(tx: Transaction, circle: Circle, *, by: str) -> View:
    """Return the form of the circle's goal, link and time. Raises UserError."""
    service.require_in(tx, circle, by)
    times = _times(tx, circle, by)
    return forms.circle_form(
        circle.id,
        times=times,
        chosen=circle.starts_at,
        zone=members.zone(tx, by),
        goal=circle.goal,
        call_link=circle.call_link,
    )


def _times(tx: Transaction, circle: Circle, by: str) -> list[datetime]:
    """Return the times from which the member may choose."""
    has_begun = circle.starts_at is not None and circle.starts_at <= tx.now
    if has_begun or service.facilitator(tx, circle) != by:
        return []
    times = proposed(tx, circle)
    if circle.starts_at is not None:
        times = sorted({circle.starts_at, *times})
    return times


def change(tx: Transaction, circle: Circle, values: FormValues, *, by: str) -> None:
    """Store the goal, link and time; the caller has locked the circle.

    Raises UserError, with the field.
    """
    service.require_in(tx, circle, by)
    goal, link = forms.read_circle(values)
    seconds = forms.chosen_time(values)
    circle.goal, circle.call_link = goal, link
    if seconds is None:
        return
    at = next(
        (each for each in _times(tx, circle, by) if _seconds(each) == seconds), None
    )
    if at is None:
        is_own = service.facilitator(tx, circle) == by
        raise UserError(OTHER_TIMES if is_own else NOT_YOURS, field=forms.TIME)
    if at == circle.starts_at:
        return
    circle.starts_at = at
    circle.calendar_version += 1
    tx.session.flush()
    roster.refresh(tx, circle)
    for member in sorted(service.people_in(tx, circle)):
        send_calendar(tx, circle, member, occurrence=str(circle.calendar_version))


def _seconds(at: datetime) -> int:
    return int((at - EPOCH).total_seconds())


def request_calendar(
    tx: Transaction, circle: Circle, *, by: str, occurrence: str
) -> None:
    """Send the calendar file again. Raises UserError for all others."""
    service.require_in(tx, circle, by)
    send_calendar(tx, circle, by, occurrence=occurrence)


def send_calendar(
    tx: Transaction, circle: Circle, member: str, *, occurrence: str
) -> None:
    tx.enqueue(CIRCLE_CALENDAR, circle.id, to=member, occurrence=occurrence)


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
