"""Asks without a name: their drafts, the sealed links to their authors, and limits.

No column holds the time of a press, and no id an order: both could tell who pressed.
Sealed authors and indexes need a key that is not in the database.
"""

import secrets
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


def _random_id() -> int:
    """Return an id of up to 18 digits, of which nothing tells when it was made."""
    return secrets.randbits(59)


class AnonymousDraft(Base):
    """An ask that is not posted yet, with its sealed author; deleted with the posting.

    waiting -> posted (deleted), or reviewed -> posted or refused. Once its author is
    forgotten, it has an author that is no one.
    """

    __tablename__ = "anonymous_drafts"
    __table_args__ = (
        # The index of the form that it comes from: a repeated request finds the row.
        UniqueConstraint("installation_id", "source_index"),
        Index(None, "installation_id", "due_at"),
        Index(None, "blind_index"),
        CheckConstraint("state IN ('waiting', 'reviewed', 'refused')", name="state"),
    )

    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, default=_random_id
    )
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    title: Mapped[str]
    details: Mapped[str] = mapped_column(Text, default="")
    topics: Mapped[list[str]] = mapped_column(default=list)
    author: Mapped[bytes] = mapped_column(LargeBinary)
    blind_index: Mapped[str]
    source_index: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    # waiting: the time to post it, some minutes after the press at random. reviewed:
    # the end of the review. refused: the time to delete it.
    due_at: Mapped[datetime]
    # The reason of the champion who refused it.
    reason: Mapped[str | None]
    # The news that the author was told of, and the earliest time at which they may have
    # sent it, sealed; None in a row of an older version.
    progress: Mapped[bytes | None] = mapped_column(LargeBinary)


class AnonymousLink(Base):
    """The sealed author of an anonymous ask, until the link is cut.

    `blind_index` is the only one across asks: it finds a member's own asks for them.
    """

    __tablename__ = "anonymous_links"
    __table_args__ = (
        Index(None, "installation_id", "blind_index"),
        Index(None, "cut_at"),
    )

    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    author: Mapped[bytes] = mapped_column(LargeBinary)
    blind_index: Mapped[str]
    # The time at which this row is deleted.
    cut_at: Mapped[datetime]
    # The answers that the author has seen and was told of, sealed: beside the times of
    # the answers, it would tell their zone, and when they looked. So is the earliest
    # time at which they may have sent the ask. None in a row of an older version.
    progress: Mapped[bytes | None] = mapped_column(LargeBinary)


class AnonymousReply(Base):
    """A reply in an ask's thread by its author, which the bot posts."""

    __tablename__ = "anonymous_replies"
    __table_args__ = (UniqueConstraint("source_index"),)

    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, default=_random_id
    )
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), index=True)
    source_index: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    # The time to post it, some minutes after the press at random; None after that.
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    # The id of the bot's message; None until it is posted, "" if Slack refused it.
    ts: Mapped[str | None]
    is_deleted: Mapped[bool] = mapped_column(default=False)


class AnonymousCount(Base):
    """The number of anonymous asks of one author on one day (UTC), for the limits."""

    __tablename__ = "anonymous_counts"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    blind_index: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


class AnonymousBlock(Base):
    """An author who may not ask without their name for a while, known to no one."""

    __tablename__ = "anonymous_blocks"
    __table_args__ = (Index(None, "installation_id", "blind_index"),)

    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, default=_random_id
    )
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    blind_index: Mapped[str]
    # None: in the whole workspace.
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    until: Mapped[datetime]
    reason: Mapped[str]


class AnonymousReview(Base):
    """Reports of an anonymous ask; enough of them hide it until a champion looks."""

    __tablename__ = "anonymous_reviews"

    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    # An index of each member who reported it, other for each ask.
    reporters: Mapped[list[str]] = mapped_column(default=list)
    # None: it is shown.
    hidden_at: Mapped[datetime | None]
    # True after a champion has looked and shown it again: reports no longer hide it.
    is_cleared: Mapped[bool] = mapped_column(default=False)
    # True if its author was stopped because of it: that counts once for each ask.
    is_stopped: Mapped[bool] = mapped_column(default=False)


class SecretKey(Base):
    """The key, by its fingerprint, that a part of the database was written with."""

    __tablename__ = "secret_keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    # The key before it, and the time until which its rows count.
    previous_fingerprint: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    # The last time at which a key was lost, and all links were cut.
    lost_at: Mapped[datetime | None]
