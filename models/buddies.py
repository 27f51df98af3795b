"""Buddies: people who came some months ago, and help newcomers for four weeks."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class BuddyOffer(Base):
    """A member who would be a buddy, or no longer would.

    As in `Reaction`, the later `event_micros` wins, in whatever order presses arrive.
    """

    __tablename__ = "buddy_offers"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    is_in: Mapped[bool]
    event_micros: Mapped[int]
    # The time at which the bot paused it: they had not answered some questions. A later
    # press ends the pause.
    paused_at: Mapped[datetime | None]


class BuddyWish(Base):
    """A newcomer whom the bot asked whether a buddy would help, or who looks for one.

    The later `event_micros` wins; 0 is no press yet.
    """

    __tablename__ = "buddy_wishes"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    # The time at which the bot asked; None if they looked for one by themselves.
    asked_at: Mapped[datetime | None]
    event_micros: Mapped[int] = mapped_column(default=0)
    # The time since which they look for a buddy; None if they don't.
    wanted_at: Mapped[datetime | None]
    # The time of the last press or question.
    changed_at: Mapped[datetime]
    # The last time at which the bot looked for one; None if it has not since.
    looked_at: Mapped[datetime | None]


class BuddyQuestion(Base):
    """A question to a possible buddy about a newcomer, who never learns of it."""

    __tablename__ = "buddy_questions"
    __table_args__ = (
        Index(None, "installation_id", "buddy"),
        Index(None, "installation_id", "newcomer"),
        CheckConstraint("answer IN ('yes', 'not_now')", name="answer"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    buddy: Mapped[str]
    newcomer: Mapped[str]
    asked_at: Mapped[datetime]
    # The time at which Slack took the message; the buddy has some days from then on.
    sent_at: Mapped[datetime | None]
    ends_at: Mapped[datetime]
    answer: Mapped[str | None]
    answer_micros: Mapped[int] = mapped_column(default=0)


class BuddyPair(Base):
    """A newcomer and their buddy."""

    __tablename__ = "buddy_pairs"
    __table_args__ = (
        Index(None, "installation_id", "newcomer"),
        Index(None, "installation_id", "buddy"),
        Index(None, "installation_id", "ends_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    newcomer: Mapped[str]
    buddy: Mapped[str]
    begun_at: Mapped[datetime]
    # The time at which it ends by itself, or did end.
    ends_at: Mapped[datetime]
    # True if someone ended it before its time, or left.
    is_cut_short: Mapped[bool] = mapped_column(default=False)
    # The time at which the buddy was told of a first ask without an answer.
    told_of_ask_at: Mapped[datetime | None]
