"""The Home tab: the programs that a member is in, and those they could join."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from bot import timezones
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.programs import invitations, member_blocks, membership, service
from bot.programs.defaults import program_texts
from bot.programs.member_blocks import Counts, JoinableProgram, Others, OwnProgram
from bot.programs.membership_rules import Membership
from bot.programs.presentation import format_day
from bot.programs.rules import State
from bot.runtime import Transaction
from bot.workspace import members
from models import (
    Answer,
    Ask,
    Channel,
    ChannelMember,
    Member,
    Program,
    ProgramMember,
)

MAX_NAMED = 4


def _is_available(context: HomeContext) -> bool:
    tx, member = context.tx, context.member
    own = service.find_workspace_program(tx)
    if own is not None and (context.sees_others or own.guests_may_join):
        return True
    return bool(
        membership.joined_programs(tx, member)
        or _open_programs(context, _visible(context), ())
    )


def _visible(context: HomeContext) -> Sequence[Program]:
    return service.visible_programs(context.tx, context.member, is_exact=False)


def _open_programs(
    context: HomeContext, visible: Sequence[Program], joined: Collection[int]
) -> list[Program]:
    """Return the programs that the member could join; `joined` are ids."""
    tx, member = context.tx, context.member
    paused = service.paused_ids(tx, visible)
    return [
        program
        for program in visible
        if program.id not in {*joined, *paused}
        and service.is_active(tx, program)
        and (program.guests_may_join or context.sees_others)
        and membership.is_open_to(tx, program, member)
    ]


def _render(context: HomeContext) -> RenderedSection:
    tx = context.tx
    visible = _visible(context)
    visible_ids = {program.id for program in visible}
    joined = membership.joined_programs(tx, context.member)
    leads = service.leads_of(tx, visible_ids)
    names = members.names(tx, {lead for people in leads.values() for lead in people})
    lead_names = {
        program_id: [names[lead] for lead in people]
        for program_id, people in leads.items()
    }
    channel_ids = _channel_ids(context, [program for program, _ in joined])
    since = quarter_start(members.today(tx, context.member), context)
    counts = _counts(context, since)
    facts = [hook(tx, context.member, since) for hook in tx.features.program_facts]
    rows = [
        replace(
            _own(context, program, state),
            leads=lead_names.get(program.id, ()),
            counts=_total(counts, channel_ids[program.id]),
            did=[each[program.id] for each in facts if program.id in each],
            others=_others(context, program, channel_ids[program.id]),
        )
        if program.id in visible_ids
        else OwnProgram(program.id)
        for program, state in joined
        if service.state(tx, program) is not State.ARCHIVED
    ]
    others = [
        JoinableProgram(
            program.id,
            program_texts(program).name,
            program_texts(program).audience,
            has_leads=program.id in lead_names,
        )
        for program in _open_programs(
            context, visible, {program.id for program, _ in joined}
        )
    ]
    return RenderedSection(
        member_blocks.own_programs(rows, others), has_activity=bool(joined)
    )


def _own(context: HomeContext, program: Program, state: Membership) -> OwnProgram:
    tx, texts = context.tx, program_texts(program)
    is_paused = state.is_paused(members.today(tx, context.member))
    return OwnProgram(
        program.id,
        texts.name,
        texts.goal,
        paused_until=format_day(state.paused_until) if is_paused else "",
        is_paused_by_silence=state.is_paused_by_silence,
        is_over=not service.is_active(tx, program),
        can_invite=service.takes_people(tx, program)
        and invitations.can_invite(tx, program, context.member),
    )


def _total(counts: Mapping[int, Counts], channel_ids: Collection[int]) -> Counts:
    own = [counts[channel] for channel in channel_ids if channel in counts]
    return Counts(sum(each.asked for each in own), sum(each.answered for each in own))


def _channel_ids(
    context: HomeContext, programs: Sequence[Program]
) -> Mapping[int, Collection[int]]:
    """Return the row ids of each program's channels that the member may see."""
    visible = set(context.tx.session.scalars(context.visible_channels))
    own = service.channel_ids(context.tx, [program.id for program in programs])
    return {
        program.id: visible
        if program.is_workspace_wide
        else visible & own.get(program.id, set())
        for program in programs
    }


def _counts(context: HomeContext, since: datetime) -> Mapping[int, Counts]:
    """Return what the member did since a time, by the channel's row id.

    Asks without a name are stored without it, so they do not count.
    """
    tx, member = context.tx, context.member
    asked = _by_channel(
        tx,
        Ask.channel_id,
        Ask.installation_id == tx.workspace.id,
        Ask.asker == member,
        Ask.deleted_at.is_(None),
        Ask.asked_at >= since,
    )
    answered = _by_channel(
        tx,
        Answer.channel_id,
        Answer.author == member,
        Answer.is_deleted.is_(False),
        Answer.answered_at >= since,
        Answer.ask_id.in_(
            select(Ask.id).where(
                Ask.installation_id == tx.workspace.id, Ask.deleted_at.is_(None)
            )
        ),
    )
    return {
        channel: Counts(asked.get(channel, 0), answered.get(channel, 0))
        for channel in {*asked, *answered}
    }


def quarter_start(today: date, context: HomeContext) -> datetime:
    """Return the time (UTC) at which the member's quarter began."""
    first = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    return timezones.to_utc(datetime.combine(first, time()), context.zone)


def _by_channel(
    tx: Transaction,
    column: InstrumentedAttribute[int],
    *conditions: ColumnElement[bool],
) -> Mapping[int, int]:
    query = select(column, func.count()).where(*conditions).group_by(column)
    return {row[0]: row[1] for row in tx.session.execute(query)}


def _others(
    context: HomeContext, program: Program, channel_ids: Collection[int]
) -> Others:
    """Return some others in the program, and how many they are.

    Only people of the channels that the member is in themselves.
    """
    if not context.sees_others:
        return Others()
    tx = context.tx
    shared = select(ChannelMember.member).join(
        Channel, Channel.id == ChannelMember.channel_id
    )
    shared = shared.where(
        Channel.id.in_(list(channel_ids)),
        Channel.slack_id.in_(context.channels),
        ChannelMember.is_member.is_(True),
    )
    query = (
        select(ProgramMember.member)
        .join(
            Member,
            (Member.slack_id == ProgramMember.member)
            & (Member.installation_id == tx.workspace.id),
        )
        .where(
            ProgramMember.program_id == program.id,
            ProgramMember.is_joined.is_(True),
            ProgramMember.member != context.member,
            ProgramMember.member.in_(shared),
            Member.is_deactivated.is_(False),
            Member.is_external.is_(False),
        )
    )
    people = tx.session.scalars(
        query.order_by(func.lower(Member.name), Member.slack_id).limit(MAX_NAMED)
    ).all()
    count = tx.session.scalar(select(func.count()).select_from(query.subquery()))
    names = members.first_names(tx, people)
    return Others([names[person] for person in people], count or 0)


def _render_changed_rules(context: HomeContext) -> RenderedSection:
    changed = [
        program
        for program, state in membership.joined_programs(context.tx, context.member)
        if state.rules_version < program.rules_version
        and service.is_active(context.tx, program)
    ]
    visible = {program.id for program in _visible(context)} if changed else ()
    rows = [
        (program.id, program.rules_version, texts.name, texts.rules)
        for program in changed
        if program.id in visible
        for texts in [program_texts(program)]
    ]
    return RenderedSection(member_blocks.changed_rules(rows))


OWN_PROGRAMS = HomeSection(
    render=_render, position=310, page="program", is_available=_is_available
)
CHANGED_RULES = HomeSection(render=_render_changed_rules, position=8, is_waiting=True)
