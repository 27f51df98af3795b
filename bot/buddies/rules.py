"""Rules of buddies: who is new, who can be a buddy, and the dates. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from bot.matching.people import Person
from bot.people.rules import NEW_FOR

# A newcomer who joined a program longer ago is not asked any longer.
ASK_WITHIN = timedelta(days=14)
# People are new for NEW_FOR, and after it can be a buddy until this time.
BUDDY_UNTIL = timedelta(days=730)

WEEKS = 4
LENGTH = timedelta(weeks=WEEKS)
# From when Slack took the question; a question that could not be sent ends, too.
ANSWER_WITHIN = timedelta(days=4)
SEND_WITHIN = timedelta(days=7)
# A buddy is asked about nobody else for so long after a silence, or after a no.
REST_AFTER_SILENCE = timedelta(days=14)
REST_AFTER_NO = timedelta(days=30)
# After so many questions in a row without an answer, the bot pauses it.
SILENT_QUESTIONS = 3
LOOK_FOR = timedelta(days=21)
# If there was nobody, or a buddy can't see the first ask, the bot looks again then.
LOOK_AGAIN_AFTER = timedelta(hours=1)
# At most so many newcomers get a buddy at a time: it takes seconds.
MAX_AT_A_TIME = 20

PASS_ON_AFTER = timedelta(days=90)
# Working hours after which a buddy learns that a first ask has no answer, as in the
# steps for asks without an answer.
FIRST_ASK_HOURS = 2.0

KEEP_QUESTIONS_FOR = timedelta(days=90)
KEEP_PAIRS_FOR = timedelta(days=365)


class Answer(StrEnum):
    """A possible buddy's answer to a question."""

    YES = "yes"
    NOT_NOW = "not_now"


class Week(StrEnum):
    """The subjects of the weeks, in their order."""

    PEOPLE = "who to know"
    ASK = "your first ask"
    CUSTOMS = "how things are really done"
    SURPRISES = "what surprised you"

    @property
    def number(self) -> int:
        """The number of the week, from 1."""
        return list(Week).index(self) + 1


def is_new(came_at: datetime | None, now: datetime) -> bool:
    """Return True for someone who came lately, or of whom nothing is known yet."""
    return came_at is None or now - came_at < NEW_FOR


def can_be_buddy(came_at: datetime | None, now: datetime) -> bool:
    """Return True for someone who came 3 to 24 months ago."""
    return came_at is not None and NEW_FOR <= now - came_at <= BUDDY_UNTIL


def may_help(newcomer: Person, buddy: Person) -> bool:
    """Return False if the two have the same manager."""
    return not newcomer.manager or newcomer.manager != buddy.manager


def rests_until(answer: str | None, asked_at: datetime, ends_at: datetime) -> datetime:
    """Return the time until which a buddy is asked about nobody else.

    They are asked about one newcomer at a time.
    """
    match answer:
        case Answer.YES:
            return asked_at
        case Answer.NOT_NOW:
            return asked_at + REST_AFTER_NO
        case _:
            return max(ends_at, asked_at + REST_AFTER_SILENCE)


def plan(begun_at: datetime) -> Iterator[tuple[Week, datetime]]:
    """Return the subject of each week, with the time of its message."""
    for week in Week:
        yield week, begun_at + timedelta(weeks=week.number - 1)
