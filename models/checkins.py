"""Check-ins: schedules, rounds, participants and their responses."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Schedule(Base):
    """A recurring check-in: its question and its local times in an IANA zone."""

    __tablename__ = "checkin_schedules"
    __table_args__ = (
        # The source is the form that created it: a form that is sent twice finds the
        # row.
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
    # The member who set it up last; the bot tells them if it can't go on.
    owner: Mapped[str]
    created_at: Mapped[datetime]

    # Escaped as Slack escapes message text.
    question: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    # Reflection questions; each round takes the next one.
    reflections: Mapped[list[str]] = mapped_column(default=list)

    every: Mapped[str]
    # ISO weekdays: "1" is Monday.
    weekdays: Mapped[list[str]]
    # Position of the weekday in the month, -1 for the last; None unless monthly.
    nth: Mapped[int | None]
    at: Mapped[time]
    zone: Mapped[str]
    starts_on: Mapped[date]
    # ISO dates.
    skip_dates: Mapped[list[str]] = mapped_column(default=list)
    # An ISO 3166 country or part of one: "DE", "DE-BY".
    holidays_of: Mapped[str | None]
    open_days: Mapped[int]
    # Hours after the start; None for no reminder.
    remind_after: Mapped[int | None]

    state: Mapped[str] = mapped_column(default="on")
    # None if a person paused it.
    pause_reason: Mapped[str | None]
    # The channel's privacy when the owner set the check-in up.
    is_private: Mapped[bool] = mapped_column(default=False)
    # The next occurrence; None while paused, and when no date is left.
    next_date: Mapped[date | None]
    next_at: Mapped[datetime | None]


class Participant(Base):
    """A member who joined a check-in, left it, or was asked whether to join."""

    __tablename__ = "checkin_participants"
    __table_args__ = (Index(None, "member"),)

    schedule_id: Mapped[int] = mapped_column(
        ForeignKey("checkin_schedules.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    is_active: Mapped[bool] = mapped_column(default=False)
    # A member is asked only once whether to join.
    is_invited: Mapped[bool] = mapped_column(default=False)
    # The first time of joining; the last time of leaving, None while active. A response
    # from between the two counts, even if its event arrives later.
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    # Missed rounds before this time are not counted.
    streak_from: Mapped[datetime]
    reminders_stopped_at: Mapped[datetime | None]


class Round(Base):
    """One occurrence of a check-in: `ts` is its message in Slack.

    open -> closed; or skipped, with the reason; or failed, if Slack did not take its
    message.
    """

    __tablename__ = "checkin_rounds"
    __table_args__ = (
        # One round per local date, even if several replicas start it.
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
    # The deadline for posting its message.
    post_deadline: Mapped[datetime]
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    # Copies of the schedule's texts at the time of the round.
    question: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    reflection: Mapped[str] = mapped_column(default="")

    state: Mapped[str] = mapped_column(default="open")
    # The reason for skipped or failed.
    reason: Mapped[str | None]
    ts: Mapped[str | None]


class CheckIn(Base):
    """One member's response in one round.

    pending: the member is a participant and has not shared yet. shared: they shared in
    the form or by a reply, as a participant or a guest. When the round closes, pending
    becomes missed, or away if the member was away.
    """

    __tablename__ = "checkins"
    __table_args__ = (
        UniqueConstraint("round_id", "member"),
        UniqueConstraint("ask_id"),
        Index(None, "remind_at"),
        Index(None, "member"),
        CheckConstraint(
            "state IN ('pending', 'shared', 'missed', 'away')", name="state"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("checkin_rounds.id"))
    member: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending")

    # As written in the form: escaped as Slack escapes message text.
    working_on: Mapped[str] = mapped_column(Text, default="")
    stuck_on: Mapped[str] = mapped_column(Text, default="")
    proud_of: Mapped[str] = mapped_column(Text, default="")
    reflection: Mapped[str] = mapped_column(Text, default="")
    # The message in the round's thread that shows the response.
    ts: Mapped[str | None]
    # The member's own first reply in the thread. Its text is not stored.
    reply_ts: Mapped[str | None]

    # The next time to decide on a reminder; None after the decision.
    remind_at: Mapped[datetime | None]
    was_away: Mapped[bool] = mapped_column(default=False)

    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    # The ask's state when it was last shown here.
    ask_state: Mapped[str | None]

    @property
    def has_text(self) -> bool:
        """True if any of the form's answers has text."""
        return bool(
            self.working_on or self.stuck_on or self.proud_of or self.reflection
        )


class CheckInReply(Base):
    """A reply in a round's thread: ids only.

    The row of a deleted reply stays, so that a repeated event does not add it again.
    """

    __tablename__ = "checkin_replies"
    __table_args__ = (Index(None, "round_id", "author"), Index(None, "author"))

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("checkin_rounds.id"))
    author: Mapped[str]
    is_deleted: Mapped[bool] = mapped_column(default=False)
