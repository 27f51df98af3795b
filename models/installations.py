"""The workspaces and organisations in which the bot is installed."""

from datetime import datetime

from sqlalchemy import UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Installation(Base):
    """One workspace. Its token is in the environment, or sealed in `WorkspaceToken`.

    Or an organisation, whose token serves its workspaces. It has no other data.
    """

    __tablename__ = "installations"
    __table_args__ = (UniqueConstraint("team_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # A workspace's, or the organisation's (E…).
    team_id: Mapped[str]
    is_organisation: Mapped[bool] = mapped_column(default=False, server_default=false())
    enterprise_id: Mapped[str | None]
    bot_id: Mapped[str]
    bot_user_id: Mapped[str]
    team_name: Mapped[str]
    # Ends with a slash; permalinks are built from it without asking Slack.
    team_url: Mapped[str]
    # The scopes of its token, as Slack named them last; none if Slack did not say.
    scopes: Mapped[list[str]] = mapped_column(default=list)
    installed_at: Mapped[datetime]
    # Slack's error code while sending is disabled; None while it works.
    disabled_reason: Mapped[str | None]
    # The time at which the workspace removed the app; None: it has not.
    uninstalled_at: Mapped[datetime | None]
    # The number of people one member may thank in a day; None means the default.
    daily_kudos_allowance: Mapped[int | None]
