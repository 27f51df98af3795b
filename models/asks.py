"""Asks: problems put to peers, with their answers, reactions and outcome."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Ask(Base):
    """One ask; `ts` is the id of its message, None until Slack has returned it.

    Columns that order what people did (`_micros`) hold Slack's own time in
    microseconds, so the outcome does not depend on when events arrive; 0 is never.
    """

    __tablename__ = "asks"
    __table_args__ = (
        UniqueConstraint("channel_id", "ts"),
        # The source is the trigger of a command, a form or a message: a repeated
        # request finds the row.
        UniqueConstraint("installation_id", "source"),
        Index(None, "installation_id", "asker", "state"),
        Index("ix_asks_channel_state", "channel_id", "state", "asked_at"),
        CheckConstraint(
            "state IN ('open', 'answered', 'solved', 'closed', 'deleted')",
            name="state",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    source: Mapped[str]
    ts: Mapped[str | None]
    # True if the message is the asker's own, False if the bot posted it.
    is_users_message: Mapped[bool] = mapped_column(default=False)

    # True if the channel's capture setting made the ask from a message.
    is_captured: Mapped[bool] = mapped_column(default=False)
    # True if the asker has said that they ask: others are asked about it only then.
    is_confirmed: Mapped[bool] = mapped_column(default=True)
    # Name of the emoji with which the bot has reacted to the asker's own message.
    bot_reaction: Mapped[str | None]
    # The bot's line in the thread of the asker's own message; None until it is posted.
    thread_line_ts: Mapped[str | None]

    asker: Mapped[str]
    # Escaped as Slack escapes message text, with its <@…> and <https://…> tokens.
    title: Mapped[str]
    details: Mapped[str] = mapped_column(Text, default="")
    topics: Mapped[list[str]] = mapped_column(default=list)
    asked_at: Mapped[datetime]
    is_first_ask: Mapped[bool] = mapped_column(default=False)
    # Permalink to the source of the ask, such as a check-in.
    origin_url: Mapped[str | None]
    edited_at_micros: Mapped[int] = mapped_column(default=0)

    state: Mapped[str] = mapped_column(default="open")
    solved_at: Mapped[datetime | None]
    solved_by: Mapped[str | None]

    closed_at_micros: Mapped[int] = mapped_column(default=0)
    closed_by: Mapped[str | None]
    close_reason: Mapped[str | None]
    reopened_at_micros: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]
    # True if it counts as deleted, but may be shown again: its message says so.
    is_hidden: Mapped[bool] = mapped_column(default=False)
    # The member who said that the message is not an ask; None if it was deleted.
    removed_by: Mapped[str | None]

    # One line by the asker on what worked.
    what_worked: Mapped[str | None]

    def close(self, at_micros: int, *, by: str, reason: str | None) -> None:
        """Close the ask; an event older than the latest close changes nothing."""
        if at_micros > self.closed_at_micros:
            self.closed_at_micros, self.closed_by, self.close_reason = (
                at_micros,
                by,
                reason,
            )

    def reopen(self, at_micros: int) -> None:
        self.reopened_at_micros = max(self.reopened_at_micros, at_micros)

    @property
    def bot_ts(self) -> str | None:
        """The `ts` of the bot's message: the ask, or the line in the asker's thread."""
        return self.thread_line_ts if self.is_users_message else self.ts

    @bot_ts.setter
    def bot_ts(self, ts: str) -> None:
        if self.is_users_message:
            self.thread_line_ts = ts
        else:
            self.ts = ts

    @property
    def is_closed(self) -> bool:
        return self.closed_at_micros > self.reopened_at_micros


# The condition of the partial index below. The database uses the index only for a query
# that contains the same condition.
HAS_HELPED = "answers.helpful_count > 0 OR answers.is_solution"


class Answer(Base):
    """A reply by a member other than the asker: ids and times, without its text."""

    __tablename__ = "answers"
    # The Slack message identifies the answer: a repeated event finds the row.
    __table_args__ = (
        UniqueConstraint("channel_id", "ts"),
        Index(
            "ix_answers_helped",
            "author",
            "answered_at",
            sqlite_where=text("helpful_count > 0 OR is_solution"),
            postgresql_where=text("helpful_count > 0 OR is_solution"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    ts: Mapped[str]
    author: Mapped[str]
    answered_at: Mapped[datetime]
    is_deleted: Mapped[bool] = mapped_column(default=False)
    # Both are derived from the reactions whenever one changes.
    is_solution: Mapped[bool] = mapped_column(default=False)
    helpful_count: Mapped[int] = mapped_column(default=0)


class Reaction(Base):
    """The latest state of one member's reaction with one emoji on one message.

    The later `event_micros` wins, so the row does not depend on the order and number of
    deliveries. Marks made by a button or shortcut are rows, too; their `emoji` is
    `backswing:…`, which can't be an emoji's name.
    """

    __tablename__ = "reactions"
    __table_args__ = (Index(None, "ask_id"), Index(None, "member"))

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    message_ts: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    emoji: Mapped[str] = mapped_column(primary_key=True)
    is_present: Mapped[bool]
    event_micros: Mapped[int]
    # The emoji's meaning in the channel at that time.
    meaning: Mapped[str]
    # True if the member was a champion or admin at that time; None while unknown.
    can_moderate: Mapped[bool | None]
    # None while the message belongs to no known ask.
    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    recorded_at: Mapped[datetime]


class AskReference(Base):
    """The earlier ask whose answer solved an ask, as the asker said.

    A last-writer-wins register, as `Reaction` is.
    """

    __tablename__ = "ask_references"

    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    earlier_ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), index=True)
    # The earlier answer that is credited; None if the asker had given it.
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"), index=True)
    # The member who pointed to it; None if the search did.
    found_by: Mapped[str | None]
    # True if the ask was taken back, and not solved: its message is deleted.
    is_withdrawn: Mapped[bool] = mapped_column(default=False)
    # The `ts` that the deleted message had; None if it had not been posted.
    withdrawn_ts: Mapped[str | None]
    is_present: Mapped[bool] = mapped_column(default=True)
    event_micros: Mapped[int]
    recorded_at: Mapped[datetime]


class UnmatchedMessage(Base):
    """A message in a capturing channel that belongs to no ask yet.

    It is stored for seven days by default, so that a reply that arrives before its ask
    still counts. A message's own text that arrives after its edit or its deletion
    becomes no ask. A deleted message that was an ask has a row in any channel.
    """

    __tablename__ = "unmatched_messages"
    __table_args__ = (
        Index(None, "channel_id", "thread_ts"),
        Index(None, "recorded_at"),
    )

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    thread_ts: Mapped[str | None]
    author: Mapped[str | None]
    is_deleted: Mapped[bool] = mapped_column(default=False)
    # Slack's time of the latest edit; 0 if there was none.
    edited_at_micros: Mapped[int] = mapped_column(default=0)
    recorded_at: Mapped[datetime]
