"""Meetings of circles: their presses, messages, turns, questions, and next actions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class CircleMeeting(Base):
    """A meeting of a circle. Its state follows from its presses and the time.

    `is_open` and what comes after it are stored when it changes, for queries.
    """

    __tablename__ = "circle_meetings"
    __table_args__ = (
        UniqueConstraint("circle_id", "number"),
        # A circle never has two meetings at a time, whatever replicas do.
        Index(
            "uq_circle_meetings_open",
            "circle_id",
            unique=True,
            sqlite_where=text("is_open"),
            postgresql_where=text("is_open"),
        ),
        Index(None, "installation_id", "due_at"),
        CheckConstraint(
            "format IN ('turns', 'case_clinic', 'discussion')", name="format"
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"))
    # 1 for the circle's first meeting.
    number: Mapped[int]
    planned_at: Mapped[datetime]
    minutes: Mapped[int]
    # The time that the circle agreed on for it, instead of this time of its rota.
    moved_from: Mapped[datetime | None]
    moved_to: Mapped[datetime | None]
    # Its format unless the facilitator chooses another one.
    format: Mapped[str] = mapped_column(default="turns")
    # The goal and the scope of an open discussion (mrkdwn in one line), and the member
    # who wrote them last.
    goal: Mapped[str] = mapped_column(default="")
    scope: Mapped[str] = mapped_column(default="")
    focus_by: Mapped[str | None]
    # The members when it was planned, in the order of their turns to facilitate.
    rota: Mapped[list[str]] = mapped_column(default=list)
    # All presses on its buttons, in any order.
    presses: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    # The time at which the job has to look at it; None if there is nothing to do.
    due_at: Mapped[datetime | None]
    # The times at which a member was asked about their ask, the circle was told of the
    # meeting, and got its agenda.
    offered_at: Mapped[datetime | None]
    announced_at: Mapped[datetime | None]
    posted_at: Mapped[datetime | None]
    is_open: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime | None]
    # Also the end of the time in which it could have been started.
    ended_at: Mapped[datetime | None]
    # The member who facilitated it.
    facilitator: Mapped[str | None] = mapped_column(index=True)
    # True if at least two people met. Their answers whether it was worth their time
    # are only counted.
    took_place: Mapped[bool] = mapped_column(default=False)
    worth_yes: Mapped[int] = mapped_column(default=0)
    worth_so_so: Mapped[int] = mapped_column(default=0)
    worth_no: Mapped[int] = mapped_column(default=0)


class MeetingMove(Base):
    """A member's proposal to have a meeting at another time, about which all decide."""

    __tablename__ = "meeting_moves"
    __table_args__ = (
        # A member proposes once for a meeting.
        UniqueConstraint("meeting_id", "proposed_by"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("circle_meetings.id"))
    proposed_by: Mapped[str] = mapped_column(index=True)
    starts_at: Mapped[datetime]
    created_at: Mapped[datetime]
    # None while people decide.
    is_accepted: Mapped[bool | None]
    # The meeting's time before it moved.
    moved_from: Mapped[datetime | None]


class MeetingMoveAnswer(Base):
    """A member's answer about such a proposal; nobody else sees it."""

    __tablename__ = "meeting_move_answers"

    move_id: Mapped[int] = mapped_column(
        ForeignKey("meeting_moves.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    is_yes: Mapped[bool]
    # The later press counts.
    event_micros: Mapped[int]


class MeetingAnswer(Base):
    """A member's answer whether their circle met."""

    __tablename__ = "meeting_answers"
    __table_args__ = (
        CheckConstraint("answer IN ('all', 'part', 'none')", name="answer"),
    )

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("circle_meetings.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    answer: Mapped[str | None]
    # The later press counts.
    event_micros: Mapped[int]
    # True after they said whether it was worth their time: it counts once.
    has_rated: Mapped[bool]
    # The fingerprint of that answer, which only the button to take it back can show.
    receipt: Mapped[str | None]
    # True after the counts that leads see have it.
    is_published: Mapped[bool] = mapped_column(default=False)


class CircleMeetingMessage(Base):
    """The agenda of a meeting in one conversation: a message that is edited."""

    __tablename__ = "circle_meeting_messages"
    __table_args__ = (
        UniqueConstraint("meeting_id", "recipient"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("circle_meetings.id"))
    # Slack's id of a conversation, or of a member for a direct message.
    recipient: Mapped[str] = mapped_column(index=True)
    # The id of the message, and of the conversation that it is in.
    ts: Mapped[str | None]
    slack_channel: Mapped[str | None]
    # 1 after the message was posted anew, because Slack refused to edit it.
    reposts: Mapped[int] = mapped_column(default=0)
    edited_at: Mapped[datetime | None]


class MeetingTurn(Base):
    """A turn that a member had in a meeting, and did not skip."""

    __tablename__ = "meeting_turns"

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("circle_meetings.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    had_at: Mapped[datetime]


class CircleAction(Base):
    """One thing that a member said they will do, for the eyes of their circle."""

    __tablename__ = "circle_actions"
    __table_args__ = (
        UniqueConstraint("meeting_id", "member"),
        CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"), index=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("circle_meetings.id"))
    member: Mapped[str] = mapped_column(index=True)
    # mrkdwn in one line.
    text: Mapped[str]
    due_on: Mapped[date | None]
    # The later `event_micros` wins, in whatever order presses arrive.
    state: Mapped[str] = mapped_column(default="open")
    event_micros: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class MeetingEntry(Base):
    """A text that a member wrote in a stage of a week in writing, for their circle."""

    __tablename__ = "meeting_entries"
    __table_args__ = (
        CheckConstraint(
            "stage IN ('issues', 'questions', 'ideas', 'thanks')", name="stage"
        ),
    )

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("circle_meetings.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    # The member whose issue it is about; empty for an issue, and for thanks.
    about: Mapped[str] = mapped_column(primary_key=True, default="")
    # mrkdwn.
    text: Mapped[str]
    written_at: Mapped[datetime]


class AskOffer(Base):
    """A question about a member's own ask, which they allow before the circle reads it.

    Its words are made from the ask when it is read.
    """

    __tablename__ = "circle_ask_offers"
    __table_args__ = (
        UniqueConstraint("meeting_id", "ask_id"),
        CheckConstraint("answer IN ('fine', 'another', 'none')", name="answer"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("circle_meetings.id"))
    member: Mapped[str] = mapped_column(index=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    # None is no answer: the ask is not used.
    answer: Mapped[str | None]
    # The later press counts.
    event_micros: Mapped[int] = mapped_column(default=0)
    # The time of the message; answers count for a day.
    sent_at: Mapped[datetime | None]


class CircleQuestion(Base):
    """A question that a circle thinks about before a meeting.

    It is one of ours, with its key, or a member's own.
    """

    __tablename__ = "circle_questions"
    __table_args__ = (
        # A circle never gets one of our questions twice.
        Index(
            "uq_circle_questions_key",
            "circle_id",
            "key",
            unique=True,
            sqlite_where=text("key <> ''"),
            postgresql_where=text("key <> ''"),
        ),
        # A member's later question for a meeting replaces their earlier one.
        UniqueConstraint("meeting_id", "member"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("circle_meetings.id"))
    key: Mapped[str] = mapped_column(default="")
    member: Mapped[str | None] = mapped_column(index=True)
    # mrkdwn in one line, or empty for one of ours.
    text: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
