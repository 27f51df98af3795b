"""Message counts, and credits for members who helped quietly."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class MessageCount(Base):
    """The number of messages that one member wrote in one channel on one day (UTC).

    Nothing else is stored of the messages. A crash may lose the last minute's counts.
    """

    __tablename__ = "message_counts"
    __table_args__ = (Index(None, "day"), Index(None, "member"))

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    messages: Mapped[int]


class MentorWorkspaceSettings(Base):
    """The scope of mentor detection; without a row, the workspace as a whole."""

    __tablename__ = "mentor_settings"
    __table_args__ = (
        CheckConstraint("scope IN ('off', 'workspace', 'channels')", name="scope"),
    )

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    scope: Mapped[str] = mapped_column(default="workspace")


class ExpectedExpert(Base):
    """A member whose help the program leads expect: they are never a mentor."""

    __tablename__ = "expected_experts"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)


class MentorRun(Base):
    """One detection run for one period; no replica repeats a run that has a row."""

    __tablename__ = "mentor_runs"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    # The local day on which the period ends.
    period: Mapped[date] = mapped_column(primary_key=True)
    # The channel of the run; 0 for the workspace as a whole.
    scope_id: Mapped[int] = mapped_column(primary_key=True)
    credits: Mapped[int]


class Credit(Base):
    """One member's help for others in one period, as it was known at its end.

    consent: asked; then public, private or never (no more credits), as the member
    chose; or silent if they did not answer, which is treated as private.
    """

    __tablename__ = "credits"
    __table_args__ = (
        UniqueConstraint("installation_id", "member", "period"),
        Index(None, "consent"),
        CheckConstraint(
            "consent IN ('asked', 'public', 'private', 'silent', 'never')",
            name="consent",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    member: Mapped[str]
    period: Mapped[date]
    credited_at: Mapped[datetime]

    # The channel for the public post; None if there is no such channel.
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))

    # Results of the detection; 0 if a program lead gave the credit, with a reason.
    window_days: Mapped[int] = mapped_column(default=0)
    messages: Mapped[int] = mapped_column(default=0)
    all_messages: Mapped[int] = mapped_column(default=0)
    helpfulness: Mapped[float] = mapped_column(default=0.0)
    expected: Mapped[float] = mapped_column(default=0.0)
    score: Mapped[float] = mapped_column(default=0.0)
    credited_by: Mapped[str | None]
    reason: Mapped[str | None]

    consent: Mapped[str] = mapped_column(default="asked")
    # The direct message that asked for the member's consent; it shows their choice.
    notified_at: Mapped[datetime | None]
    notified_channel: Mapped[str | None]
    notified_ts: Mapped[str | None]
    answered_at: Mapped[datetime | None]

    # The current public post, and the number of posts so far.
    post_ts: Mapped[str | None]
    post_count: Mapped[int] = mapped_column(default=0)


class CreditEvidence(Base):
    """A copy of one mark that led to a credit; undoing the mark does not change it."""

    __tablename__ = "credit_evidence"

    credit_id: Mapped[int] = mapped_column(ForeignKey("credits.id"), primary_key=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"))
    asker: Mapped[str]
    is_solution: Mapped[bool]
    # The members it helped, and those of them who marked it themselves.
    helped_members: Mapped[list[str]]
    marked_by: Mapped[list[str]]


class MentorRingAlert(Base):
    """An alert to the leads: most of a member's marks come from their own ring."""

    __tablename__ = "mentor_ring_alerts"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    marks: Mapped[int]
    marks_from_ring: Mapped[int]
    ring: Mapped[list[str]]
