"""Channels: Slack's facts about them, and the bot's settings there."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Channel(Base):
    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("installation_id", "slack_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    slack_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    is_private: Mapped[bool] = mapped_column(default=False)
    is_shared: Mapped[bool] = mapped_column(default=False)
    is_archived: Mapped[bool] = mapped_column(default=False)
    is_read_only: Mapped[bool] = mapped_column(default=False)
    # True if the bot is a member.
    is_joined: Mapped[bool] = mapped_column(default=False)
    fetched_at: Mapped[datetime | None]
    # The time of the latest event about each of these facts, by the column's name, in
    # Unix microseconds: neither an earlier event nor an earlier answer replaces it.
    event_micros: Mapped[dict[str, Any]] = mapped_column(default=dict)

    # Settings. None means the default; so a changed default applies to all channels
    # that have not set their own.
    capture: Mapped[str] = mapped_column(default="off")
    # The mark of a captured message: "reaction", "line", "nothing".
    capture_indicator: Mapped[str] = mapped_column(default="reaction")
    helpful_emoji: Mapped[list[str] | None]
    solved_emoji: Mapped[list[str] | None]
    topics: Mapped[list[str]] = mapped_column(default=list)
    guests_may_ask: Mapped[bool] = mapped_column(default=True)
    # A reaction with a `join_emoji` to a kudos message joins it. A reaction with a
    # `kudos_emoji` to any message gives kudos; there is no default.
    join_emoji: Mapped[list[str] | None]
    kudos_emoji: Mapped[list[str] | None]
    allow_external_kudos: Mapped[bool] = mapped_column(default=False)
    # Shows askers what has perhaps solved their problem before.
    suggests_entries: Mapped[bool] = mapped_column(default=True)
    # Asks peers who may know; None: where enough people answer.
    routes_asks: Mapped[bool | None]
    # The channel's working days: the zone's IANA name (None: most people's), a country
    # with its public holidays ("DE", "DE-BY"), and other days off, as ISO dates.
    zone: Mapped[str | None]
    holidays_of: Mapped[str | None]
    days_off: Mapped[list[str]] = mapped_column(default=list)
    # "on" if members can ask without their names, "reviewed" if a champion reads the
    # ask first; else "off".
    anonymous_asks: Mapped[str] = mapped_column(default="off")
    detects_mentors: Mapped[bool] = mapped_column(default=True)
    # The bot's first join, at which the workspace's defaults were applied.
    bot_joined_at: Mapped[datetime | None]


class Champion(Base):
    """A member who looks after a channel, and may close and solve others' asks."""

    __tablename__ = "champions"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
