"""Kudos: thanks that say what for, who joined in, and who thanked whom by them."""

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
    """What somebody said thanks for. Its message is `ts`, unknown until Slack tells.

    Private kudos have no message, nor have those given by a reaction.
    """

    __tablename__ = "kudos"
    __table_args__ = (
        # What made it (a command's trigger, a form, a reaction), so that a request
        # that comes twice finds the row.
        UniqueConstraint("installation_id", "source"),
        UniqueConstraint("channel_id", "ts"),
        Index(None, "installation_id", "giver", "given_at"),
        Index(None, "about_channel_id", "about_ts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    source: Mapped[str]
    # None where it was said to nobody but its receivers.
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    is_private: Mapped[bool] = mapped_column(default=False)
    ts: Mapped[str | None]
    # The thread that its message stands in.
    thread_ts: Mapped[str | None]

    # The message that it is about; `about_thread_ts` is the thread of that one.
    about_channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    about_ts: Mapped[str | None]
    about_thread_ts: Mapped[str | None]
    # The emoji's name, where it was given by a reaction to that message.
    emoji: Mapped[str | None]

    giver: Mapped[str]
    # In the order in which they were named.
    receivers: Mapped[list[str]]
    # Escaped as Slack escapes message text; empty for a reaction.
    reason: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    given_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str | None]


class KudosThanks(Base):
    """One person has thanked another: there is a row exactly while that stands.

    Whoever joins a kudos has a row of their own for each receiver, so that what a
    person got, from how many people and since when is a question for one index.
    """

    __tablename__ = "thanks"
    __table_args__ = (
        Index(None, "installation_id", "receiver", "given_at"),
        Index(None, "installation_id", "giver", "given_at"),
        Index(None, "installation_id", "given_at"),
    )

    kudos_id: Mapped[int] = mapped_column(ForeignKey("kudos.id"), primary_key=True)
    giver: Mapped[str] = mapped_column(primary_key=True)
    receiver: Mapped[str] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    given_at: Mapped[datetime]
    # Whether the giver joined somebody else's kudos.
    is_second: Mapped[bool] = mapped_column(default=False)


class KudosTag(Base):
    """A tag of a kudos that stands, to be counted by."""

    __tablename__ = "kudos_tags"
    __table_args__ = (Index(None, "installation_id", "tag", "given_at"),)

    kudos_id: Mapped[int] = mapped_column(ForeignKey("kudos.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    given_at: Mapped[datetime]


class KudosReaction(Base):
    """The last thing one person did with one emoji that means kudos, on one message.

    A register, as `Reaction` is: the later `at_us` wins, whatever the order in which
    we hear of it.
    """

    __tablename__ = "kudos_reactions"
    __table_args__ = (
        Index(
            "ix_kudos_reactions_waiting",
            "channel_id",
            postgresql_where=text("is_waiting"),
            sqlite_where=text("is_waiting"),
        ),
    )

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    message_ts: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    emoji: Mapped[str] = mapped_column(primary_key=True)
    is_present: Mapped[bool]
    at_us: Mapped[int]
    # Who wrote the message; None where the bot did.
    author: Mapped[str | None]
    # Whether it is still to be decided, since we don't know yet who these people are.
    is_waiting: Mapped[bool] = mapped_column(default=False)


class KudosGiverLock(Base):
    """Somebody who gives kudos: locked while what they may still give is decided.

    Two kudos at the same moment would otherwise both take the last of the day.
    """

    __tablename__ = "givers"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
