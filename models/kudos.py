"""Kudos: the thanks, the members who joined in, tags and reactions."""

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Kudos(Base):
    """One thank-you. `ts` is the id of its message, None until Slack has returned it.

    Private kudos and kudos given by a reaction have no message.
    """

    __tablename__ = "kudos"
    __table_args__ = (
        # The source is the trigger of a command, a form or a reaction: a repeated
        # request finds the row.
        UniqueConstraint("installation_id", "source"),
        UniqueConstraint("channel_id", "ts"),
        Index(None, "installation_id", "giver", "given_at"),
        Index(None, "about_channel_id", "about_ts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    source: Mapped[str]
    # None for private kudos, which only the recipients see.
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    is_private: Mapped[bool] = mapped_column(default=False)
    ts: Mapped[str | None]
    # The thread that contains its message.
    thread_ts: Mapped[str | None]

    # The message that the kudos are about, and its thread.
    about_channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    about_ts: Mapped[str | None]
    about_thread_ts: Mapped[str | None]
    # The emoji's name if it was given by a reaction to that message.
    emoji: Mapped[str | None]

    giver: Mapped[str]
    # Members' Slack ids, in the giver's order.
    recipients: Mapped[list[str]]
    # Escaped as Slack escapes message text; empty for a reaction.
    reason: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    given_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str | None]


class KudosThanks(Base):
    """One member's thanks to one recipient; taking them back deletes the row.

    A member who joins a kudos has a row of their own for each recipient. So one index
    answers how many thanks a member got, from how many people and since when.
    """

    __tablename__ = "kudos_thanks"
    __table_args__ = (
        Index(None, "installation_id", "recipient", "given_at"),
        Index(None, "installation_id", "giver", "given_at"),
        Index(None, "installation_id", "given_at"),
    )

    kudos_id: Mapped[int] = mapped_column(ForeignKey("kudos.id"), primary_key=True)
    giver: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    given_at: Mapped[datetime]
    # True if the giver joined another member's kudos.
    is_join: Mapped[bool] = mapped_column(default=False)


class KudosTag(Base):
    """A tag of kudos, for counting; taking the kudos back deletes the row."""

    __tablename__ = "kudos_tags"
    __table_args__ = (Index(None, "installation_id", "tag", "given_at"),)

    kudos_id: Mapped[int] = mapped_column(ForeignKey("kudos.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    given_at: Mapped[datetime]


class KudosReaction(Base):
    """The latest state of one member's reaction with a kudos emoji to one message.

    As in `Reaction`, the later `event_micros` wins, in whatever order events arrive.
    """

    __tablename__ = "kudos_reactions"
    __table_args__ = (
        Index(
            "ix_kudos_reactions_waiting",
            "channel_id",
            postgresql_where=text("is_undecided"),
            sqlite_where=text("is_undecided"),
        ),
    )

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    message_ts: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    emoji: Mapped[str] = mapped_column(primary_key=True)
    is_present: Mapped[bool]
    event_micros: Mapped[int]
    # The message's author; None if the bot wrote it.
    author: Mapped[str | None]
    # True until the members' profiles are fetched, which the decision depends on.
    is_undecided: Mapped[bool] = mapped_column(default=False)


class KudosGiverLock(Base):
    """A giver of kudos; the row is locked while the remaining allowance is checked.

    Without the lock, two kudos at the same time could both use the last of the day.
    """

    __tablename__ = "kudos_giver_locks"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
