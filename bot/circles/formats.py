"""Formats of a circle's meeting: the steps, and the minutes of each. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

MIN_MINUTES, MAX_MINUTES = 30, 120
MAX_TURNS = 3


class Format(StrEnum):
    """A format, as a season and a meeting store it."""

    TURNS = "turns"
    CASE_CLINIC = "case_clinic"
    DISCUSSION = "discussion"


class Phase(StrEnum):
    """The phase of a meeting."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class StepKind(StrEnum):
    """A step of a meeting; bot.circles.meeting_texts has its words."""

    ARRIVE = "arrive"
    LAST_TIME = "last_time"
    # In a circle's first meeting, which has no last time.
    HOPES = "hopes"
    ISSUE = "issue"
    KIND_OF_HELP = "kind_of_help"
    QUESTIONS = "questions"
    IDEAS = "ideas"
    NEXT_ACTION = "next_action"
    OPEN_ROUND = "open_round"
    CASE = "case"
    CASE_QUESTIONS = "case_questions"
    THINK_ALOUD = "think_aloud"
    CASE_RESPONSE = "case_response"
    GOAL = "goal"
    SCOPE = "scope"
    FIRST_ROUND = "first_round"
    DISCUSS = "discuss"
    ACTIONS = "actions"
    TAKE_AWAY = "take_away"


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a meeting; `member` has the turn, if it is a turn's step."""

    kind: StepKind
    minutes: int
    member: str | None = None


_OPENING = (Step(StepKind.ARRIVE, 6), Step(StepKind.LAST_TIME, 4))
_FIRST_OPENING = (Step(StepKind.ARRIVE, 6), Step(StepKind.HOPES, 4))
_CLOSING = (Step(StepKind.TAKE_AWAY, 4),)
_TURN: Mapping[StepKind, int] = MappingProxyType(
    {
        StepKind.ISSUE: 2,
        StepKind.KIND_OF_HELP: 1,
        StepKind.QUESTIONS: 5,
        StepKind.IDEAS: 5,
        StepKind.NEXT_ACTION: 2,
    }
)
_TURN_MINUTES = sum(_TURN.values())
# A longer turn tires everyone.
_MAX_TURN_MINUTES = 23
_AROUND = sum(step.minutes for step in (*_OPENING, *_CLOSING))
# These are for an hour.
_HOUR = 60
_CASE_CLINIC: Mapping[StepKind, int] = MappingProxyType(
    {
        StepKind.CASE: 6,
        StepKind.CASE_QUESTIONS: 10,
        StepKind.THINK_ALOUD: 18,
        StepKind.CASE_RESPONSE: 6,
        StepKind.NEXT_ACTION: 6,
    }
)
_DISCUSSION: Mapping[StepKind, int] = MappingProxyType(
    {
        StepKind.GOAL: 4,
        StepKind.SCOPE: 4,
        StepKind.FIRST_ROUND: 10,
        StepKind.DISCUSS: 20,
        StepKind.ACTIONS: 8,
    }
)


def turn_count(meeting_format: Format, minutes: int) -> int:
    """Return how many people can have a turn in a meeting of so many minutes."""
    if meeting_format == Format.DISCUSSION:
        return 0
    if meeting_format == Format.CASE_CLINIC:
        return 1
    return max(1, min(MAX_TURNS, (minutes - _AROUND) // _TURN_MINUTES))


def plan(
    meeting_format: Format,
    minutes: int,
    people: Sequence[str],
    *,
    is_first: bool = False,
) -> tuple[Step, ...]:
    """Return the steps of a meeting; `people` would like a turn, the first comes first.

    `is_first` is True for a circle's first meeting.

    Nobody has to have a turn: without any, it is an open round.
    """
    turns = people[: turn_count(meeting_format, minutes)]
    free = minutes - _AROUND
    if meeting_format == Format.DISCUSSION:
        middle = _scaled(_DISCUSSION, free)
    elif not turns:
        middle = [Step(StepKind.OPEN_ROUND, free)]
    elif meeting_format == Format.CASE_CLINIC:
        middle = [
            replace(step, member=turns[0]) for step in _scaled(_CASE_CLINIC, free)
        ]
    else:
        spare = min(free // len(turns), _MAX_TURN_MINUTES) - _TURN_MINUTES
        middle = [step for person in turns for step in _turn(person, spare)]
    opening = _FIRST_OPENING if is_first else _OPENING
    return (*opening, *middle, *_CLOSING)


def _turn(person: str, spare: int) -> list[Step]:
    more = {StepKind.QUESTIONS: spare - spare // 2, StepKind.IDEAS: spare // 2}
    return [
        Step(kind, minutes + more.get(kind, 0), person)
        for kind, minutes in _TURN.items()
    ]


def _scaled(steps: Mapping[StepKind, int], minutes: int) -> list[Step]:
    """Scale steps of an hour; the longest gets the minutes that rounding leaves."""
    of_an_hour = _HOUR - _AROUND
    scaled = {
        kind: max(1, each * minutes // of_an_hour) for kind, each in steps.items()
    }
    longest = max(steps, key=lambda kind: steps[kind])
    scaled[longest] += minutes - sum(scaled.values())
    return [Step(kind, each) for kind, each in scaled.items()]
