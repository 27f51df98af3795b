"""Rules of pairs: presses that arrive in any order give one state. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot import public_holidays, timezones

# After so many rounds without an answer, the bot pauses it.
SILENT_ROUNDS = 3
# A round that could not be formed at its time is formed within this time, or left out.
GRACE = timedelta(days=1)
# A changed weekday moves the next round by at most so much.
MOVED_BY = timedelta(days=3)
# Someone whose match can't come gets another one within this time.
REMATCH_FOR = timedelta(days=5)
REMIND_AFTER_WORKING_DAYS = 3
ASK_AFTER = timedelta(days=10)
ASK_AGAIN_AFTER = timedelta(days=5)


class Answer(StrEnum):
    """An answer before the meeting."""

    TIME = "time"
    CANT = "cant"


class Outcome(StrEnum):
    """An answer to the question whether they met."""

    MET = "met"
    NOT_YET = "not_yet"
    WONT = "wont"


class Fit(StrEnum):
    """A private answer to the question whether it was a good match."""

    YES = "yes"
    SO_SO = "so_so"
    NO = "no"


class State(StrEnum):
    OPEN = "open"
    MET = "met"
    # Someone can't come, and fewer than two are left.
    CANCELLED = "cancelled"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a member of a match: the latest press of each kind counts."""

    answer: str | None = None
    answer_micros: int = 0
    outcome: str | None = None
    outcome_micros: int = 0
    fit: str | None = None
    fit_micros: int = 0

    @property
    def is_silent(self) -> bool:
        return self.answer is None and self.outcome is None and self.fit is None


def press(answers: Answers, choice: Answer | Outcome | Fit, micros: int) -> Answers:
    """Return the answers after a press.

    The latest press wins, whatever order they arrive in. Someone who can't come stays
    out of this match: the other may be meeting someone else by then.
    """
    match choice:
        case Answer():
            if not _wins(answers.answer, answers.answer_micros, choice, micros):
                return answers
            return replace(answers, answer=choice, answer_micros=micros)
        case Outcome():
            if not _wins(answers.outcome, answers.outcome_micros, choice, micros):
                return answers
            return replace(answers, outcome=choice, outcome_micros=micros)
        case Fit():
            if not _wins(answers.fit, answers.fit_micros, choice, micros):
                return answers
            return replace(answers, fit=choice, fit_micros=micros)


def _wins(before: str | None, before_micros: int, choice: str, micros: int) -> bool:
    is_final = choice == Answer.CANT, before == Answer.CANT
    return (is_final[0], micros, choice) > (is_final[1], before_micros, before or "")


def staying(members: Mapping[str, Answers]) -> list[str]:
    """Return those who have not said that they can't come."""
    return [each for each, own in members.items() if own.answer != Answer.CANT]


def state(members: Mapping[str, Answers]) -> State:
    """Return the state of a match. That they met counts whatever anyone said before.

    One of them is enough to say that they met, or that they won't.
    """
    outcomes = {own.outcome for own in members.values()}
    if Outcome.MET in outcomes:
        return State.MET
    if len(staying(members)) < 2:  # noqa: PLR2004 - nobody is left to meet
        return State.CANCELLED
    return State.OVER if Outcome.WONT in outcomes else State.OPEN


# Rounds


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The days of rounds, and the hour at which each member gets the introduction."""

    weeks: int = 2
    # Monday is 0.
    weekday: int = 1
    hour: int = 10

    def starts_at(self, day: date, zones: Collection[ZoneInfo]) -> datetime:
        """Return the time (UTC) at which the hour comes in the first of the zones."""
        return min(self.local_time(day, zone) for zone in zones or [ZoneInfo("UTC")])

    def local_time(self, day: date, zone: ZoneInfo) -> datetime:
        return timezones.to_utc(datetime.combine(day, time(self.hour)), zone)

    def next_day(
        self, last: date | None, now: datetime, zones: Collection[ZoneInfo]
    ) -> date:
        """Return the day of the next round, or of one that should have begun.

        `last` is the day of the last round. A changed weekday moves the next round by
        at most three days. A round that is late by more than GRACE is left out.
        """
        earliest = now.date() - timedelta(days=2)
        if last is not None:
            # The weekday that is nearest to the full number of weeks.
            earliest = last + timedelta(weeks=self.weeks) - MOVED_BY
        day = earliest + timedelta(days=(self.weekday - earliest.weekday()) % 7)
        while self.starts_at(day, zones) + GRACE <= now:
            day += timedelta(weeks=1)
        return day


def is_too_early(day: date, last: date, weeks: int) -> bool:
    """Return True if fewer than so many weeks have passed since the last round.

    A changed weekday moves rounds by up to three days.
    """
    return day < last + timedelta(weeks=weeks) - MOVED_BY


def remind_at(
    start: datetime, zone: ZoneInfo, holidays_of: str | None = None
) -> datetime:
    """Return the same time of day, so many working days later.

    `holidays_of` is the place whose public holidays are no working days.
    """
    local = start.astimezone(zone)
    day, left = local.date(), REMIND_AFTER_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= not public_holidays.is_day_off(day, holidays_of)
    return timezones.to_utc(
        datetime.combine(day, local.time().replace(tzinfo=None)), zone
    )
