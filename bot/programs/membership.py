"""Memberships of programs: join, leave, return, pause."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, select

from bot.clock import datetime_to_micros, micros_to_datetime
from bot.db.statements import upsert
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.permissions import Role
from bot.programs import invitation_updates, service
from bot.programs.defaults import program_texts
from bot.programs.membership_rules import (
    Event,
    Join,
    Leave,
    Membership,
    Pause,
    Return,
    RulesSeen,
    apply,
    pause_end,
)
from bot.programs.permissions import JOIN
from bot.runtime import Transaction
from bot.workspace import members
from models import Member, Program, ProgramInvitation, ProgramMember

ENDED = "This program is over."
PAUSED = "This program is paused: I'm in none of its channels."
NOT_JOINED = "You're not in this program."
JOINED_SINCE = "You've joined again since then. Press Leave on my Home tab."
ONLY_INVITED = "You can join this program when someone has invited you."


def find(tx: Transaction, program_id: int, member: str) -> Membership | None:
    """Return what is stored about a member; also of one who left."""
    row = tx.session.get(ProgramMember, (program_id, member), populate_existing=True)
    return None if row is None else _membership(row)


def is_joined(tx: Transaction, program_id: int, member: str) -> bool:
    membership = find(tx, program_id, member)
    return membership is not None and membership.is_joined


def can_return(tx: Transaction, program: Program, member: str) -> bool:
    """Return True if the member left so shortly ago that a press is enough."""
    membership = find(tx, program.id, member)
    return membership is not None and membership.can_return(
        tx.now, micros_to_datetime(membership.event_micros)
    )


def require_may_join(tx: Transaction, program: Program, by: str) -> None:
    """Raise UserError, or MembershipUnknown, if the member may not join."""
    service.authorize(tx, program, JOIN, by)
    if not may_join(tx, program, by):
        raise UserError(JOIN.denial)
    if not service.is_active(tx, program):
        raise UserError(ENDED)
    if not is_open_to(tx, program, by):
        raise UserError(ONLY_INVITED)
    # Someone who left by mistake can take it back.
    if service.is_paused(tx, program) and not can_return(tx, program, by):
        raise UserError(PAUSED)


def may_join(tx: Transaction, program: Program, member: str) -> bool:
    """Return False for guests, unless the program takes them."""
    is_guest = Role.GUEST in service.roles_in(tx, program, member)
    return program.guests_may_join or not is_guest


def is_open_to(tx: Transaction, program: Program, member: str) -> bool:
    """Return True if anyone may join, or if this member was invited.

    So were its leads, and the champions whom they named.
    """
    return (
        program.joining == "open"
        or tx.session.get(ProgramInvitation, (program.id, member)) is not None
        or service.is_lead_of(tx, program, member)
        or service.is_champion_of(tx, program, member)
        or tx.session.get(ProgramMember, (program.id, member)) is not None
    )


def join(tx: Transaction, program: Program, by: str, *, rules_version: int) -> None:
    """Join, or join again, by the form. Raises UserError, or MembershipUnknown."""
    # Otherwise the row could be written after they were forgotten.
    members.lock(tx, by)
    require_may_join(tx, program, by)
    # The form can show no version that does not exist yet.
    version = min(rules_version, program.rules_version)
    micros = datetime_to_micros(tx.now)
    before = find(tx, program.id, by)
    if before is not None and not before.is_joined:
        # Slack's clock may be ahead of ours: the form came after they left.
        micros = max(micros, before.event_micros + 1)
    _require_joined(record(tx, program, by, Join(tx.now, micros, version)))


def come_back(tx: Transaction, program: Program, by: str, *, event_micros: int) -> None:
    """Continue a membership that was left shortly before. Raises UserError.

    So it does if they left again since.
    """
    require_may_join(tx, program, by)
    _require_joined(record(tx, program, by, Return(event_micros)))


def _require_joined(membership: Membership | None) -> None:
    if membership is None or not membership.is_joined:
        raise UserError(NOT_JOINED)


def leave(tx: Transaction, program: Program, by: str, *, event_micros: int) -> None:
    """Leave a program; a member can always leave.

    Raises UserError if they are not in it, or joined again after the press.
    """
    membership = record(tx, program, by, Leave(event_micros))
    if membership is None:
        raise UserError(NOT_JOINED)
    if membership.is_joined:
        raise UserError(JOINED_SINCE)


def pause(tx: Transaction, program: Program, by: str, *, at: datetime) -> date:
    """Pause for some months; return the first day after it. Raises UserError."""
    until = pause_end(members.today(tx, by))
    _choose(tx, program, by, Pause(at, until))
    return until


def stay(tx: Transaction, program: Program, by: str, *, at: datetime) -> None:
    """End a pause, or say that one stays. Raises UserError."""
    _choose(tx, program, by, Pause(at, None))


def _choose(tx: Transaction, program: Program, by: str, choice: Pause) -> None:
    _require_joined(record(tx, program, by, choice))


def see_rules(tx: Transaction, program: Program, by: str, *, version: int) -> None:
    """Record that a member has seen a version of the rules. Raises UserError."""
    event = RulesSeen(min(version, program.rules_version))
    if record(tx, program, by, event) is None:
        raise UserError(NOT_JOINED)


def refresh_homes(tx: Transaction, program: Program) -> None:
    """Show a change of the program to the people in it."""
    people = select(ProgramMember.member).filter_by(
        program_id=program.id, is_joined=True
    )
    home_refresh.refresh_homes(tx, tx.session.scalars(people).all())


def visible_name(
    tx: Transaction, program: Program, member: str, *, is_exact: bool = False
) -> str:
    """Return the program's name (mrkdwn), or words for one that they can't see.

    Raises MembershipUnknown if it `is_exact`; if not, an unknown membership is none.
    """
    sees = service.can_see if is_exact else service.is_known_to_see
    is_visible = sees(tx, program, member)
    return program_texts(program).name if is_visible else "the program"


def record(
    tx: Transaction, program: Program, member: str, event: Event
) -> Membership | None:
    """Apply an event, and return the membership; None if there is none."""
    key = {"program_id": program.id, "member": member}
    first = apply(None, event)
    if first is not None:
        tx.session.execute(
            upsert(tx.session, ProgramMember)
            .values(**key, **_columns(first))
            .on_conflict_do_nothing()
        )
    row = tx.session.scalar(
        select(ProgramMember)
        .filter_by(**key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    was_joined = row.is_joined
    membership = apply(_membership(row), event)
    assert membership is not None  # noqa: S101 - only the first state is None
    for name, value in _columns(membership).items():
        setattr(row, name, value)
    tx.session.flush()
    home_refresh.refresh_homes(tx, [member])
    if isinstance(event, Join | Leave | Return):
        invitation_updates.follow(tx, program.id, member)
    if was_joined and not membership.is_joined:
        tx.features.on_program_left(tx, program.id, member)
    return membership


def _membership(row: ProgramMember) -> Membership:
    return Membership(
        is_joined=row.is_joined,
        event_micros=row.event_micros,
        joined_at=row.joined_at,
        rules_version=row.rules_version,
        paused_until=row.paused_until,
        answered_at=row.answered_at,
        is_paused_by_silence=row.is_paused_by_silence,
    )


def _columns(membership: Membership) -> dict[str, object]:
    return {
        "is_joined": membership.is_joined,
        "event_micros": membership.event_micros,
        "joined_at": membership.joined_at,
        "rules_version": membership.rules_version,
        "paused_until": membership.paused_until,
        "answered_at": membership.answered_at,
        "is_paused_by_silence": membership.is_paused_by_silence,
    }


def joined_people(
    tx: Transaction, program: Program, *conditions: ColumnElement[bool]
) -> Sequence[ProgramMember]:
    """Return the rows of those who are in the program, the first to join first.

    Nobody who left, was deactivated or is external is among them.
    """
    return tx.session.scalars(
        select(ProgramMember)
        .join(
            Member,
            (Member.slack_id == ProgramMember.member)
            & (Member.installation_id == program.installation_id),
        )
        .where(
            ProgramMember.program_id == program.id,
            ProgramMember.is_joined.is_(True),
            Member.is_deactivated.is_(False),
            Member.is_external.is_(False),
            Member.erased_at.is_(None),
            *conditions,
        )
        .order_by(ProgramMember.joined_at, ProgramMember.member)
    ).all()


def joined_programs(tx: Transaction, member: str) -> list[tuple[Program, Membership]]:
    """Return the programs that a member is in, the workspace's own first."""
    rows = tx.session.execute(
        select(Program, ProgramMember)
        .join(ProgramMember, ProgramMember.program_id == Program.id)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramMember.member == member,
            ProgramMember.is_joined.is_(True),
        )
        .order_by(Program.is_workspace_wide.desc(), Program.name, Program.id)
    )
    return [(program, _membership(row)) for program, row in rows]
