"""Programs: what they are for, their channels and leads, and the people who join."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Program(Base):
    """A program with a shared goal. Its state derives from the dates.

    Each workspace has one for everyone, without channels of its own: it is in all of
    them, and an empty text of it means the default.
    """

    __tablename__ = "programs"
    __table_args__ = (
        Index(
            "uq_programs_workspace_wide",
            "installation_id",
            unique=True,
            sqlite_where=text("is_workspace_wide"),
            postgresql_where=text("is_workspace_wide"),
        ),
        CheckConstraint("joining IN ('open', 'invitation')", name="joining"),
        CheckConstraint("coffee IN ('off', 'auto', 'on')", name="coffee"),
        CheckConstraint("exchange IN ('off', 'auto', 'on')", name="exchange"),
        CheckConstraint("buddies IN ('off', 'auto', 'on')", name="buddies"),
        Index("uq_programs_source", "installation_id", "source", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), index=True
    )
    is_workspace_wide: Mapped[bool] = mapped_column(default=False)
    # The form that made it: "form:V1". A form that Slack sends twice makes one program.
    source: Mapped[str | None]
    name: Mapped[str] = mapped_column(default="")
    # One line each: the people it is for, its shared goal, the time it takes, and what
    # people get from it.
    audience: Mapped[str] = mapped_column(default="")
    goal: Mapped[str] = mapped_column(default="")
    time_needed: Mapped[str] = mapped_column(default="")
    benefit: Mapped[str] = mapped_column(default="")
    rules: Mapped[list[str]] = mapped_column(default=list)
    # Counts the changes of the rules, and of anything; both begin with 1.
    rules_version: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)
    # "open": all who see one of its channels may join; else those who are invited.
    joining: Mapped[str] = mapped_column(default="open")
    guests_may_join: Mapped[bool] = mapped_column(default=False)
    # The kinds of meetings that it has; "auto": when enough of its people want them.
    # Those of the workspace's own program are settings of the workspace.
    coffee: Mapped[str] = mapped_column(default="auto", server_default="auto")
    exchange: Mapped[str] = mapped_column(default="auto", server_default="auto")
    buddies: Mapped[str] = mapped_column(default="auto", server_default="auto")
    # The time of the first round of peer coffee with its people.
    coffee_began_at: Mapped[datetime | None]
    # Days in UTC; the last day is part of the program.
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    # Without `opened_at` it is a draft, which only its leads and admins see.
    opened_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    # The time at which its invitations lost their buttons, because it is over.
    closed_at: Mapped[datetime | None]
    # The time at which the leads were told that it has no channel left.
    told_without_channel_at: Mapped[datetime | None]


class ProgramChannel(Base):
    """A channel of a program; a channel may be in several."""

    __tablename__ = "program_channels"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(
        ForeignKey("channels.id"), primary_key=True, index=True
    )


class ProgramLead(Base):
    """A member who runs a program; leads of the workspace's own run all of them."""

    __tablename__ = "program_leads"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True, index=True)


class ProgramChange(Base):
    """The last change of each part of a program, for leads who edit it together."""

    __tablename__ = "program_changes"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    # The name of a field of the form: "goal".
    part: Mapped[str] = mapped_column(primary_key=True)
    changed_by: Mapped[str] = mapped_column(index=True)
    # The program's version after the change.
    version: Mapped[int]


class ProgramMember(Base):
    """A person who joined a program, and may have left it again.

    As in `Reaction`, the later `event_micros` wins, in whatever order presses arrive.
    """

    __tablename__ = "program_members"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    is_joined: Mapped[bool]
    event_micros: Mapped[int]
    # The first time; a return within some weeks continues it.
    joined_at: Mapped[datetime]
    # The version of the rules that they have seen.
    rules_version: Mapped[int]
    # The first day, in their own zone, on which they take part again.
    paused_until: Mapped[date | None]
    # They did not choose the pause: they did not answer the question.
    is_paused_by_silence: Mapped[bool] = mapped_column(server_default=false())
    # The last time at which the bot asked them whether to stay, pause or leave, and
    # their answer to it.
    asked_to_stay_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class ProgramInvitation(Base):
    """A person who was invited to a program, once. Nothing says what they chose."""

    __tablename__ = "program_invitations"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    invited_by: Mapped[str]
    invited_at: Mapped[datetime]


class ProgramQuestion(Base):
    """A question to a program's leads, and the answer of the first who replied."""

    __tablename__ = "program_questions"
    __table_args__ = (Index(None, "member"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    member: Mapped[str]
    # Texts are mrkdwn.
    question: Mapped[str]
    asked_at: Mapped[datetime]
    answered_by: Mapped[str | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]


class ProgramChampion(Base):
    """A person whom a lead asked to look after a program, and their answer."""

    __tablename__ = "program_champions"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True, index=True)
    invited_by: Mapped[str]
    invited_at: Mapped[datetime]
    # None until they answer; False if they don't want to, or stepped down.
    is_willing: Mapped[bool | None]
    answered_at: Mapped[datetime | None]
    # The time at which a lead removed them. Their answer counts again if they are named
    # again: a person is asked once.
    removed_at: Mapped[datetime | None]

    @property
    def is_champion(self) -> bool:
        return self.is_willing is True and self.removed_at is None


class WorkItem(Base):
    """Something useful that a champion could do this week, made from what happened."""

    __tablename__ = "work_items"
    __table_args__ = (
        # The same thing is suggested once, whatever replicas do at the same time.
        UniqueConstraint("installation_id", "kind", "subject"),
        Index(None, "installation_id", "champion", "outcome"),
        Index(None, "installation_id", "outcome", "until"),
        CheckConstraint(
            "outcome IN ('open', 'done', 'refused', 'over')", name="outcome"
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    # The name of its kind, and what it is about: the ids of rows or of a member.
    kind: Mapped[str]
    subject: Mapped[str]
    # The channel in which it happened.
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    # The member whom it is about, if there is one.
    about: Mapped[str | None] = mapped_column(index=True)
    # The champion who has it or did it, and the one who had it before, while it is
    # open; without a champion it waits for one who has room. If nobody did it, no row
    # says who had it.
    champion: Mapped[str | None]
    previous_champion: Mapped[str | None]
    assigned_at: Mapped[datetime]
    # Then it goes to the next champion, or disappears.
    until: Mapped[datetime]
    # "over": it happened without them, or nobody did it.
    outcome: Mapped[str] = mapped_column(default="open")
    ended_at: Mapped[datetime | None]


class WorkAssignment(Base):
    """A time at which a champion got a suggestion; it does not say which one.

    It counts for the most in a week, and for turns.
    """

    __tablename__ = "work_assignments"
    __table_args__ = (
        Index(None, "installation_id", "assigned_at"),
        Index(None, "member"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    member: Mapped[str]
    assigned_at: Mapped[datetime]
