"""What every entry point is handed."""

from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import Clock
from bot.config.mentors import MentorSettings
from bot.message_counter import MessageCounter
from bot.slack.api import SlackApi


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
    write_session: sessionmaker[Session]
    read_session: sessionmaker[Session]
    autocommit: Engine
    slack: SlackApi
    clock: Clock
    mentor_settings: MentorSettings = field(default_factory=MentorSettings)
    message_counter: MessageCounter = field(default_factory=MessageCounter)
