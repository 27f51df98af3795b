"""Programs: load them, with their channels and leads, for those who may see them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from bot import permissions
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.outbox.queue import Delivery
from bot.permissions import Permission, Role
from bot.programs import rules
from bot.programs.permissions import RUN_PROGRAM
from bot.programs.rules import State
from bot.runtime import Transaction
from bot.slack.text import to_plain
from bot.workspace import roles, visibility
from models import (
    Channel,
    Installation,
    Member,
    Program,
    ProgramChampion,
    ProgramChannel,
    ProgramLead,
)

GONE = "That program is gone."


def get(tx: Transaction, program_id: int) -> Program:
    """Return a program of the workspace. Raises UserError if there is none."""
    return _get(tx, select(Program).filter_by(id=program_id))


def lock(tx: Transaction, program_id: int) -> Program:
    """Lock a program's row, and return it as it is now. Raises UserError."""
    return _get(
        tx,
        select(Program)
        .filter_by(id=program_id)
        .with_for_update()
        .execution_options(populate_existing=True),
    )


def _get(tx: Transaction, query: Select[Program]) -> Program:
    program = tx.session.scalar(query.filter_by(installation_id=tx.workspace.id))
    if program is None:
        raise UserError(GONE)
    return program


def find_workspace_program(tx: Transaction) -> Program | None:
    """Return the workspace's own program; None before its row's first use."""
    return tx.session.scalar(
        select(Program).filter_by(
            installation_id=tx.workspace.id, is_workspace_wide=True
        )
    )


def without_program(
    installation_id: InstallationId, _now: Time
) -> Select[Installation]:
    """Select the installation if the workspace's own program has no row yet."""
    row = aliased(Installation)
    has_program = exists().where(
        Program.installation_id == row.id, Program.is_workspace_wide.is_(True)
    )
    return select(row).where(row.id == installation_id, ~has_program)


def state(tx: Transaction, program: Program) -> State:
    """Return the program's state now. Its days are those of UTC."""
    return rules.state(program, tx.now.date())


def is_active(tx: Transaction, program: Program) -> bool:
    """Return True if it is open or running; without a channel, it is paused."""
    return state(tx, program) in rules.ACTIVE


def takes_people(tx: Transaction, program: Program) -> bool:
    """Return True if people may join it and be invited."""
    return is_active(tx, program) and not is_paused(tx, program)


def channels(tx: Transaction, program: Program) -> list[Channel]:
    """Return the program's channels by name, also those that the bot has left.

    The workspace's own program has all channels that the bot is in.
    """
    query = select(Channel).order_by(Channel.name, Channel.id)
    if program.is_workspace_wide:
        query = query.where(
            Channel.installation_id == tx.workspace.id,
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
        )
    else:
        query = query.join(
            ProgramChannel, ProgramChannel.channel_id == Channel.id
        ).where(ProgramChannel.program_id == program.id)
    return list(tx.session.scalars(query))


def live_channels(tx: Transaction, program: Program) -> list[Channel]:
    """Return those of the program's channels in which the bot can post."""
    return [
        channel
        for channel in channels(tx, program)
        if channel.is_joined and not channel.is_archived
    ]


def is_paused(tx: Transaction, program: Program) -> bool:
    """Return True if it would be active, but the bot is in none of its channels."""
    return program.id in paused_ids(tx, [program])


def paused_ids(tx: Transaction, programs: Iterable[Program]) -> set[int]:
    """Return the ids of those of the programs that are paused."""
    active = {
        program.id
        for program in programs
        if not program.is_workspace_wide and is_active(tx, program)
    }
    if not active:
        return set()
    live = tx.session.scalars(
        select(ProgramChannel.program_id)
        .join(Channel, Channel.id == ProgramChannel.channel_id)
        .where(
            ProgramChannel.program_id.in_(active),
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
        )
    )
    return active - set(live)


def visible_channels(tx: Transaction, program: Program, member: str) -> list[Channel]:
    """Return those of its channels whose texts the member may see.

    Raises MembershipUnknown.
    """
    readable = visibility.readable_channels(tx, member, is_exact=True)
    return [channel for channel in channels(tx, program) if channel.id in readable]


def program_leads(tx: Transaction, program: Program) -> list[str]:
    """Return the leads who are still there, by Slack's id; nobody else is shown."""
    return leads_of(tx, [program.id]).get(program.id, [])


def leads_of(tx: Transaction, program_ids: Iterable[int]) -> Mapping[int, list[str]]:
    """Return the leads of programs who are still there, by the program's id."""
    rows = tx.session.execute(
        select(ProgramLead.program_id, ProgramLead.member)
        .join(
            Member,
            (Member.slack_id == ProgramLead.member)
            & (Member.installation_id == tx.workspace.id),
        )
        .where(
            ProgramLead.program_id.in_(list(program_ids)),
            Member.is_deactivated.is_(False),
            Member.erased_at.is_(None),
        )
        .order_by(ProgramLead.member)
    )
    by_program: dict[int, list[str]] = {}
    for program_id, member in rows:
        by_program.setdefault(program_id, []).append(member)
    return by_program


def is_lead_of(tx: Transaction, program: Program, member: str) -> bool:
    """Return True if the member leads this program, not only the workspace's own."""
    return tx.session.get(ProgramLead, (program.id, member)) is not None


def is_champion_of(tx: Transaction, program: Program, member: str) -> bool:
    """Return True if a lead named the member as a champion, and they said yes."""
    row = tx.session.get(ProgramChampion, (program.id, member))
    return row is not None and row.is_champion


def roles_in(tx: Transaction, program: Program, member: str) -> frozenset[Role]:
    """Return a person's roles towards the program, from stored facts."""
    own = roles.in_workspace(tx, member)
    if own and is_lead_of(tx, program, member):
        own |= {Role.PROGRAM_LEAD}
    # Guests can't be champions, not even those who became one.
    if Role.MEMBER in own and is_champion_of(tx, program, member):
        own |= {Role.CHAMPION}
    return own


def roles_to_make(tx: Transaction, member: str) -> frozenset[Role]:
    """Return a person's roles; a lead of any program, unless archived, is a lead."""
    own = roles.in_workspace(tx, member)
    led = (
        select(ProgramLead.member)
        .join(Program)
        .where(
            Program.installation_id == tx.workspace.id,
            Program.archived_at.is_(None),
            ProgramLead.member == member,
        )
    )
    if own and tx.session.scalar(led.limit(1)) is not None:
        own |= {Role.PROGRAM_LEAD}
    return own


def can_run(tx: Transaction, program: Program, member: str) -> bool:
    """Return True if the member may change the program."""
    return permissions.is_allowed(RUN_PROGRAM, roles_in(tx, program, member))


def authorize(
    tx: Transaction, program: Program, permission: Permission, by: str
) -> None:
    """Check that a member has a permission towards a program that they may see.

    Raises UserError, or MembershipUnknown.
    """
    require_visible(tx, program, by)
    permissions.require(permission, roles_in(tx, program, by))


def require_visible(tx: Transaction, program: Program, member: str) -> None:
    """Raise UserError if the member may not see the program, or MembershipUnknown."""
    if not can_see(tx, program, member):
        raise UserError(GONE)


def can_see(tx: Transaction, program: Program, member: str) -> bool:
    """Return True if the member may see the program. Raises MembershipUnknown."""
    return bool(_visible(tx, [program], member))


def is_known_to_see(tx: Transaction, program: Program, member: str) -> bool:
    """Return True if the member may see the program; False if that is not known."""
    return bool(_visible(tx, [program], member, is_exact=False))


def sees(
    program_of: Callable[[Transaction, Delivery], int | None],
) -> Callable[[Transaction, Delivery], bool]:
    """Return a function that checks whether the recipient may see a program.

    `program_of` returns the id of the program that a message is about; None if it is
    gone. The check raises MembershipUnknown.
    """

    def check(tx: Transaction, delivery: Delivery) -> bool:
        program_id = program_of(tx, delivery)
        if program_id is None:
            return True
        program = tx.session.get_one(Program, program_id)
        asked_at = replace(tx, now=delivery.started_at)
        return can_see(asked_at, program, delivery.recipient)

    return check


def program_itself(_tx: Transaction, delivery: Delivery) -> int:
    """Return the id of the program that a message is about, for `sees`."""
    return delivery.subject_id


def visible_programs(
    tx: Transaction, member: str, *, is_exact: bool = True
) -> list[Program]:
    """Return the programs that a member may see, the workspace's own first.

    1. Its leads see a program, and everyone the workspace's own.
    2. Others see it if they may read one of its channels.
    3. Only those who may run it see a draft, and what is archived.

    Raises MembershipUnknown if it `is_exact`; if not, an unknown membership is none.
    """
    programs = tx.session.scalars(
        select(Program).filter_by(installation_id=tx.workspace.id)
    ).all()
    return sorted(_visible(tx, programs, member, is_exact=is_exact), key=_position)


def _position(program: Program) -> tuple[bool, bool, str, int]:
    """Return its place in a list: the workspace's own first, then by name."""
    name = to_plain(program.name).casefold()
    is_over = program.archived_at is not None or program.ended_at is not None
    return not program.is_workspace_wide, is_over, name, program.id


def _visible(
    tx: Transaction, programs: Iterable[Program], member: str, *, is_exact: bool = True
) -> list[Program]:
    programs = list(programs)
    in_workspace = roles.in_workspace(tx, member)
    if not in_workspace or in_workspace & permissions.DENIED_ROLES:
        return []
    runs_all = permissions.is_allowed(RUN_PROGRAM, in_workspace)
    ids = [program.id for program in programs]
    led = set(
        tx.session.scalars(
            select(ProgramLead.program_id).where(
                ProgramLead.program_id.in_(ids), ProgramLead.member == member
            )
        )
    )
    hidden_from_members = {State.DRAFT, State.ARCHIVED}
    candidates = [
        program
        for program in programs
        if runs_all
        or program.id in led
        or state(tx, program) not in hidden_from_members
    ]
    # Slack is asked about private channels only if one of them matters.
    if all(program.is_workspace_wide or program.id in led for program in candidates):
        return candidates
    readable = visibility.readable_channels(tx, member, is_exact=is_exact)
    by_program = channel_ids(tx, ids)
    return [
        program
        for program in candidates
        if program.is_workspace_wide
        or program.id in led
        or by_program.get(program.id, set()) & readable
    ]


def channel_ids(tx: Transaction, program_ids: Iterable[int]) -> Mapping[int, set[int]]:
    """Return the row ids of the channels of programs, by the program's id."""
    rows = tx.session.execute(
        select(ProgramChannel.program_id, ProgramChannel.channel_id).where(
            ProgramChannel.program_id.in_(list(program_ids))
        )
    )
    by_program: dict[int, set[int]] = {}
    for program_id, channel_id in rows:
        by_program.setdefault(program_id, set()).add(channel_id)
    return by_program
