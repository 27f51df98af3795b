"""People, as far as matching them needs it: teams, meetings, and whom not to match."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class MemberAttributes(Base):
    """A member's team, level and manager, and the member's corrections of them.

    They come from a file or from Slack's profile. A correction wins, and stays when
    either changes; None is no correction.
    """

    __tablename__ = "member_attributes"
    __table_args__ = (
        Index(None, "installation_id", "manager"),
        CheckConstraint("source IN ('file', 'profile')", name="source"),
    )

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    team: Mapped[str] = mapped_column(default="")
    level: Mapped[str] = mapped_column(default="")
    # Slack's id of the member's line manager.
    manager: Mapped[str | None]
    # None if only the member has said something.
    source: Mapped[str | None]
    # The last time at which the profile was read.
    read_at: Mapped[datetime | None]
    own_team: Mapped[str | None]
    own_level: Mapped[str | None]
    # Hidden ones are not used for anything.
    is_team_hidden: Mapped[bool] = mapped_column(default=False)
    is_level_hidden: Mapped[bool] = mapped_column(default=False)


class DoNotPair(Base):
    """A person with whom a member is never matched. The other never learns of it."""

    __tablename__ = "do_not_pair"
    __table_args__ = (
        Index(None, "installation_id", "other"),
        CheckConstraint("source IN ('own', 'fit')", name="source"),
    )

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    other: Mapped[str] = mapped_column(primary_key=True)
    # "own": the member chose it in their settings. "fit": they said, privately, that a
    # match was no good one.
    source: Mapped[str] = mapped_column(default="own")


class PeerMeeting(Base):
    """The last time at which two people met, in a pair or in a circle."""

    __tablename__ = "peer_meetings"
    __table_args__ = (Index(None, "installation_id", "other"),)

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    # The lower id of the two, and the higher one.
    member: Mapped[str] = mapped_column(primary_key=True)
    other: Mapped[str] = mapped_column(primary_key=True)
    last_met_at: Mapped[datetime]


class PeerPlace(Base):
    """A place where the bot writes to a few people.

    It is a private channel that the bot makes, their group of direct messages, or each
    of them alone. Until `opened_at` Slack is asked for it. Then it has a `channel`, or
    none. The last place of a subject counts.
    """

    __tablename__ = "peer_places"
    __table_args__ = (
        Index(None, "installation_id", "subject"),
        Index(None, "installation_id", "channel"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    # The feature's word, and the id of its row: "pair:12".
    subject: Mapped[str]
    people: Mapped[list[str]]
    # The name of the private channel, which no other has; empty for other places.
    name: Mapped[str] = mapped_column(default="")
    # Slack's id of the channel or the group.
    channel: Mapped[str | None]
    # Those whom the bot brought into the channel, and people who are not in it: they
    # left it, or can't be invited.
    inside: Mapped[list[str]] = mapped_column(default=list)
    outside: Mapped[list[str]] = mapped_column(default=list)
    # The last time at which each of them came into it or left it, in microseconds.
    changed_micros: Mapped[dict[str, Any]] = mapped_column(default=dict)
    requested_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    # The time at which Slack refused to let the bot write there, or remove a person.
    lost_at: Mapped[datetime | None]
