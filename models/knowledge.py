"""Knowledge: the words of answers that helped, and who was told that they are kept."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AnswerText(Base):
    """The words of an answer that someone else marked; no row, no words.

    There is a row exactly while the answer has such a mark, it and its ask are there,
    and its author agrees and can be told. bot/knowledge/answer_texts.py writes it, and
    nothing else.
    """

    __tablename__ = "answer_texts"
    __table_args__ = (
        Index(None, "ask_id"),
        Index(None, "installation_id", "author"),
        Index(
            "ix_answer_texts_due",
            "installation_id",
            "next_fetch_at",
            sqlite_where=text("next_fetch_at IS NOT NULL"),
            postgresql_where=text("next_fetch_at IS NOT NULL"),
        ),
        CheckConstraint("NOT is_findable OR text IS NOT NULL", name="findable"),
    )

    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"), primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    author: Mapped[str]
    # mrkdwn, as Slack escapes it; None until it is read, and where Slack refuses it.
    text: Mapped[str | None] = mapped_column(Text)
    # True once there is text and its author was told. Only then may others find it.
    is_findable: Mapped[bool] = mapped_column(default=False)
    # Slack's time of the latest edit in `text`; 0 if it was never edited.
    edited_at_micros: Mapped[int] = mapped_column(default=0)
    # The time to ask Slack for the text; None while the outbox does, and when it is
    # there or will not come.
    next_fetch_at: Mapped[datetime | None]
    # The time of the first mark.
    requested_at: Mapped[datetime]


class AnswerTextNotice(Base):
    """A member who was told, once, that the words of their answers are kept."""

    __tablename__ = "answer_text_notices"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]


class AskSuggestion(Base):
    """An earlier ask that the asker of a new one was shown, unasked."""

    __tablename__ = "ask_suggestions"

    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(
        ForeignKey("asks.id"), primary_key=True, index=True
    )
    # 1 is the best.
    position: Mapped[int]
    # The asker pressed "Not mine": it is not shown for this ask again.
    is_dismissed: Mapped[bool] = mapped_column(default=False)
    suggested_at: Mapped[datetime]


class EntryReview(Base):
    """A member's latest verdict whether the answers to an ask are still right.

    A last-writer-wins register, as `Reaction` is.
    """

    __tablename__ = "entry_reviews"
    __table_args__ = (
        CheckConstraint("verdict IN ('works', 'outdated')", name="verdict"),
        Index(None, "member"),
    )

    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    is_present: Mapped[bool]
    event_micros: Mapped[int]
    # The change, in the member's words.
    reason: Mapped[str | None]
    recorded_at: Mapped[datetime]


class AskPointer(Base):
    """A member's pointer to an earlier ask with the same problem, in an ask's thread.

    The bot posts it. People's verdicts are `Reaction`s to its message; the asker's
    acceptance is derived from them.
    """

    __tablename__ = "ask_pointers"
    __table_args__ = (
        UniqueConstraint("ask_id", "earlier_ask_id"),
        UniqueConstraint("channel_id", "ts"),
        CheckConstraint(
            "state IN ('posting', 'posted', 'failed', 'deleted')", name="state"
        ),
        Index(None, "member"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"))
    earlier_ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), index=True)
    # The earlier answer that is credited; None if the asker had given it.
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"), index=True)
    # The channel of the ask, and so of the message.
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    member: Mapped[str]
    state: Mapped[str] = mapped_column(default="posting")
    # The id of the bot's message; None until it is posted.
    ts: Mapped[str | None]
    pointed_at: Mapped[datetime]
