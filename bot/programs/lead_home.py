"""The Home tab's section for leads: how many of the leads have asked themselves."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.programs import lead_blocks, service
from bot.programs.defaults import program_texts
from bot.programs.lead_blocks import LeadRow
from bot.programs.lead_prompts import EVERY, led_programs
from bot.runtime import Transaction
from models import Ask, Program


def _render(context: HomeContext) -> RenderedSection:
    programs = led_programs(context.tx, context.member)
    if not programs:
        return RenderedSection()
    return RenderedSection(lead_blocks.leads_who_asked(_rows(context, programs)))


def _rows(context: HomeContext, programs: Sequence[Program]) -> list[LeadRow]:
    tx = context.tx
    leads = service.leads_of(tx, [program.id for program in programs])
    people = {person for of_program in leads.values() for person in of_program}
    asked = _channels_by_asker(context, people)
    channels = service.channel_ids(tx, [program.id for program in programs])
    rows = []
    for program in programs:
        own_channels = channels.get(program.id, set())
        count = sum(
            bool(asked.get(lead, set()) & own_channels)
            if not program.is_workspace_wide
            else lead in asked
            for lead in leads.get(program.id, [])
        )
        name = program_texts(program).name
        rows.append(LeadRow(program.id, name, count, len(leads.get(program.id, []))))
    return rows


def _channels_by_asker(
    context: HomeContext, people: Collection[str]
) -> Mapping[str, set[int]]:
    """Return the channels, of those that the viewer sees, in which each has asked.

    Asks without a name have no asker, so they count for nobody.
    """
    tx = context.tx
    rows = tx.session.execute(
        select(Ask.asker, Ask.channel_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            Ask.asker.in_(people),
            Ask.asked_at > tx.now - EVERY,
            Ask.deleted_at.is_(None),
            Ask.channel_id.in_(context.visible_channels),
        )
        .distinct()
    )
    channels: dict[str, set[int]] = {}
    for asker, channel_id in rows:
        channels.setdefault(asker, set()).add(channel_id)
    return channels


def leads_any(tx: Transaction, member: str) -> bool:
    return bool(led_programs(tx, member))


LEAD_SECTION = HomeSection(
    render=_render,
    position=800,
    page="program",
    is_available=lambda context: leads_any(context.tx, context.member),
)
