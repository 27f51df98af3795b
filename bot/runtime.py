"""What every entry point is handed."""

from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import Clock
from bot.config import MentorNumbers
from bot.slack import Slack
from bot.tally import Tally


@dataclass(frozen=True, slots=True)
class Workspace:
    """The installation that we serve, as plain values that any thread may keep."""

    id: int
    team_id: str
    bot_id: str
    bot_user_id: str
    team_url: str
    # Of the organisation of several workspaces that ours is part of, if it is.
    enterprise_id: str | None = None


@dataclass(frozen=True, slots=True)
class Runtime:
    """`sessions` change, `reads` look, `lookups` answer one quick question each.

    `slack` is never called in a transaction. `tally` counts people's messages.
    """

    workspace: Workspace
    sessions: sessionmaker[Session]
    reads: sessionmaker[Session]
    lookups: Engine
    slack: Slack
    clock: Clock
    mentors: MentorNumbers = field(default_factory=MentorNumbers)
    tally: Tally = field(default_factory=Tally)
