"""Following of the database by the search indexes, which are derived from it."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SearchChange(Base):
    """The latest change of an ask's words, for every search index to follow.

    Triggers write it, in the transaction of the change, whichever statement makes it.
    `position` orders the changes: on SQLite a growing number, on PostgreSQL the id of
    the transaction, because a later number can be committed before an earlier one.
    """

    __tablename__ = "search_changes"

    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    position: Mapped[int] = mapped_column(index=True)


class SearchRebuild(Base):
    """A request to every replica to build its index anew; the ids grow."""

    __tablename__ = "search_rebuilds"

    id: Mapped[int] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime]
    # "erasure": the words of an erased member are still on the disk; "operator".
    reason: Mapped[str]


class SearchReplica(Base):
    """A process's own index, as it last reported."""

    __tablename__ = "search_replicas"

    # Made up when the index's folder is made.
    name: Mapped[str] = mapped_column(primary_key=True)
    # The latest request that the index was built after; 0 before the first.
    rebuild_id: Mapped[int] = mapped_column(default=0)
    documents: Mapped[int]
    # The last time at which it had followed every change.
    followed_at: Mapped[datetime]
