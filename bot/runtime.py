"""What every entry point is handed."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import Clock
from bot.db import Work
from bot.slack import Slack


@dataclass(frozen=True, slots=True)
class Workspace:
    """The installation that we serve, as plain values that any thread may keep."""

    id: int
    team_id: str
    bot_id: str
    bot_user_id: str
    team_url: str


@dataclass(frozen=True, slots=True)
class Runtime:
    """`sessions` change, `reads` look, `lookups` answer one quick question each.

    `write` does one quick change, perhaps in one transaction with others'.

    `slack` is never called in a transaction.
    """

    workspace: Workspace
    sessions: sessionmaker[Session]
    write: Callable[[Work], None]
    reads: sessionmaker[Session]
    lookups: Engine
    slack: Slack
    clock: Clock
