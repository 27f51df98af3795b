"""The views of programs, filled with what one person may see."""

from collections.abc import Iterator, Sequence

from slack_sdk.models.views import View

from bot import permissions, timezones
from bot.errors import UserError
from bot.programs import editing, invitations, membership, notes, page_blocks, service
from bot.programs.defaults import program_texts
from bot.programs.page_blocks import PAGE_SIZE, ProgramPage, ProgramRow
from bot.programs.permissions import MAKE_PROGRAM, RUN_PROGRAM
from bot.programs.presentation import format_day, invitation
from bot.programs.rules import State
from bot.runtime import Transaction
from bot.workspace import members
from models import Program

NOT_HERE = "You can't see programs here."


def program_list(tx: Transaction, *, by: str, start: int = 0) -> View:
    """Return a page of the programs that a member may see.

    Raises UserError if there is none, and MembershipUnknown.
    """
    programs = service.visible_programs(tx, by)
    if not programs:
        raise UserError(NOT_HERE)
    rows = [
        ProgramRow(
            program.id,
            program_texts(program).name,
            program_texts(program).audience,
            _state(tx, program),
        )
        for program in programs[start : start + PAGE_SIZE]
    ]
    return page_blocks.program_list(
        rows,
        start=start if rows else 0,
        total=len(programs),
        may_make=permissions.is_allowed(MAKE_PROGRAM, service.roles_to_make(tx, by)),
    )


def program_page(
    tx: Transaction, program: Program, *, by: str, notice: str = ""
) -> View:
    """Return a program's page. Raises UserError, and MembershipUnknown."""
    service.require_visible(tx, program, by)
    channels = service.visible_channels(tx, program, by)
    shown = [] if program.is_workspace_wide else channels
    return page_blocks.program_page(
        ProgramPage(
            id=program.id,
            invitation=invitation(tx, program),
            state=_state(tx, program),
            channels=[(channel.slack_id, channel.name) for channel in shown],
            own_acts=list(_own_acts(tx, program, by)),
            acts=_acts(tx, program) if service.can_run(tx, program, by) else [],
            is_joined=membership.is_joined(tx, program.id, by),
            notice=notice,
        )
    )


def joined_list(tx: Transaction, program: Program, *, by: str, start: int = 0) -> View:
    """Return a page of the people who joined, for those who run the program.

    It has nobody who left, and does not tell who paused. Raises UserError, and
    MembershipUnknown.
    """
    service.authorize(tx, program, RUN_PROGRAM, by)
    rows = membership.joined_people(tx, program)
    joined_at = {row.member: row.joined_at for row in rows}
    names = members.names(tx, joined_at)
    people = sorted(joined_at, key=lambda member: (names[member].casefold(), member))
    zone = members.zone(tx, by)
    shown = [
        (names[member], format_day(timezones.local_date(joined_at[member], zone)))
        for member in people[start : start + PAGE_SIZE]
    ]
    return page_blocks.joined_list(
        program.id,
        program_texts(program).name,
        shown,
        start=start if shown else 0,
        total=len(people),
    )


def _own_acts(tx: Transaction, program: Program, by: str) -> Iterator[str]:
    """Return the buttons that suit a member, whether or not they run the program."""
    is_active = service.is_active(tx, program)
    is_joined = membership.is_joined(tx, program.id, by)
    if not is_joined and _can_join(tx, program, by):
        yield "program_join"
    if is_active and set(service.program_leads(tx, program)) - {by}:
        yield "program_ask"
    if service.takes_people(tx, program) and invitations.can_invite(tx, program, by):
        yield "program_invite"
    if is_joined:
        yield "program_leave"


def _can_join(tx: Transaction, program: Program, by: str) -> bool:
    try:
        membership.require_may_join(tx, program, by)
    except UserError:
        return False
    return True


def _acts(tx: Transaction, program: Program) -> Sequence[str]:
    """Return the buttons that suit the program's state."""
    if program.is_workspace_wide:
        return ["program_change", "program_joined", "program_champions"]
    match service.state(tx, program):
        case State.DRAFT:
            return ["program_open", "program_change", "program_archive"]
        case State.OPEN | State.RUNNING:
            acts = [
                *("program_change", "program_joined"),
                *("program_champions", "program_end"),
            ]
            is_known = editing.is_known(tx, program)
            return acts if is_known else [*acts, "program_back_to_draft"]
        case State.ENDED:
            return [
                *("program_change", "program_joined"),
                *("program_continue", "program_archive"),
            ]
        case State.ARCHIVED:
            return ["program_joined", "program_restore"]


def _state(tx: Transaction, program: Program) -> str:
    state = service.state(tx, program)
    last = program.ended_at.date() if program.ended_at else program.ends_on
    return notes.state_line(
        state,
        is_paused=service.is_paused(tx, program),
        first=format_day(program.starts_on),
        last=format_day(last),
    )
