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
    """One thank-you. `ts` is its message, None until Slack has returned it.

    Private kudos have no message, nor have those given by a reaction.
    """

    __tablename__ = "kudos"
    __table_args__ = (
        # The source is the trigger of a command, a form or a reaction: a request that
        # comes twice finds the row.
        UniqueConstraint("installation_id", "source"),
        UniqueConstraint("channel_id", "ts"),
        Index(None, "installation_id", "giver", "given_at"),
        Index(None, "about_channel_id", "about_ts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    source: Mapped[str]
    # None if only the recipients were told.
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    is_private: Mapped[bool] = mapped_column(default=False)
    ts: Mapped[str | None]
    # The thread that contains its message.
    thread_ts: Mapped[str | None]

    # The message that the kudos are about; `about_thread_ts` is the thread of that
    # message.
    about_channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    about_ts: Mapped[str | None]
    about_thread_ts: Mapped[str | None]
    # The emoji's name if it was given by a reaction to that message.
    emoji: Mapped[str | None]

    giver: Mapped[str]
    # In the order in which the giver named them.
    recipients: Mapped[list[str]]
    # Escaped as Slack escapes message text; empty for a reaction.
    reason: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    given_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str | None]


class KudosThanks(Base):
    """One member's thanks to one other; the row exists while the thanks stand.

    A member who joins a kudos has a row of their own for each recipient. One index then
    answers what a member got, from how many people and since when.
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
    # True if the giver joined somebody else's kudos.
    is_join: Mapped[bool] = mapped_column(default=False)


class KudosTag(Base):
    """A tag of kudos that stand, for counting."""

    __tablename__ = "kudos_tags"
    __table_args__ = (Index(None, "installation_id", "tag", "given_at"),)

    kudos_id: Mapped[int] = mapped_column(ForeignKey("kudos.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    given_at: Mapped[datetime]


class KudosReaction(Base):
    """The latest state of one member's kudos emoji on one message.

    A last-writer-wins register, as `Reaction` is: the later `event_micros` wins, in
    whatever order events arrive.
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
    # True while a decision waits for the members' profiles.
    is_undecided: Mapped[bool] = mapped_column(default=False)


class KudosGiverLock(Base):
    """A giver of kudos, locked while the remaining allowance is checked.

    Without the lock, two kudos at the same moment would both take the last of the day.
    """

    __tablename__ = "kudos_giver_locks"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
