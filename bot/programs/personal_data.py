"""Personal data about programs: their leads, champions, members and questions."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, delete, select

from bot.clock import datetime_to_micros
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.programs import departed_leads
from bot.programs.message_kinds import (
    PROGRAM_ANSWER,
    PROGRAM_INVITATION,
    PROGRAM_LEAD_LEFT,
    PROGRAM_LEAD_PROMPT,
    PROGRAM_NOT_POSTED,
    PROGRAM_POST_INVITATION,
    PROGRAM_QUESTION,
    PROGRAM_STAY,
    PROGRAM_UPDATE_INVITATION,
    PROGRAM_UPDATE_QUESTION,
    PROGRAM_WITHOUT_CHANNEL,
    PROGRAM_WITHOUT_LEAD,
)
from bot.programs.questions import questions_naming
from bot.runtime import Transaction
from models import (
    Program,
    ProgramChampion,
    ProgramChange,
    ProgramChannel,
    ProgramInvitation,
    ProgramLead,
    ProgramMember,
    ProgramQuestion,
)

_LEFT_KEPT_FOR = timedelta(days=365)


def _end_roles(tx: Transaction, erasure: Erasure) -> None:
    departed_leads.end_roles(tx, erasure.member)


PERSONAL_DATA = (
    TablePolicy(
        model=Program,
        contents="Programs: name, goal, rules, dates.",
        purpose="Say what people join.",
        stays="One for each program.",
        non_personal=(
            *("name", "audience", "goal", "time_needed", "benefit", "rules"),
            *("joining", "source", "coffee", "exchange", "buddies"),
        ),
    ),
    TablePolicy(
        model=ProgramChannel,
        contents="The channels of each program.",
        purpose="Run it there.",
        stays="One for each channel of a program.",
    ),
    TablePolicy(
        model=ProgramLead,
        row_names=("program that you lead", "programs that you lead"),
        contents="Program leads.",
        purpose="Let them run the program, and name them as contacts.",
        retention="When the role is removed, or the lead leaves.",
        stays="One for each lead.",
        owner_columns=("member",),
        on_erasure="delete",
        before_erasure=_end_roles,
    ),
    TablePolicy(
        model=ProgramChange,
        contents="Who last changed each part of a program.",
        purpose="Show leads who edit it at the same time what changed.",
        stays="One for each part of a program.",
        mentioned_columns=("changed_by",),
        non_personal=("part",),
    ),
    TablePolicy(
        model=ProgramMember,
        row_names=("program membership", "program memberships"),
        contents="People who joined a program: when, which rules they saw, pauses, and"
        " whether they left.",
        purpose="Include them in what the program does.",
        retention="A year after they left.",
        stays="One for each person who is in a program.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=ProgramInvitation,
        contents="People who were invited to a program, and by whom. Not what they"
        " chose.",
        purpose="Invite nobody twice.",
        stays="One for each person who was invited to a program.",
        owner_columns=("member",),
        mentioned_columns=("invited_by",),
    ),
    TablePolicy(
        model=ProgramQuestion,
        row_names=("question to a lead", "questions to leads"),
        contents="Questions to a program's leads, with the answer.",
        purpose="Bring the question to the leads, and the answer back.",
        retention="30 days after the answer; 90 days without one.",
        owner_columns=("member", "answered_by"),
        text_columns={"question": "member", "answer": "answered_by"},
    ),
    TablePolicy(
        model=ProgramChampion,
        contents="People who were asked to be a program's champions, and what they"
        " answered.",
        purpose="Ask nobody twice, and know the champions.",
        stays="One for each person who was asked.",
        owner_columns=("member",),
        mentioned_columns=("invited_by",),
        # The lead who asked does not learn who said no.
        owners_alone=("is_willing", "answered_at", "removed_at"),
        on_erasure="delete",
    ),
)


def purge(tx: Transaction) -> None:
    """Delete the memberships that someone left long ago."""
    of_workspace = select(Program.id).filter_by(installation_id=tx.workspace.id)
    tx.session.execute(
        delete(ProgramMember).where(
            ProgramMember.program_id.in_(of_workspace),
            ProgramMember.is_joined.is_(False),
            ProgramMember.event_micros < datetime_to_micros(tx.now - _LEFT_KEPT_FOR),
        )
    )


ERASURE_LINES = ("Your questions to program leads stay, without your name and words.",)


def _led_programs(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    """Return the ids of the programs whose invitations name the member."""
    return tx.session.scalars(
        select(ProgramLead.program_id)
        .join(Program)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramLead.member == erasure.member,
        )
    ).all()


def homes_about(tx: Transaction, erasure: Erasure) -> Sequence[Select[str]]:
    """Select the members of programs that the member is in, or leads."""
    ours = select(Program.id).filter_by(installation_id=tx.workspace.id)
    people = (
        select(ProgramMember.member)
        .filter_by(is_joined=True)
        .where(ProgramMember.program_id.in_(ours))
    )
    return [
        people.where(
            ProgramMember.program_id.in_(
                select(role.program_id).filter_by(member=erasure.member)
            )
        )
        for role in (ProgramMember, ProgramLead)
    ]


MESSAGES = (
    MessagePolicy(
        frozenset({PROGRAM_INVITATION, PROGRAM_POST_INVITATION}), _led_programs
    ),
    # An update is a message of its own only until it is sent.
    MessagePolicy(
        frozenset({PROGRAM_QUESTION, PROGRAM_UPDATE_QUESTION, PROGRAM_ANSWER}),
        questions_naming,
    ),
    # These name no member.
    MessagePolicy(
        frozenset(
            {
                PROGRAM_LEAD_LEFT,
                PROGRAM_LEAD_PROMPT,
                PROGRAM_NOT_POSTED,
                PROGRAM_STAY,
                PROGRAM_UPDATE_INVITATION,
                PROGRAM_WITHOUT_CHANNEL,
                PROGRAM_WITHOUT_LEAD,
            }
        )
    ),
)
