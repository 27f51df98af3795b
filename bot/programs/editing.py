"""Make programs, change them, and take them from one state to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import delete, select

from bot.db.statements import replace_members, upsert
from bot.errors import UserError
from bot.permissions import require
from bot.programs import draft as drafts
from bot.programs import kinds, membership, service
from bot.programs.draft import FIELDS, TEXT_FIELDS, WORKSPACE_FIELDS, Draft
from bot.programs.message_kinds import PROGRAM_POST_INVITATION
from bot.programs.permissions import MAKE_PROGRAM
from bot.programs.rules import MAX_CHANNELS, Kind, State, Texts
from bot.runtime import Transaction
from bot.slack.text import to_plain
from bot.workspace import channels as workspace_channels
from bot.workspace import members, roles, visibility
from models import (
    Channel,
    OutboxItem,
    Program,
    ProgramChange,
    ProgramChannel,
    ProgramInvitation,
    ProgramLead,
    ProgramMember,
)

_ALWAYS_RUNS = "The workspace's own program always runs."


def draft_of(tx: Transaction, program: Program) -> Draft:
    """Return the program's values as stored; the workspace's own has texts only."""
    is_everywhere = program.is_workspace_wide
    return Draft(
        texts=Texts(
            program.name,
            program.audience,
            program.goal,
            program.time_needed,
            program.benefit,
            tuple(program.rules),
        ),
        starts_on=program.starts_on,
        ends_on=program.ends_on,
        joining=program.joining,
        guests_may_join=program.guests_may_join,
        kinds={kind: kinds.choice(tx, program, kind) for kind in Kind},
        leads=() if is_everywhere else tuple(service.program_leads(tx, program)),
        channels=()
        if is_everywhere
        else tuple(channel.slack_id for channel in service.channels(tx, program)),
    )


def editable_channels(tx: Transaction, program: Program, by: str) -> list[Channel]:
    """Return those of its channels that the member may take out of the program.

    Raises MembershipUnknown.
    """
    readable = visibility.readable_channels(tx, by, is_exact=True)
    is_guest = members.is_guest(tx, by)
    return [
        channel
        for channel in service.channels(tx, program)
        if channel.id in readable
        # The bot has left it, so nobody is known to read it.
        or not (channel.is_joined or channel.is_private or is_guest)
    ]


def hidden_channels(tx: Transaction, program: Program, by: str) -> list[Channel]:
    """Return its other channels, which stay whatever the member chooses."""
    editable = editable_channels(tx, program, by)
    all_channels = service.channels(tx, program)
    return [channel for channel in all_channels if channel not in editable]


def create(tx: Transaction, draft: Draft, *, source: str, by: str) -> Program:
    """Make a draft of a program; a second call with the same source makes none.

    Raises UserError, with the field, and MembershipUnknown.
    """
    require(MAKE_PROGRAM, service.roles_to_make(tx, by))
    program_id = tx.session.execute(
        upsert(tx.session, Program)
        .values(installation_id=tx.workspace.id, source=source)
        .on_conflict_do_nothing()
        .returning(Program.id)
    ).scalar()
    if program_id is None:
        return tx.session.scalars(
            select(Program).filter_by(installation_id=tx.workspace.id, source=source)
        ).one()
    program = service.lock(tx, program_id)
    _require_leads(tx, draft.leads)
    _store(tx, program, draft, FIELDS, _chosen(tx, draft.channels, [], by))
    return program


def change(tx: Transaction, program: Program, draft: Draft, *, by: str) -> None:
    """Store new values of a program, whose row the caller has locked.

    Channels that `by` does not see stay. Raises UserError, with the field, and
    MembershipUnknown.
    """
    before = draft_of(tx, program)
    if program.is_workspace_wide:
        parts = [
            part
            for part in drafts.differences(before, draft)
            if part in WORKSPACE_FIELDS
        ]
        channels: Sequence[Channel] = ()
    else:
        editable = editable_channels(tx, program, by)
        chosen = _chosen(tx, draft.channels, editable, by)
        channels = [*hidden_channels(tx, program, by), *chosen]
        _require_leads(tx, set(draft.leads) - set(before.leads))
        ids = tuple(channel.slack_id for channel in channels)
        parts = drafts.differences(before, replace(draft, channels=ids))
    if not parts:
        return
    _store(tx, program, draft, parts, channels)
    if service.is_active(tx, program):
        # A later last day: the program goes on, and will end again.
        program.closed_at = None
    program.version += 1
    program.rules_version += "rules" in parts
    membership.refresh_homes(tx, program)
    for part in parts:
        insert = upsert(tx.session, ProgramChange).values(
            program_id=program.id, part=part, changed_by=by, version=program.version
        )
        tx.session.execute(
            insert.on_conflict_do_update(
                index_elements=["program_id", "part"],
                set_={
                    "changed_by": insert.excluded.changed_by,
                    "version": insert.excluded.version,
                },
            )
        )


def changes_since(
    tx: Transaction, program: Program, version: int
) -> Sequence[ProgramChange]:
    """Return the last change of each part that changed after a version, in order."""
    changes = tx.session.scalars(
        select(ProgramChange).where(
            ProgramChange.program_id == program.id, ProgramChange.version > version
        )
    ).all()
    return sorted(changes, key=lambda each: FIELDS.index(each.part))


def _require_leads(tx: Transaction, leads: Iterable[str]) -> None:
    roles.require_assignable(tx, leads, role="a program lead", field="leads")


def _chosen(
    tx: Transaction, slack_ids: Iterable[str], present: Sequence[Channel], by: str
) -> list[Channel]:
    """Return the chosen channels. Raises UserError for one that can't be added."""
    chosen: list[Channel] = []
    readable = visibility.readable_channels(tx, by, is_exact=True)
    for slack_id in slack_ids:
        channel = workspace_channels.find(tx, slack_id)
        is_live = channel and channel.is_joined and not channel.is_archived
        if channel is None or not (channel in present or is_live):
            raise UserError(_not_in(channel), field="channels")
        if channel not in present and channel.id not in readable:
            raise UserError(visibility.NOT_A_MEMBER, field="channels")
        chosen.append(channel)
    return chosen


def _not_in(channel: Channel | None) -> str:
    if channel is None or channel.is_private or not channel.name:
        return (
            "I'm not in one of these channels yet. Type /invite @Backswing there, then"
            " try again."
        )
    if channel.is_archived:
        return f"#{channel.name} is archived. Choose another one."
    return (
        f"I'm not in #{channel.name} yet. Type /invite @Backswing there, then try"
        " again."
    )


def _store(
    tx: Transaction,
    program: Program,
    draft: Draft,
    parts: Iterable[str],
    channels: Sequence[Channel],
) -> None:
    if len(channels) > MAX_CHANNELS:
        raise UserError(f"Up to {MAX_CHANNELS} channels, please.", field="channels")
    for part in parts:
        if part in TEXT_FIELDS:
            value = getattr(draft.texts, part)
            setattr(program, part, list(value) if part == "rules" else value)
        elif part == "leads":
            replace_members(tx.session, ProgramLead, draft.leads, program_id=program.id)
        elif part == "channels":
            _set_channels(tx, program, channels)
        elif part in draft.kinds:
            setattr(program, part, draft.kinds[Kind(part)])
        else:
            setattr(program, part, getattr(draft, part))
    tx.session.flush()


def _set_channels(
    tx: Transaction, program: Program, channels: Sequence[Channel]
) -> None:
    ids = sorted(channel.id for channel in channels)
    tx.session.execute(
        delete(ProgramChannel).where(
            ProgramChannel.program_id == program.id,
            ProgramChannel.channel_id.not_in(ids),
        )
    )
    tx.session.execute(
        upsert(tx.session, ProgramChannel).on_conflict_do_nothing(),
        [{"program_id": program.id, "channel_id": channel_id} for channel_id in ids],
    )


# The next functions take a program whose row the caller has locked. Each changes
# nothing if it was called before.


def open_program(tx: Transaction, program: Program) -> None:
    """Let people join. Raises UserError if they could not."""
    if service.state(tx, program) is not State.DRAFT:
        return
    if not service.live_channels(tx, program):
        raise UserError(
            "I'm in none of its channels. Invite me to one, or choose others."
        )
    if program.ends_on is not None and program.ends_on < tx.now.date():
        raise UserError("Its last day is over. Choose a later one first.")
    program.opened_at = tx.now


def back_to_draft(tx: Transaction, program: Program) -> None:
    """Take an opening back. Raises UserError if a member joined, or was invited."""
    _require_own_dates(program)
    if not service.is_active(tx, program):
        return
    if is_known(tx, program):
        raise UserError("People already know of it. You can end it instead.")
    program.opened_at = None


def is_known(tx: Transaction, program: Program) -> bool:
    """Return True if a member joined the program, or was invited to it.

    A post in a channel invites everyone there.
    """
    posts = select(OutboxItem.id).where(
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.kind == PROGRAM_POST_INVITATION,
        OutboxItem.subject_id == program.id,
        OutboxItem.state != "cancelled",
    )
    return tx.session.scalar(posts.limit(1)) is not None or any(
        tx.session.scalar(
            select(model.program_id).filter_by(program_id=program.id).limit(1)
        )
        for model in (ProgramMember, ProgramInvitation)
    )


def end(tx: Transaction, program: Program) -> None:
    _require_own_dates(program)
    if service.is_active(tx, program):
        program.ended_at = tx.now


def continue_program(tx: Transaction, program: Program) -> None:
    """Let a program that ended go on. Raises UserError if its last day is over."""
    if service.state(tx, program) is not State.ENDED:
        return
    if program.ends_on is not None and program.ends_on < tx.now.date():
        raise UserError("Its last day is over. Choose a later one first.")
    program.ended_at = program.closed_at = None


def archive(tx: Transaction, program: Program) -> None:
    """Hide a draft, or a program that ended. Raises UserError for others."""
    _require_own_dates(program)
    if service.is_active(tx, program):
        raise UserError(f"End “{to_plain(program.name)}” first.")
    program.archived_at = program.archived_at or tx.now


def restore(_tx: Transaction, program: Program) -> None:
    program.archived_at = None


def _require_own_dates(program: Program) -> None:
    if program.is_workspace_wide:
        raise UserError(_ALWAYS_RUNS)
