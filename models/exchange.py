"""Exchanges: two members who each want to learn what the other knows."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ExchangeWish(Base):
    """A member who is open to an exchange, or no longer is.

    As in `Reaction`, the later `event_micros` wins, in whatever order presses arrive.
    """

    __tablename__ = "exchange_wishes"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    is_in: Mapped[bool]
    event_micros: Mapped[int]
    hours_a_month: Mapped[int]
    # The most exchanges at the same time.
    max_exchanges: Mapped[int]


class Exchange(Base):
    """A question of a member to a peer, and the exchange that comes of it.

    Its state derives from its times. A no changes nothing here: the asker can't tell it
    from silence.
    """

    __tablename__ = "exchanges"
    __table_args__ = (
        Index(None, "installation_id", "asker"),
        Index(None, "installation_id", "peer"),
        Index(None, "installation_id", "ends_at"),
        CheckConstraint("weeks_between BETWEEN 1 AND 4", name="weeks_between"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    asker: Mapped[str]
    peer: Mapped[str]
    asked_at: Mapped[datetime]
    # The time of the yes, and the time at which both had agreed.
    begun_at: Mapped[datetime | None]
    agreed_at: Mapped[datetime | None]
    # The time at which the question, the draft or the exchange ends by itself, or did
    # end.
    ends_at: Mapped[datetime]
    # True if someone ended it before its time, or left.
    is_cut_short: Mapped[bool] = mapped_column(default=False)

    # The agreement: the number of its changes, and who made the last one.
    version: Mapped[int] = mapped_column(default=0)
    edited_by: Mapped[str | None]
    weeks_between: Mapped[int] = mapped_column(default=2)
    # Its last day.
    until: Mapped[date | None]
    how_we_meet: Mapped[str] = mapped_column(default="")
    stays_between: Mapped[str] = mapped_column(default="")


class ExchangeMember(Base):
    """The texts and answers of a member of an exchange.

    The two share only `hopes`, `brings` and `agreed_version`.
    """

    __tablename__ = "exchange_members"
    __table_args__ = (
        CheckConstraint(
            "answer IN ('yes', 'not_now', 'not_this', 'taken_back')", name="answer"
        ),
        CheckConstraint(
            "first_meeting IN ('good', 'not_sure', 'not_for_me')", name="first_meeting"
        ),
        CheckConstraint("midpoint IN ('good', 'change')", name="midpoint"),
        Index(None, "member"),
    )

    exchange_id: Mapped[int] = mapped_column(
        ForeignKey("exchanges.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    # The peer's answer; the asker can only take the question back.
    answer: Mapped[str | None]
    answer_micros: Mapped[int] = mapped_column(default=0)
    hopes: Mapped[str] = mapped_column(default="")
    brings: Mapped[str] = mapped_column(default="")
    # The version of the agreement that they agreed to.
    agreed_version: Mapped[int | None]
    first_meeting: Mapped[str | None]
    midpoint: Mapped[str | None]
    got: Mapped[str] = mapped_column(default="")
    gave: Mapped[str] = mapped_column(default="")
    goes_on: Mapped[bool | None]
