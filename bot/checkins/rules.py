"""Rules of check-ins: their dates, and each member's response and state. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot import public_holidays, timezones
from bot.errors import UserError
from bot.slack.text import sanitize, to_mrkdwn, truncate

MAX_ANSWER_LENGTH = 1000
# Reminders stop after this many missed rounds in a row.
MISSES_BEFORE_STOP = 3
# Every multiple of this many rounds in a row is celebrated.
STREAK = 10
# The search for dates ends here: skips may leave no date at all.
HORIZON = timedelta(days=800)
POST_GRACE = timedelta(hours=6)
# The exclusion reason for a date in `skips`.
MANUAL_SKIP = "left out"
_DAY = timedelta(days=1)

State = Literal["pending", "shared", "missed", "away"]
Every = Literal["week", "two weeks", "month"]


@dataclass(frozen=True, slots=True)
class Response:
    """The answers of the form to share, as mrkdwn; "" for an empty one."""

    working_on: str = ""
    stuck_on: str = ""
    proud_of: str = ""
    reflection: str = ""


def parse_response(
    working_on: str, stuck_on: str, proud_of: str, reflection: str = ""
) -> Response:
    """Convert typed text to a response. Raises UserError if it is too long or empty."""
    typed = {
        "working_on": working_on,
        "stuck_on": stuck_on,
        "proud_of": proud_of,
        "reflection": reflection,
    }
    too_long = [name for name, text in typed.items() if len(text) > MAX_ANSWER_LENGTH]
    if too_long:
        message = f"At most {MAX_ANSWER_LENGTH} characters, please."
        raise UserError(message, field_errors=dict.fromkeys(too_long, message))
    response = Response(
        **{
            name: to_mrkdwn(truncate(sanitize(text), MAX_ANSWER_LENGTH))
            for name, text in typed.items()
        }
    )
    if response == Response():
        raise UserError(
            "Write a few words in at least one of these.", field="working_on"
        )
    return response


@dataclass(frozen=True, slots=True)
class Membership:
    """A member's participation in a check-in.

    `joined_at` is the first time of joining; `left_at` the last time of leaving, None
    while active.
    """

    is_active: bool = False
    joined_at: datetime | None = None
    left_at: datetime | None = None

    def was_active_at(self, at: datetime) -> bool:
        """Return True if the member had joined by then, and not left for good."""
        if self.joined_at is None or self.joined_at > at:
            return False
        return self.is_active or (self.left_at is not None and self.left_at > at)


NOT_A_PARTICIPANT = Membership()


def derive_state(
    membership: Membership,
    *,
    has_text: bool,
    # True if the member has a reply in the thread, and may take part.
    has_replied: bool,
    is_open: bool,
    closes_at: datetime,
    is_away: bool,
) -> State | None:
    """Derive a member's state in a round, or None if they have none.

    1. A response or a reply counts as shared, even if the member has not joined: the
       post invites all members of the channel.
    2. Only participants can be pending, missed or away. After the round has closed, the
       members who were participants at its end count.
    """
    if has_text or has_replied:
        return "shared"
    if is_open:
        return "pending" if membership.is_active else None
    if not membership.was_active_at(closes_at):
        return None
    return "away" if is_away else "missed"


def should_stop_reminders(latest: Sequence[State]) -> bool:
    """Return True if the member missed the last MISSES_BEFORE_STOP rounds.

    `latest` has the states of the member's rounds, the latest first. Rounds in which
    they were away do not count.
    """
    states = [state for state in latest if state != "away"][:MISSES_BEFORE_STOP]
    return len(states) == MISSES_BEFORE_STOP and set(states) == {"missed"}


def streak(latest: Iterable[State | None]) -> int:
    """Count the rounds in a row in which the member shared; the latest comes first.

    A round in which they were away does not end the row; a round without a state (None)
    does.
    """
    count = 0
    for state in latest:
        if state == "shared":
            count += 1
        elif state != "away":
            return count
    return count


def is_milestone(count: int) -> bool:
    return count > 0 and count % STREAK == 0


def next_reflection(questions: Sequence[str], rounds_before: int) -> str:
    """Return the reflection question of the next round, or "" without questions."""
    return questions[rounds_before % len(questions)] if questions else ""


# The position of a weekday in the month; every month has these.
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule for local dates, with its exceptions.

    `weekdays` are ISO weekdays, 1 is Monday; `nth` is a key of NTH if `every` is
    "month". "two weeks" counts from the week of the first such weekday on or after
    `starts_on`.
    """

    every: Every
    weekdays: frozenset[int]
    starts_on: date
    nth: int | None = None
    skips: frozenset[date] = field(default_factory=frozenset)
    # An ISO 3166 country or part of one: "DE", "DE-BY".
    holidays_of: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A due local date, and its time in UTC."""

    day: date
    at: datetime


def due_dates(recurrence: Recurrence, first: date) -> Iterator[date]:
    """Yield the due dates from `first` on, in order, up to HORIZON."""
    for day in _candidate_dates(recurrence, first):
        if exclusion_reason(recurrence, day) is None:
            yield day


def exclusions(
    recurrence: Recurrence, first: date, last: date
) -> Iterator[tuple[date, str]]:
    """Yield excluded dates between `first` and `last`, each with the reason."""
    for day in _candidate_dates(recurrence, first):
        if day > last:
            return
        reason = exclusion_reason(recurrence, day)
        if reason is not None:
            yield day, reason


def exclusion_reason(recurrence: Recurrence, day: date) -> str | None:
    """Return MANUAL_SKIP or the holiday's name; None if the date is not excluded."""
    if day in recurrence.skips:
        return MANUAL_SKIP
    if recurrence.holidays_of is not None:
        return public_holidays.holidays(recurrence.holidays_of, day.year).get(day)
    return None


def occurrences(
    recurrence: Recurrence, at: time, zone: ZoneInfo, first: date
) -> Iterator[Occurrence]:
    """Yield the occurrences from the local date `first` on, in order."""
    for day in due_dates(recurrence, first):
        yield Occurrence(day, timezones.to_utc(datetime.combine(day, at), zone))


def upcoming(
    recurrence: Recurrence,
    at: time,
    zone: ZoneInfo,
    *,
    now: datetime,
    used_dates: frozenset[date] = frozenset(),
) -> Iterator[Occurrence]:
    """Yield the occurrences after `now`, except on `used_dates` (local dates)."""
    # A time that the clocks skip may fall on the day after its date.
    first = timezones.local_date(now, zone) - _DAY
    for occurrence in occurrences(recurrence, at, zone, first):
        if occurrence.at > now and occurrence.day not in used_dates:
            yield occurrence


def post_deadline(occurrence: Occurrence, zone: ZoneInfo) -> datetime:
    """Return the post's deadline (UTC): POST_GRACE late or the local midnight."""
    _, midnight = timezones.day_bounds(occurrence.at, zone)
    return min(occurrence.at + POST_GRACE, midnight)


def closing_time(
    occurrence: Occurrence,
    open_days: int,
    zone: ZoneInfo,
    next_occurrence: Occurrence | None,
) -> datetime:
    """Return the end (UTC) of a round: after `open_days`, at the same local time.

    It ends earlier if the next occurrence is due before that.
    """
    local = occurrence.at.astimezone(zone).replace(tzinfo=None)
    end = timezones.to_utc(local + open_days * _DAY, zone)
    return end if next_occurrence is None else min(end, next_occurrence.at)


def _candidate_dates(recurrence: Recurrence, first: date) -> Iterator[date]:
    """Yield the dates of the rule, including excluded ones."""
    day = max(first, recurrence.starts_on)
    last = day + HORIZON
    start = _first_monday(recurrence)
    while day <= last:
        if day.isoweekday() in recurrence.weekdays and _matches(recurrence, day, start):
            yield day
        day += _DAY


def _matches(recurrence: Recurrence, day: date, first_monday: date) -> bool:
    match recurrence.every:
        case "week":
            return True
        case "two weeks":
            return (_monday(day) - first_monday).days % 14 == 0
        case "month" if recurrence.nth == -1:
            return (day + 7 * _DAY).month != day.month
        case "month":
            return (day.day - 1) // 7 + 1 == recurrence.nth


def _first_monday(recurrence: Recurrence) -> date:
    """Return the Monday of the week with the first due weekday."""
    day = recurrence.starts_on
    while day.isoweekday() not in recurrence.weekdays:
        day += _DAY
    return _monday(day)


def _monday(day: date) -> date:
    return day - (day.isoweekday() - 1) * _DAY


def describe_recurrence(recurrence: Recurrence, at: time, zone: str) -> str:
    """Return a text such as "Every Monday and Friday at 09:00, Europe/Berlin"."""
    days = [WEEKDAYS[number - 1] for number in sorted(recurrence.weekdays)]
    day_list = ", ".join(days[:-1]) + f" and {days[-1]}" if len(days) > 1 else days[0]
    match recurrence.every:
        case "week" if len(days) == len(WEEKDAYS):
            text = "Every day"
        case "week":
            text = f"Every {day_list}"
        case "two weeks":
            text = f"Every second week on {day_list}"
        case "month":
            text = f"The {NTH[recurrence.nth or 1]} {day_list} of each month"
    return f"{text} at {at:%H:%M}, {zone}"
