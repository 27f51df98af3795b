"""The programs feature: what people join, and who runs it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block

from bot.feature import Feature
from bot.feature.due_rows import DueCounts
from bot.forms.fields import Switch
from bot.programs import (
    caretakers,
    champions,
    departed_leads,
    invitation_updates,
    invitations,
    lead_blocks,
    lead_home,
    lead_prompts,
    member_home,
    pauses,
    permissions,
    personal_data,
    questions,
    service,
    settings,
    stay,
)
from bot.runtime import Transaction
from bot.workspace import leads, members
from bot.workspace.member_settings import column_setting
from models import Channel, Member


def _help_lines(_channel: Channel | None) -> Sequence[str]:
    return ["*See the programs here* with `/backswing program`."]


def _help_blocks(tx: Transaction, member: str) -> Sequence[Block]:
    """Name the leads of the workspace's own program to a member who can ask them."""
    program = service.find_workspace_program(tx)
    if program is None or not service.can_see(tx, program, member):
        return []
    others = [lead for lead in service.program_leads(tx, program) if lead != member]
    names = members.names_in_order(tx, others)
    return lead_blocks.leads_to_ask(program.id, names) if names else []


_LEAD_PROMPTS = column_setting(
    Switch(
        name="wants_lead_prompts",
        label="Questions to me as a lead",
        tick_label="Ask me every six weeks what I am stuck on",
    ),
    position=72,
    is_offered=lead_home.leads_any,
)


def _due_counts(tx: Transaction) -> Mapping[str, int]:
    return {
        "ask-leads": len(lead_prompts.leads_to_ask(tx)),
        "ask-silent-members": stay.count_due(tx),
        "check-programs": pauses.count_due(tx)
        + invitation_updates.count_due(tx)
        + len(questions.unread(tx)),
    }


def _on_member_loaded(tx: Transaction, member: Member) -> None:
    departed_leads.on_member_loaded(tx, member)
    champions.on_member_loaded(tx, member)


def _purge(tx: Transaction, _before: datetime) -> None:
    questions.purge(tx)
    personal_data.purge(tx)


def _on_bot_joined(tx: Transaction, _channel: Channel, _inviter: str | None) -> None:
    # From now on people can join it.
    leads.workspace_program_id(tx)


PROGRAMS = Feature(
    name="programs",
    message_types=(
        *champions.MESSAGE_TYPES,
        *departed_leads.MESSAGE_TYPES,
        *invitations.MESSAGE_TYPES,
        *lead_prompts.MESSAGE_TYPES,
        *pauses.MESSAGE_TYPES,
        *questions.MESSAGE_TYPES,
        *stay.MESSAGE_TYPES,
    ),
    permissions=permissions.PERMISSIONS,
    message_policies=(*champions.MESSAGES, *personal_data.MESSAGES),
    personal_data=personal_data.PERSONAL_DATA,
    erasure_lines=personal_data.ERASURE_LINES,
    homes_about=personal_data.homes_about,
    purge=_purge,
    member_settings=(*settings.MEMBER_SETTINGS, _LEAD_PROMPTS),
    home_sections=(
        member_home.CHANGED_RULES,
        member_home.OWN_PROGRAMS,
        champions.OWN_PROGRAMS,
        lead_home.LEAD_SECTION,
    ),
    help_lines=_help_lines,
    help_blocks=_help_blocks,
    due_counts=DueCounts(
        ("ask-leads", "ask-silent-members", "check-programs"),
        _due_counts,
        (
            lead_prompts.leads,
            stay.joined_long_ago,
            pauses.without_channel,
            pauses.with_channel_again,
            invitation_updates.over,
            questions.unanswered,
        ),
    ),
    next_due=lead_prompts.next_due,
    on_member_loaded=_on_member_loaded,
    caretakers=caretakers.caretakers,
    on_bot_joined=_on_bot_joined,
)
