"""Pairs of members who learn from each other: opt-ins, rounds, and matches."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PairOptIn(Base):
    """A member who wants to be matched, or no longer does.

    As in `Reaction`, the later `event_micros` wins, in whatever order presses arrive.
    """

    __tablename__ = "pair_opt_ins"
    __table_args__ = (CheckConstraint("kind IN ('coffee')", name="kind"),)

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    is_in: Mapped[bool]
    event_micros: Mapped[int]
    # The time at which the bot paused it: they had not answered for some rounds. A
    # later press ends the pause.
    paused_at: Mapped[datetime | None]
    # The round in which they have nobody to meet so far; None if they have, or had.
    waits_in: Mapped[int | None] = mapped_column(
        ForeignKey("pair_rounds.id"), index=True
    )
    # The rounds in a row in which nobody could be found for them.
    rounds_left_out: Mapped[int] = mapped_column(default=0)


class PairRound(Base):
    """A round: all who take part are matched once, for its day."""

    __tablename__ = "pair_rounds"
    __table_args__ = (
        # Formed once, whatever replicas do at the same time.
        UniqueConstraint("installation_id", "kind", "day"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    kind: Mapped[str]
    day: Mapped[date]
    formed_at: Mapped[datetime]
    # The number of those who took part, and of those for whom there was nobody.
    people: Mapped[int] = mapped_column(default=0)
    unmatched: Mapped[int] = mapped_column(default=0)


class PairMatch(Base):
    """Two or three members who are to meet. Its state derives from their answers.

    The reasons for it, and times to suggest, are found when a message shows them.
    """

    __tablename__ = "pair_matches"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), index=True
    )
    round_id: Mapped[int] = mapped_column(ForeignKey("pair_rounds.id"), index=True)
    formed_at: Mapped[datetime]
    # The one who is asked to write first.
    first_writer: Mapped[str]


class PairMatchMember(Base):
    """A member of a match, and what they answered; each answer is a register."""

    __tablename__ = "pair_match_members"
    __table_args__ = (
        CheckConstraint("answer IN ('time', 'cant')", name="answer"),
        CheckConstraint("outcome IN ('met', 'not_yet', 'wont')", name="outcome"),
        CheckConstraint("fit IN ('yes', 'so_so', 'no')", name="fit"),
        # Nobody has two matches in a round.
        Index(
            "uq_pair_match_members_current",
            "round_id",
            "member",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
        Index(None, "member", "match_id"),
    )

    match_id: Mapped[int] = mapped_column(
        ForeignKey("pair_matches.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("pair_rounds.id"))
    # False after they, or all others, could not come.
    is_current: Mapped[bool] = mapped_column(default=True)
    answer: Mapped[str | None]
    answer_micros: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None]
    outcome_micros: Mapped[int] = mapped_column(default=0)
    fit: Mapped[str | None]
    fit_micros: Mapped[int] = mapped_column(default=0)
