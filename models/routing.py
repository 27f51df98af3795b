"""Asks that wait for an answer, and the people whom the bot asked to look at them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AskRoute(Base):
    """The next step for an ask without an answer, and the time to look at it again.

    Everything else derives from facts when that time comes. Without `due_at` there is
    nothing to do, until the ask waits for an answer again.
    """

    __tablename__ = "ask_routes"
    __table_args__ = (
        Index(None, "installation_id", "due_at"),
        Index(
            "ix_ask_routes_notice",
            "installation_id",
            sqlite_where=text("has_open_notice"),
            postgresql_where=text("has_open_notice"),
        ),
    )

    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    # 1 to 4; 5 after the last step.
    next_step: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[datetime | None]
    # True if the asker wants people asked at once.
    is_hurried: Mapped[bool] = mapped_column(default=False)
    # True while the asker's message says that nobody has answered.
    has_open_notice: Mapped[bool] = mapped_column(default=False)


class AskStep(Base):
    """A step that was taken for an ask, once."""

    __tablename__ = "ask_steps"

    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    # The number of people who were asked.
    request_count: Mapped[int] = mapped_column(default=0)
    # True if one of them is from another channel than the ask's.
    is_sideways: Mapped[bool] = mapped_column(default=False)


class HelpRequest(Base):
    """A private request to a member to look at an ask. Only they know of it."""

    __tablename__ = "help_requests"
    __table_args__ = (
        # A member is asked once for an ask, whatever replicas do at the same time.
        UniqueConstraint("ask_id", "member"),
        Index(None, "installation_id", "member", "requested_at"),
        Index(
            "ix_help_requests_open",
            "installation_id",
            "ask_id",
            sqlite_where=text("outcome = 'open'"),
            postgresql_where=text("outcome = 'open'"),
        ),
        CheckConstraint(
            "outcome IN ('open', 'helping', 'declined', 'over')",
            name="outcome",
        ),
        CheckConstraint(
            "reason IN ('solved', 'helped', 'answered', 'topic', 'active')",
            name="reason",
        ),
        # Old rows are deleted, and the outbox remembers their ids: none comes again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    member: Mapped[str]
    step: Mapped[int]
    # The reason to ask them: their answer to an earlier ask, a topic that they know, or
    # because they answer often.
    reason: Mapped[str]
    reason_ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    reason_topic: Mapped[str] = mapped_column(default="")
    # "over": the ask was answered, closed or deleted before they looked at it.
    outcome: Mapped[str] = mapped_column(default="open")
    requested_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AskLink(Base):
    """A link to an ask in another channel, which the bot posts as its asker wishes."""

    __tablename__ = "ask_links"
    __table_args__ = (
        UniqueConstraint("ask_id", "channel_id"),
        CheckConstraint("state IN ('posting', 'posted', 'gone')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    # The other channel.
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    # "gone": Slack rejected the message, or it was deleted.
    state: Mapped[str] = mapped_column(default="posting")
    # The id of the bot's message; None until it is posted.
    ts: Mapped[str | None]


class RefusedChannel(Base):
    """A channel about whose asks a member is never asked."""

    __tablename__ = "refused_channels"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    refused_at: Mapped[datetime]
