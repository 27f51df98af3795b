"""Rules of seasons and circles: states, limits, times and calendars. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from bot import public_holidays, timezones
from bot.matching.people import Person, meeting_times

MAX_BRINGS = 200
MAX_THEME = 100
MAX_LANGUAGE = 40
MAX_GOAL = 140
MAX_LINK = 300
MIN_MEETINGS, MAX_MEETINGS = 3, 24
MAX_WEEKS_BETWEEN = 8
MINUTES = (30, 45, 60, 90)
MAX_SIGNUP_DAYS = 60
# Without an answer in so many working hours, three days, a place goes to the next.
WORKING_HOURS_TO_TAKE = 24.0
# An invitation that can't be sent for so long, because they are away, is withdrawn.
WORKING_HOURS_TO_REACH = 40.0
# After so long, two days, anyone in a circle may choose its time.
WORKING_HOURS_TO_CHOOSE = 16.0
# A lead who has not invited by then is reminded.
WORKING_HOURS_TO_INVITE = 16.0
# The first meeting is in the first two weeks.
_FIRST_DAYS = 14
_PROPOSALS = 3

# The parts of a day in which hours may never work, as in the form.
PARTS = {"early": range(11), "midday": range(11, 14), "late": range(14, 24)}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


class State(StrEnum):
    """The state of a season, which derives from its times."""

    SIGN_UP = "sign up"
    # Sign-up is over, and the job forms circles within seconds.
    FORMING = "forming"
    # Leads look at the circles; nobody is invited yet.
    PREVIEW = "preview"
    RUNNING = "running"
    ENDED = "ended"


class Times(Protocol):
    """The columns of a season that its state derives from."""

    @property
    def signup_ends_at(self) -> datetime: ...
    @property
    def ends_on(self) -> date: ...
    @property
    def formed_at(self) -> datetime | None: ...
    @property
    def invited_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...


def state(season: Times, now: datetime) -> State:
    """Return the season's state; its last day is one of UTC."""
    if season.ended_at is not None or season.ends_on < now.date():
        return State.ENDED
    if season.invited_at is not None:
        return State.RUNNING
    if season.formed_at is not None:
        return State.PREVIEW
    return State.SIGN_UP if now < season.signup_ends_at else State.FORMING


@dataclass(frozen=True, slots=True)
class Draft:
    """The values of a new season; `theme` and `language` are mrkdwn."""

    theme: str
    language: str
    starts_on: date
    signup_days: int
    meetings: int
    weeks_between: int
    minutes: int
    is_in_writing: bool
    format: str
    holidays_of: str | None
    # Questions for the meetings, as bot.circles.lead_questions reads them.
    questions: str


def last_day(starts_on: date, meetings: int, weeks_between: int) -> date:
    """Return the last day (UTC) of a season whose circles begin in its first two weeks.

    One that meets later makes it longer (bot/circles/endings.py).
    """
    weeks = (meetings - 1) * weeks_between
    return starts_on + timedelta(days=_FIRST_DAYS, weeks=weeks)


def parse_never(chosen: Iterable[str]) -> list[str]:
    """Return the parts of weekdays among the chosen values, in order: "0-early"."""
    known = [f"{day}-{part}" for day in range(len(WEEKDAYS)) for part in PARTS]
    values = set(chosen)
    return [value for value in known if value in values]


def never_hours(never: Iterable[str]) -> frozenset[tuple[int, int]]:
    """Return the hours, as (weekday, hour), of parts of weekdays."""
    return frozenset(
        (int(day), hour)
        for value in never
        for day, _, part in [value.partition("-")]
        for hour in PARTS.get(part, ())
    )


# The times of meetings


def common_zone(zones: Iterable[ZoneInfo | None]) -> ZoneInfo:
    """Return the zone of most people; the first by name of several, or UTC."""
    counts = Counter(zone.key for zone in zones if zone is not None)
    name = min(counts, key=lambda key: (-counts[key], key), default="UTC")
    return timezones.get_or_utc(name)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Times (UTC) of a first meeting, and whether they suit everyone or only most."""

    times: tuple[datetime, ...]
    suits_all: bool


def proposal(
    people: Sequence[Person],
    zone: ZoneInfo,
    first_day: date,
    minutes: int,
    *,
    holidays_of: str | None = None,
    dates_of: Callable[[datetime], Sequence[datetime]] = lambda at: [at],
) -> Proposal:
    """Return three times on different weekdays, which suit as many as possible.

    They are on whole hours of the circle's zone, in the first two weeks, those near the
    middle of the day first. `dates_of` returns all times at which the circle meets if
    it first meets at this one.
    """
    best: dict[int, tuple[int, datetime]] = {}
    for ahead in range(_FIRST_DAYS):
        day = first_day + timedelta(days=ahead)
        if public_holidays.is_day_off(day, holidays_of):
            continue
        noon = timezones.to_utc(datetime.combine(day, time(12)), zone)
        free = [meeting_times(person, noon) for person in people]
        for hour in sorted(range(7, 21), key=lambda hour: (abs(hour - 11), hour)):
            at = timezones.to_utc(datetime.combine(day, time(hour)), zone)
            quarters = _quarters(at, minutes)
            dates = dates_of(at)
            count = sum(
                all(own >> each & 1 for each in quarters)
                and not is_busy(person.busy, dates, minutes)
                for person, own in zip(people, free, strict=True)
            )
            if count > best.get(day.weekday(), (-1, at))[0]:
                best[day.weekday()] = count, at
    most = max((count for count, _ in best.values()), default=0)
    times = sorted(at for count, at in best.values() if count == most)
    return Proposal(tuple(times[:_PROPOSALS]), suits_all=most == len(people))


def _quarters(at: datetime, minutes: int) -> list[int]:
    """Return the quarters of an hour of UTC's week from which an hour must be free."""
    first = at.weekday() * 96 + at.hour * 4 + at.minute // 15
    beyond = max(0, minutes - 60) // 15
    return [(first + each) % (7 * 96) for each in {0, beyond}]


def can_meet(person: Person, dates: Sequence[datetime], minutes: int) -> bool:
    """Return True if a circle that meets at these times suits the person.

    The first time is within the person's hours, and at none have they another meeting.
    """
    free = meeting_times(person, dates[0])
    return all(free >> each & 1 for each in _quarters(dates[0], minutes)) and (
        not is_busy(person.busy, dates, minutes)
    )


def is_busy(
    spans: Collection[tuple[datetime, datetime]],
    dates: Iterable[datetime],
    minutes: int,
) -> bool:
    """Return True if a meeting at one of the times overlaps one of these meetings."""
    length = timedelta(minutes=minutes)
    return bool(spans) and any(
        at < end and start < at + length for at in dates for start, end in spans
    )


# Calendars


@dataclass(frozen=True, slots=True)
class Calendar:
    """The meetings of a circle, for a calendar; texts are plain."""

    circle_id: int
    title: str
    description: str
    dates: Sequence[datetime]
    minutes: int
    # Counts the changes: calendars replace events by those of a higher version.
    version: int
    changed_at: datetime


def ics(calendar: Calendar) -> bytes:
    """Return an iCalendar file (RFC 5545) with one event for each meeting."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Backswing//Circles//EN"]
    for number, at in enumerate(calendar.dates, start=1):
        end = at + timedelta(minutes=calendar.minutes)
        lines += [
            "BEGIN:VEVENT",
            f"UID:circle-{calendar.circle_id}-{number}@backswing",
            f"SEQUENCE:{calendar.version}",
            f"DTSTAMP:{_stamp(calendar.changed_at)}",
            f"DTSTART:{_stamp(at)}",
            f"DTEND:{_stamp(end)}",
            f"SUMMARY:{_escaped(calendar.title)}",
            *(
                [f"DESCRIPTION:{_escaped(calendar.description)}"]
                if calendar.description
                else []
            ),
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for char in "\\;,":
        text = text.replace(char, f"\\{char}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Fold a line after at most 75 bytes, never within a character."""
    parts, size = [""], 0
    for char in line:
        length = len(char.encode())
        if size + length > 74:  # noqa: PLR2004 - the next line begins with a space
            parts.append("")
            size = 0
        parts[-1] += char
        size += length
    return "\r\n ".join(parts)


# Moves and merges


def move_decision(people: Collection[str], answers: Mapping[str, bool]) -> bool | None:
    """Return True if more than half say yes, False if half say no, else None."""
    yes = sum(answers.get(each) is True for each in people)
    no = sum(answers.get(each) is False for each in people)
    if 2 * yes > len(people):
        return True
    return False if 2 * no >= len(people) else None


def merge_decision(
    circles: Sequence[Sequence[str]],
    movers: Collection[str],
    answers: Mapping[str, bool],
) -> bool | None:
    """Return True if both circles want the merge, False if one does not, else None.

    A circle wants it if at least half of it says yes, and does not if more than half
    says no. Those who would move to the other circle decide for themselves.
    """
    if any(answers.get(each) is False for each in movers):
        return False
    for circle in circles:
        noes = sum(answers.get(each) is False for each in circle)
        if 2 * noes > len(circle):
            return False
    is_wanted = all(
        2 * sum(answers.get(each) is True for each in circle) >= len(circle)
        for circle in circles
    )
    return True if is_wanted and all(answers.get(each) for each in movers) else None
