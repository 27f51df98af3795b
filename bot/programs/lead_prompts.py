"""Leads go first: ask them now and then what they are stuck on themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from bot.clock import datetime_to_micros
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import EDIT_OWN_SETTINGS, require
from bot.programs import lead_blocks, service
from bot.programs.defaults import program_texts
from bot.programs.message_kinds import PROGRAM_LEAD_PROMPT
from bot.runtime import Transaction
from bot.slack.actions import PostMessage
from bot.slack.blocks import Note
from bot.workspace import contact_hours, member_settings, roles, visibility
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import Member, MemberSettingsRow, OutboxItem, Program, ProgramLead

# A lead is asked once in this time, however many programs they lead.
EVERY = timedelta(weeks=6)
NO_LONGER_LEAD = "You no longer lead this program."


def led_programs(tx: Transaction, member: str) -> list[Program]:
    """Return the open and running programs that a member leads, by name.

    The workspace's own comes last: it has no channels of its own.
    """
    programs = tx.session.scalars(
        select(Program)
        .join(ProgramLead)
        .where(Program.installation_id == tx.workspace.id, ProgramLead.member == member)
        .order_by(Program.is_workspace_wide, Program.name, Program.id)
    )
    return [program for program in programs if service.is_active(tx, program)]


def _programs_to_ask_in(tx: Transaction, member: str) -> list[Program]:
    """Return those of their programs in which there is a channel to ask in."""
    programs = led_programs(tx, member)
    paused = service.paused_ids(tx, programs)
    return [program for program in programs if program.id not in paused]


def leads(installation_id: InstallationId, _now: Time) -> Select[str]:
    """Select the leads of programs."""
    return (
        select(ProgramLead.member)
        .join(Program)
        .where(Program.installation_id == installation_id)
    )


def leads_to_ask(tx: Transaction) -> list[str]:
    """Return the leads whom it is time to ask, by Slack's id."""
    waits = exists().where(
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.kind == PROGRAM_LEAD_PROMPT,
        OutboxItem.recipient == ProgramLead.member,
        OutboxItem.finished_at.is_(None),
    )
    people = tx.session.scalars(
        select(ProgramLead.member)
        .join(Program)
        .join(
            Member,
            (Member.slack_id == ProgramLead.member)
            & (Member.installation_id == Program.installation_id),
        )
        .outerjoin(
            MemberSettingsRow,
            (MemberSettingsRow.member == ProgramLead.member)
            & (MemberSettingsRow.installation_id == Program.installation_id),
        )
        .where(
            Program.installation_id == tx.workspace.id,
            Member.is_deactivated.is_(False),
            Member.erased_at.is_(None),
            or_(
                MemberSettingsRow.member.is_(None),
                MemberSettingsRow.wants_lead_prompts.is_(True),
            ),
            or_(
                MemberSettingsRow.lead_prompted_at.is_(None),
                MemberSettingsRow.lead_prompted_at <= tx.now - EVERY,
            ),
            ~waits,
        )
        .distinct()
        .order_by(ProgramLead.member)
    ).all()
    return [member for member in people if _programs_to_ask_in(tx, member)]


def next_due(tx: Transaction) -> Sequence[datetime | None]:
    """Return the next time (UTC) after now at which a lead is due again."""
    return [
        at + EVERY
        for at in [
            tx.session.scalar(
                select(func.min(MemberSettingsRow.lead_prompted_at))
                .join(ProgramLead, ProgramLead.member == MemberSettingsRow.member)
                .join(Program)
                .where(
                    Program.installation_id == tx.workspace.id,
                    MemberSettingsRow.installation_id == tx.workspace.id,
                    MemberSettingsRow.wants_lead_prompts.is_(True),
                    MemberSettingsRow.lead_prompted_at > tx.now - EVERY,
                )
            )
        ]
        if at is not None
    ]


def ask(tx: Transaction, member: str) -> None:
    """Enqueue the question to a lead, once for each time that it is due."""
    previous = tx.session.scalar(
        select(MemberSettingsRow.lead_prompted_at).filter_by(
            installation_id=tx.workspace.id, member=member
        )
    )
    if previous is not None and previous > tx.now - EVERY:
        return
    occurrence = str(datetime_to_micros(previous)) if previous else "first"
    tx.enqueue(PROGRAM_LEAD_PROMPT, 0, to=member, occurrence=occurrence)
    member_settings.update(tx, member, lead_prompted_at=tx.now)


def _render(tx: Transaction, delivery: Delivery) -> PostMessage | None:
    member = delivery.recipient
    programs = _programs_to_ask_in(tx, member)
    if not programs or not member_settings.get(tx, member).wants_lead_prompts:
        return None
    name = program_texts(programs[0]).name
    return PostMessage(member, *lead_blocks.lead_prompt(programs[0].id, name))


def _on_asked(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    """Count from the time of the message, which may have waited for days."""
    member_settings.update(tx, delivery.recipient, lead_prompted_at=tx.now)


def channel_to_ask_in(tx: Transaction, program_id: int, *, by: str) -> str | None:
    """Return Slack's id of the program's first channel that the lead is known to see.

    None if there is none, or if the program is in all channels. Raises UserError for
    people who do not lead it.
    """
    program = service.get(tx, program_id)
    if not service.is_lead_of(tx, program, by):
        raise UserError(NO_LONGER_LEAD)
    if program.is_workspace_wide:
        return None
    return next(
        (
            channel.slack_id
            for channel in service.live_channels(tx, program)
            if visibility.is_known_to_see(tx, channel, by)
        ),
        None,
    )


def stop(tx: Transaction, *, by: str) -> Note:
    """Never ask this member again. Raises UserError for non-members."""
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, by))
    member_settings.update(tx, by, wants_lead_prompts=False)
    return lead_blocks.lead_prompts_off()


MESSAGE_TYPES = (
    MessageType(
        PROGRAM_LEAD_PROMPT,
        _render,
        on_sent=_on_asked,
        on_rejected=_on_asked,
        on_lost=_on_asked,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.REMINDER),
    ),
)
