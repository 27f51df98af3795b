"""Circles of a few people, the seasons that form them, and the people who sign up."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class CircleSeason(Base):
    """A time in which people of a program meet in circles. Its state derives from it.

    People sign up, circles are formed, a lead looks at them and invites. A circle that
    a member starts has a season of its own, in which others take a place.
    """

    __tablename__ = "circle_seasons"
    __table_args__ = (
        Index("uq_circle_seasons_source", "installation_id", "source", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    # The form that made it: "form:V1". A form that Slack sends twice makes one season.
    source: Mapped[str]
    opened_by: Mapped[str] = mapped_column(index=True)
    opened_at: Mapped[datetime]
    # mrkdwn in one line, or empty.
    theme: Mapped[str] = mapped_column(default="")
    # A name that people read, such as "German"; empty for any.
    language: Mapped[str] = mapped_column(default="")
    signup_ends_at: Mapped[datetime]
    # The first day, by each circle's zone, on which a circle may meet; and the last day
    # (UTC), which becomes a later one while a circle has meetings ahead.
    starts_on: Mapped[date]
    ends_on: Mapped[date] = mapped_column(index=True)
    meetings: Mapped[int]
    weeks_between: Mapped[int]
    minutes: Mapped[int]
    # The lead's questions (mrkdwn): one in a line, an empty line between meetings.
    questions: Mapped[str] = mapped_column(default="")
    is_in_writing: Mapped[bool] = mapped_column(default=False)
    # The format of its meetings, unless a facilitator chooses another one.
    format: Mapped[str] = mapped_column(default="turns")
    # An ISO 3166 country or part of one ("DE", "DE-BY"): a meeting that falls on one of
    # its public holidays is on the next working day.
    holidays_of: Mapped[str | None]
    # The number of places in a circle that a member started; None for other seasons.
    places: Mapped[int | None]
    # The times at which circles were formed, their members invited, and at which a
    # lead ended it early.
    formed_at: Mapped[datetime | None]
    invited_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # The answers whether meetings were worth it, as leads see them: they change only by
    # those of several people at a time.
    worth_yes: Mapped[int] = mapped_column(default=0)
    worth_so_so: Mapped[int] = mapped_column(default=0)
    worth_no: Mapped[int] = mapped_column(default=0)


class CircleSignup(Base):
    """A person who signed up for a season, and may have taken it back.

    As in `Reaction`, the later `event_micros` wins, in whatever order presses arrive.
    """

    __tablename__ = "circle_signups"
    season_id: Mapped[int] = mapped_column(
        ForeignKey("circle_seasons.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    is_signed_up: Mapped[bool]
    event_micros: Mapped[int]
    signed_up_at: Mapped[datetime]
    # A question that they bring (mrkdwn), which only their circle sees.
    brings: Mapped[str] = mapped_column(default="")
    # Parts of weekdays that never work, in their own zone: "0-early" on Monday.
    never: Mapped[list[str]] = mapped_column(default=list)


class Circle(Base):
    """A few people who meet some times."""

    __tablename__ = "circles"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), index=True
    )
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    season_id: Mapped[int | None] = mapped_column(
        ForeignKey("circle_seasons.id"), index=True
    )
    # Its place in the season's list, which leads see: "Circle 3".
    number: Mapped[int] = mapped_column(default=1)
    formed_at: Mapped[datetime]
    # The time at which all had answered, and learned who is in it.
    introduced_at: Mapped[datetime | None]
    # A line that the circle writes (mrkdwn), and the link to its calls.
    goal: Mapped[str] = mapped_column(default="")
    call_link: Mapped[str] = mapped_column(default="")
    # Meetings are at one time of the day in this IANA zone, from `starts_at` (UTC) on.
    # Without `starts_at` the first facilitator has not chosen yet.
    zone: Mapped[str] = mapped_column(default="UTC")
    starts_at: Mapped[datetime | None]
    is_in_writing: Mapped[bool] = mapped_column(default=False)
    # Counts the changes of the times, for calendars.
    calendar_version: Mapped[int] = mapped_column(default=0)
    # The time at which the job looks whether its people still meet; None if there is
    # nothing to look at.
    check_at: Mapped[datetime | None]
    # Set while it has a break: nothing is sent to it.
    frozen_at: Mapped[datetime | None]
    # The day (UTC) on which it ends, if that is not its season's.
    ends_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]


class CircleMember(Base):
    """A place of a person in a circle; they are in it after they took the place."""

    __tablename__ = "circle_members"
    __table_args__ = (
        # A person has one place in a season.
        Index(
            "uq_circle_members_season",
            "season_id",
            "member",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
    )

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    # The season of the circle, if it has one; None once the circle ended before its
    # season, in which the person may have another place then.
    season_id: Mapped[int | None] = mapped_column(ForeignKey("circle_seasons.id"))
    # Among those who facilitated equally long ago, the lower position comes first.
    position: Mapped[int]
    # Without it the place is a proposal, which only leads see.
    invited_at: Mapped[datetime | None]
    # The time by which the place must be taken, which begins when they get the
    # invitation; and the time at which it was taken.
    take_until: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    agreed_at: Mapped[datetime | None]
    # The end of the place: not taken in time, given back, or left. Nothing says which.
    left_at: Mapped[datetime | None]


class CircleMerge(Base):
    """An offer to a circle with too few people, and to another one; both decide."""

    __tablename__ = "circle_merges"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    season_id: Mapped[int] = mapped_column(ForeignKey("circle_seasons.id"), index=True)
    small_id: Mapped[int] = mapped_column(ForeignKey("circles.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("circles.id"), index=True)
    answer_until: Mapped[datetime]
    # None while people decide.
    is_accepted: Mapped[bool | None]


class CircleMergeAnswer(Base):
    """The answer of a person in one of the circles; nobody sees it."""

    __tablename__ = "circle_merge_answers"

    merge_id: Mapped[int] = mapped_column(
        ForeignKey("circle_merges.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    is_yes: Mapped[bool]
    # The later press counts.
    event_micros: Mapped[int]


class CircleVote(Base):
    """A question to the people in a circle, which their answers decide."""

    __tablename__ = "circle_votes"
    __table_args__ = (
        Index(
            "uq_circle_votes_open",
            "circle_id",
            "kind",
            "member",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
        CheckConstraint("kind IN ('quiet', 'break', 'place')", name="kind"),
        CheckConstraint(
            "result IN ('continue', 'time', 'join', 'break', 'end', 'yes', 'no')",
            name="result",
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"), index=True)
    kind: Mapped[str]
    # The person who would take a place; empty in the other kinds.
    member: Mapped[str] = mapped_column(default="", index=True)
    answer_until: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    # None while people decide, and if there was nothing to decide any longer.
    result: Mapped[str | None]
    # The time at which the circle chose the other time, or joined the other circle,
    # that it wanted.
    done_at: Mapped[datetime | None]


class CircleVoteAnswer(Base):
    """The answer of a person in the circle; nobody sees it."""

    __tablename__ = "circle_vote_answers"
    __table_args__ = (
        CheckConstraint(
            "answer IN ('continue', 'time', 'join', 'break', 'end', 'yes', 'no')",
            name="answer",
        ),
    )

    vote_id: Mapped[int] = mapped_column(
        ForeignKey("circle_votes.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    answer: Mapped[str]
    # The later press counts.
    event_micros: Mapped[int]
