"""Check-ins: when a channel is asked, each time it was, and what people shared."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Schedule(Base):
    """When a channel is asked what. Local times, in an IANA zone, never instants."""

    __tablename__ = "checkin_schedules"
    __table_args__ = (
        # The form that made it, so that one that is sent twice finds the row.
        UniqueConstraint("installation_id", "source"),
        Index(None, "channel_id"),
        Index(None, "next_at"),
        CheckConstraint("state IN ('on', 'paused', 'deleted')", name="state"),
        CheckConstraint("every IN ('week', 'two weeks', 'month')", name="every"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    source: Mapped[str]
    # Who set it up last: told when it can't go on.
    owner: Mapped[str]
    created_at: Mapped[datetime]

    # Escaped as Slack escapes message text.
    question: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    # Reflection questions, of which each round takes the next.
    reflections: Mapped[list[str]] = mapped_column(default=list)

    every: Mapped[str]
    # ISO days of the week, "1" is Monday.
    weekdays: Mapped[list[str]]
    # Which one of its weekday in the month, -1 is the last; None unless monthly.
    nth: Mapped[int | None]
    at: Mapped[time]
    zone: Mapped[str]
    starts_on: Mapped[date]
    # ISO dates.
    skip_dates: Mapped[list[str]] = mapped_column(default=list)
    # As in ISO 3166: "DE", or "DE-BY".
    holidays_of: Mapped[str | None]
    open_days: Mapped[int]
    # Hours after the start; None is never.
    nudge_after: Mapped[int | None]

    state: Mapped[str] = mapped_column(default="on")
    # None if a person did it.
    paused_because: Mapped[str | None]
    # As its owner knew the channel.
    is_private: Mapped[bool] = mapped_column(default=False)
    # What is due next; None while paused, and where no date is left.
    next_date: Mapped[date | None]
    next_at: Mapped[datetime | None]


class Participant(Base):
    """Somebody who joined a check-in, left it, or was asked whether to join."""

    __tablename__ = "checkin_seats"
    __table_args__ = (Index(None, "member"),)

    schedule_id: Mapped[int] = mapped_column(
        ForeignKey("checkin_schedules.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    is_in: Mapped[bool] = mapped_column(default=False)
    # The question whether to join is put once ever.
    is_asked: Mapped[bool] = mapped_column(default=False)
    # The first time; and the last time, where they are not in. What they said in
    # between counts, whenever we hear of it.
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    # Silent rounds before this are forgiven.
    counted_from: Mapped[datetime]
    nudges_stopped_at: Mapped[datetime | None]


class Round(Base):
    """One time that a channel was asked: its message in Slack is `ts`.

    open -> closed; or skipped, with the reason; or failed, where Slack did not take
    its message.
    """

    __tablename__ = "checkin_rounds"
    __table_args__ = (
        # Whoever starts a round, and however often: one for each local date.
        UniqueConstraint("schedule_id", "local_date"),
        UniqueConstraint("channel_id", "ts"),
        Index(None, "state", "closes_at"),
        CheckConstraint(
            "state IN ('open', 'closed', 'skipped', 'failed')", name="state"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("checkin_schedules.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    local_date: Mapped[date]
    due_at: Mapped[datetime]
    # Posted before then, or not at all.
    post_before: Mapped[datetime]
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    # As they were asked, whatever the schedule says since.
    question: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    reflection: Mapped[str] = mapped_column(default="")

    state: Mapped[str] = mapped_column(default="open")
    # Why it was skipped or failed.
    reason: Mapped[str | None]
    ts: Mapped[str | None]


class CheckIn(Base):
    """What one member did in one round.

    waiting: joined, and nothing yet. shared: in the form or by a reply, joined or not.
    When the round closes, those who wait become silent, or away if they were.
    """

    __tablename__ = "checkins"
    __table_args__ = (
        UniqueConstraint("round_id", "member"),
        UniqueConstraint("ask_id"),
        Index(None, "nudge_at"),
        Index(None, "member"),
        CheckConstraint(
            "state IN ('waiting', 'shared', 'silent', 'away')", name="state"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("checkin_rounds.id"))
    member: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")

    # As written in the form: escaped as Slack escapes message text.
    working_on: Mapped[str] = mapped_column(Text, default="")
    stuck_on: Mapped[str] = mapped_column(Text, default="")
    proud_of: Mapped[str] = mapped_column(Text, default="")
    reflection: Mapped[str] = mapped_column(Text, default="")
    # The message in the round's thread that shows the form's answers.
    ts: Mapped[str | None]
    # The member's own first reply in the thread. Its text is not kept.
    reply_ts: Mapped[str | None]

    # When to look whether to nudge; None once that is settled.
    nudge_at: Mapped[datetime | None]
    was_away: Mapped[bool] = mapped_column(default=False)

    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    # How the ask stood when its state was last shown here.
    ask_state: Mapped[str | None]

    @property
    def has_text(self) -> bool:
        """Whether something stands in the form's answers."""
        return bool(
            self.working_on or self.stuck_on or self.proud_of or self.reflection
        )


class CheckInReply(Base):
    """A reply in a round's thread. Ids only; a deleted one stays, to be known by."""

    __tablename__ = "checkin_replies"
    __table_args__ = (Index(None, "round_id", "author"), Index(None, "author"))

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("checkin_rounds.id"))
    author: Mapped[str]
    is_deleted: Mapped[bool] = mapped_column(default=False)
