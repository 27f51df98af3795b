"""Rules of exchanges: their states, room for new ones, and their dates. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot import timezones

MAX_PROPOSED = 3
# A question that got no yes is over then; it counts from the peer's next hours.
ANSWER_WITHIN = timedelta(days=10)
# Two who have not agreed by then have no exchange.
AGREE_WITHIN = timedelta(days=28)
REMIND_TO_AGREE_AFTER = timedelta(days=7)
NEW_ONE_EVERY = timedelta(days=30)
# Someone whom a member asked in vain is proposed again after this time.
PROPOSE_AGAIN_AFTER = timedelta(days=90)
KEEP_TEXTS_FOR = timedelta(days=90)
# So long after its end an exchange or a question is deleted, with a no.
KEEP_FOR = timedelta(days=365)
# After the end, members can say for so long what they got.
LOOK_BACK_FOR = timedelta(days=30)
LAST_QUESTION_BEFORE = timedelta(days=7)

ASK_AGAIN_AFTER = timedelta(days=7)

LENGTH = timedelta(weeks=12)
MIN_LENGTH, MAX_LENGTH = timedelta(weeks=2), timedelta(weeks=26)
WEEKS_BETWEEN = (1, 2, 3, 4)
MAX_HOURS, DEFAULT_HOURS = 40, 4
MAX_LIMIT, DEFAULT_LIMIT = 5, 2
MAX_TEXT, MAX_LINE = 500, 150

_MIN_MEETINGS_FOR_MIDPOINT = 4
# A question comes some days before or after the reminder of a meeting.
_FIRST_QUESTION_BEFORE = timedelta(days=4)
_MIDPOINT_AFTER = timedelta(days=3)


class State(StrEnum):
    ASKED = "asked"
    # The peer said yes, and the two write their agreement.
    DRAFT = "draft"
    RUNNING = "running"
    ENDED = "ended"


class Answer(StrEnum):
    YES = "yes"
    NOT_NOW = "not_now"
    NOT_THIS = "not_this"
    # The asker took the question back.
    TAKEN_BACK = "taken_back"


class First(StrEnum):
    """An answer after the first meeting."""

    GOOD = "good"
    NOT_SURE = "not_sure"
    NOT_FOR_ME = "not_for_me"


class Midpoint(StrEnum):
    GOOD = "good"
    CHANGE = "change"


def state(
    begun_at: datetime | None,
    agreed_at: datetime | None,
    ends_at: datetime,
    now: datetime,
) -> State:
    if now >= ends_at:
        return State.ENDED
    if begun_at is None:
        return State.ASKED
    return State.DRAFT if agreed_at is None else State.RUNNING


def answer(
    before: str | None, before_micros: int, choice: Answer, micros: int
) -> tuple[str | None, int]:
    """Return the answer after a press: the latest one wins, but a yes stays.

    The other acts on a yes. A member who regrets it ends the exchange.
    """
    rank = choice == Answer.YES, micros, choice
    if rank > (before == Answer.YES, before_micros, before or ""):
        return choice, micros
    return before, before_micros


@dataclass(frozen=True, slots=True)
class Load:
    """The exchanges of a member that have begun."""

    is_in: bool
    max_exchanges: int
    # The number of those that have not ended, and the time of the last beginning.
    live: int = 0
    last_begun_at: datetime | None = None

    def has_room(self, now: datetime) -> bool:
        """Return True if the member may begin another exchange."""
        return self.is_in and not self.is_full and self.next_at(now) <= now

    @property
    def is_full(self) -> bool:
        return self.live >= self.max_exchanges

    def next_at(self, now: datetime) -> datetime:
        """Return the time from which they may begin one, full or not."""
        if self.last_begun_at is None:
            return now
        return self.last_begun_at + NEW_ONE_EVERY


def end_of(until: date, zone: ZoneInfo) -> datetime:
    """Return the end of an agreement's last day (UTC)."""
    return timezones.to_utc(datetime.combine(until + timedelta(days=1), time()), zone)


def meetings(length: timedelta, weeks_between: int) -> int:
    """Return the number of meetings: six in twelve weeks, every two weeks."""
    return max(1, length // timedelta(weeks=weeks_between))


class Prompt(StrEnum):
    """A message of the bot to both during an exchange."""

    MEETING = "meeting"
    FIRST = "first"
    MIDPOINT = "midpoint"
    LAST = "last"
    END = "end"


def plan(
    start: datetime, end: datetime, weeks_between: int, *, is_extension: bool = False
) -> Iterator[tuple[Prompt, int, datetime]]:
    """Return the messages of a period, each with the meeting's number and its time.

    The first meeting is announced by the agreement itself.
    """
    interval = timedelta(weeks=weeks_between)
    # The end is a midnight; rounding keeps a day that began later.
    count = meetings(end - start + timedelta(days=1), weeks_between)
    for number in range(1 if is_extension else 2, count + 1):
        yield Prompt.MEETING, number, start + (number - 1) * interval
    if not is_extension:
        yield Prompt.FIRST, 1, start + interval - _FIRST_QUESTION_BEFORE
    if count >= _MIN_MEETINGS_FOR_MIDPOINT:
        at = start + count // 2 * interval + _MIDPOINT_AFTER
        yield Prompt.MIDPOINT, count // 2, at
    yield Prompt.LAST, count, max(start, end - LAST_QUESTION_BEFORE)
    yield Prompt.END, count, end
