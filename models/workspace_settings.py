"""A workspace's settings for all of its channels and members."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class WorkspaceSettingsRow(Base):
    """One workspace's settings; the first change creates the row.

    None means the default, which is in `bot/workspace/workspace_settings.py`.
    """

    __tablename__ = "workspace_settings"
    __table_args__ = (
        CheckConstraint("sent_retention_days > 0", name="sent_retention_days"),
        CheckConstraint(
            "unmatched_retention_days > 0", name="unmatched_retention_days"
        ),
        CheckConstraint(
            "deactivated_retention_days > 0", name="deactivated_retention_days"
        ),
        CheckConstraint("unasked_per_week >= 0", name="unasked_per_week"),
        CheckConstraint("confirmed_for_days > 0", name="confirmed_for_days"),
        CheckConstraint(
            "anonymous_link_days BETWEEN 7 AND 180", name="anonymous_link_days"
        ),
        CheckConstraint(
            "anonymous_delay_minutes IN (5, 30, 60, 120)",
            name="anonymous_delay_minutes",
        ),
        CheckConstraint(
            "exchange IN ('off', 'auto', 'on', 'off_everywhere')", name="exchange"
        ),
        CheckConstraint(
            "buddies IN ('off', 'auto', 'on', 'off_everywhere')", name="buddies"
        ),
        CheckConstraint(
            "coffee IN ('off', 'auto', 'on', 'off_everywhere')", name="coffee"
        ),
        CheckConstraint("coffee_weeks BETWEEN 1 AND 8", name="coffee_weeks"),
        CheckConstraint("coffee_weekday BETWEEN 1 AND 5", name="coffee_weekday"),
        CheckConstraint("coffee_hour BETWEEN 0 AND 23", name="coffee_hour"),
    )

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    # Days of retention: for sent messages, unmatched messages, deactivated members.
    sent_retention_days: Mapped[int | None]
    unmatched_retention_days: Mapped[int | None]
    deactivated_retention_days: Mapped[int | None]
    # The most unasked messages to a member in seven days.
    unasked_per_week: Mapped[int | None]
    # Days for which a confirmation of an answer counts.
    confirmed_for_days: Mapped[int | None]
    # True if champions may let members ask without their names in their channels.
    anonymous_asks: Mapped[bool | None]
    # Minutes within which an anonymous ask or reply is posted, at a random time.
    anonymous_delay_minutes: Mapped[int | None]
    # Days after which the link to an anonymous ask's author is cut at the latest.
    anonymous_link_days: Mapped[int | None]
    # A line that is shown to everyone who asks without their name.
    anonymous_help_line: Mapped[str | None]
    # Rounds of peer coffee: whether, every how many weeks, and when in local time;
    # Monday is 1.
    coffee: Mapped[str | None]
    coffee_weeks: Mapped[int | None]
    coffee_weekday: Mapped[int | None]
    coffee_hour: Mapped[int | None]
    # Exchanges: off, on, when enough people are open to one, or off in all programs.
    exchange: Mapped[str | None]
    # Buddies for newcomers, in the same way.
    buddies: Mapped[str | None]
    # The names of the fields of members' profiles with their team and level.
    profile_team: Mapped[str | None]
    profile_level: Mapped[str | None]
    # Defaults for new channels, by the name of a channel's setting.
    channel_defaults: Mapped[dict[str, Any]] = mapped_column(default=dict)
