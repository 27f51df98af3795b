"""Rules of programs: their state, and the texts that they may have. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

MAX_NAME_LENGTH = 60
# The audience, the goal and the benefit.
MAX_LINE_LENGTH = 140
MAX_TIME_LENGTH = 60
MAX_RULES = 5
MAX_RULE_LENGTH = 100
MAX_LEADS = 5
MAX_CHANNELS = 50

JOINING = ("open", "invitation")

# A kind of meeting with "auto" begins when so many of the program's people want it.
MIN_PEOPLE = 6


class Kind(StrEnum):
    """A kind of meeting that a program may have."""

    COFFEE = "coffee"
    EXCHANGE = "exchange"
    BUDDIES = "buddies"


class Mode(StrEnum):
    """The choice of a program for a kind: AUTO begins when enough people want it."""

    OFF = "off"
    AUTO = "auto"
    ON = "on"


# The workspace's choice that no program has a kind, whatever its leads chose.
OFF_EVERYWHERE = "off_everywhere"


class State(StrEnum):
    """The state of a program, which derives from its dates."""

    DRAFT = "draft"
    # People may join; it has not started.
    OPEN = "open"
    RUNNING = "running"
    ENDED = "ended"
    ARCHIVED = "archived"


# States in which people are invited, and may join.
ACTIVE = frozenset({State.OPEN, State.RUNNING})


class Dates(Protocol):
    """The columns of a program that its state derives from."""

    @property
    def is_workspace_wide(self) -> bool: ...
    @property
    def starts_on(self) -> date | None: ...
    @property
    def ends_on(self) -> date | None: ...
    @property
    def opened_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def archived_at(self) -> datetime | None: ...


def state(program: Dates, today: date) -> State:
    """Return the program's state on a day in UTC."""
    if program.is_workspace_wide:
        return State.RUNNING
    if program.archived_at is not None:
        return State.ARCHIVED
    is_over = program.ends_on is not None and program.ends_on < today
    if program.ended_at is not None or (is_over and program.opened_at is not None):
        return State.ENDED
    if program.opened_at is None:
        return State.DRAFT
    if program.starts_on is not None and program.starts_on > today:
        return State.OPEN
    return State.RUNNING


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a program, as mrkdwn in one line each."""

    name: str
    audience: str
    goal: str
    time_needed: str
    benefit: str
    rules: tuple[str, ...]
