"""End the roles of leads who are no longer there, and tell who remains."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from bot.clock import datetime_to_micros
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.programs import lead_blocks, service
from bot.programs.defaults import program_texts
from bot.programs.message_kinds import PROGRAM_LEAD_LEFT, PROGRAM_WITHOUT_LEAD
from bot.programs.rules import State
from bot.runtime import Transaction
from bot.slack.actions import PostMessage
from bot.workspace import contact_hours
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import Member, Program, ProgramLead

_OVER = frozenset({State.ENDED, State.ARCHIVED})


def on_member_loaded(tx: Transaction, member: Member) -> None:
    """End the roles of a lead who was deactivated, or is of another organisation."""
    if member.is_deactivated or member.is_external or member.is_bot:
        end_roles(tx, member.slack_id)


def end_roles(tx: Transaction, member: str) -> None:
    """Remove a member from the leads, and tell the others; without any, the admins."""
    # Locked, so that of two leads who leave at the same time the last one is noticed.
    programs = tx.session.scalars(
        select(Program)
        .where(
            Program.installation_id == tx.workspace.id,
            Program.id.in_(
                select(ProgramLead.program_id).where(ProgramLead.member == member)
            ),
        )
        .order_by(Program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for program in programs:
        ended = tx.session.scalars(
            delete(ProgramLead)
            .where(ProgramLead.program_id == program.id, ProgramLead.member == member)
            .returning(ProgramLead.member)
        ).all()
        if ended and service.state(tx, program) not in _OVER:
            _tell(tx, program)


def _tell(tx: Transaction, program: Program) -> None:
    others = service.program_leads(tx, program)
    kind = PROGRAM_LEAD_LEFT if others else PROGRAM_WITHOUT_LEAD
    for person in others or admins(tx):
        tx.enqueue(
            kind, program.id, to=person, occurrence=str(datetime_to_micros(tx.now))
        )


def admins(tx: Transaction) -> Sequence[str]:
    """Return the workspace's admins who are there, by Slack's id."""
    return tx.session.scalars(
        select(Member.slack_id)
        .where(
            Member.installation_id == tx.workspace.id,
            Member.is_admin.is_(True),
            Member.is_deactivated.is_(False),
            Member.erased_at.is_(None),
        )
        .order_by(Member.slack_id)
    ).all()


def _render_left(tx: Transaction, delivery: Delivery) -> PostMessage | None:
    program = tx.session.get_one(Program, delivery.subject_id)
    leads = service.program_leads(tx, program)
    if delivery.recipient not in leads or service.state(tx, program) in _OVER:
        return None
    note = lead_blocks.lead_left(program_texts(program).name, len(leads) - 1)
    return PostMessage(delivery.recipient, *note)


def _render_without_lead(tx: Transaction, delivery: Delivery) -> PostMessage | None:
    program = tx.session.get_one(Program, delivery.subject_id)
    if not _is_for_admin(tx, program, delivery.recipient):
        return None
    note = lead_blocks.without_lead(
        program_texts(program).name, is_workspace_wide=program.is_workspace_wide
    )
    return PostMessage(delivery.recipient, *note)


def _render_unseen(tx: Transaction, delivery: Delivery) -> PostMessage | None:
    """Render a message without a name, if no admin may see the program.

    Raises MembershipUnknown.
    """
    program = tx.session.get_one(Program, delivery.subject_id)
    if not _is_for_admin(tx, program, delivery.recipient):
        return None
    if any(service.can_see(tx, program, admin) for admin in admins(tx)):
        return None
    return PostMessage(delivery.recipient, *lead_blocks.unseen_without_lead())


def _is_for_admin(tx: Transaction, program: Program, member: str) -> bool:
    """Return True if the program goes on without a lead, and the member is an admin."""
    return (
        service.state(tx, program) not in _OVER
        and not service.program_leads(tx, program)
        and member in admins(tx)
    )


MESSAGE_TYPES = (
    MessageType(
        PROGRAM_LEAD_LEFT,
        _render_left,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.NEWS),
    ),
    MessageType(
        PROGRAM_WITHOUT_LEAD,
        _render_without_lead,
        can_see=service.sees(service.program_itself),
        render_without_access=_render_unseen,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.NEWS),
    ),
)
