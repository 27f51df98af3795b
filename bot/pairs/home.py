"""The Home tab: peer coffee for those who may take part, and for leads."""

from datetime import date

from sqlalchemy import select

from bot.home.row_blocks import RowList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.pairs import blocks, lead_rounds, matches, opt_ins, rounds, schedule
from bot.pairs.blocks import HomeMatch, HomeView, LeadView
from bot.pairs.permissions import SEE_PAIRS
from bot.pairs.rules import Recurrence, State
from bot.people import lead_scope, opt_outs
from bot.people.blocks import Mate
from bot.people.lead_scope import LeadScope
from bot.programs import kinds
from bot.programs.rules import Kind
from bot.workspace import members
from models import PairMatch, PairMatchMember


def format_day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B}"


def often(recurrence: Recurrence) -> str:
    weeks = recurrence.weeks
    return "every week" if weeks == 1 else f"every {weeks} weeks"


def _is_available(context: HomeContext) -> bool:
    """Return True also if coffee is off by now, but not their match."""
    can_take_part = opt_ins.can_take_part(context.tx, context.member)
    return can_take_part or _open_match(context) is not None


def _render(context: HomeContext) -> RenderedSection:
    match = _open_match(context)
    if not opt_ins.can_take_part(context.tx, context.member):
        return RenderedSection(blocks.open_match(match) if match else RowList())
    tx, own = context.tx, opt_ins.find(context.tx, context.member)
    is_in = own is not None and own.is_in
    few_people = opt_ins.shortage(tx, context.member)
    day = rounds.next_round(tx).day
    weeks = context.settings.coffee_weeks
    view = HomeView(
        day=format_day(day),
        own_weeks=weeks,
        own_day=format_day(rounds.own_day(tx, context.member, day)) if weeks else "",
        often=often(opt_ins.recurrence(tx)),
        is_in=is_in,
        is_paused=is_in and own is not None and opt_outs.is_paused(own),
        count=_count(context) if few_people is None else few_people,
        needs_people=few_people is not None,
        is_waiting=own is not None and own.waits_in is not None,
        match=match,
    )
    return RenderedSection(blocks.home(view), has_activity=is_in)


def _count(context: HomeContext) -> int:
    """Return the number of people of the member's programs who take part."""
    programs = kinds.of_member(context.tx, context.member, Kind.COFFEE)
    return opt_ins.count(context.tx, {program.id for program in programs})


def _open_match(context: HomeContext) -> HomeMatch | None:
    """Return the member's match of this round, unless it is over."""
    tx, member = context.tx, context.member
    match = tx.session.scalar(
        select(PairMatch)
        .join(PairMatchMember, PairMatchMember.match_id == PairMatch.id)
        .where(
            *schedule.current(tx),
            PairMatchMember.member == member,
            PairMatchMember.is_current.is_(True),
        )
        .order_by(PairMatch.id.desc())
        .limit(1)
    )
    if match is None:
        return None
    rows = matches.members_of(tx, match.id)
    others = matches.mates(rows, member)
    if matches.state(rows) is not State.OPEN or not others:
        return None
    names = members.first_names(tx, rows)
    own = rows[member]
    return HomeMatch(
        match.id,
        [Mate(other, names[other]) for other in others],
        is_answered=own.answer is not None or own.outcome is not None,
    )


def _scope(context: HomeContext) -> LeadScope:
    return lead_scope.find(context.tx, context.member, Kind.COFFEE, SEE_PAIRS)


def _render_for_leads(context: HomeContext) -> RenderedSection:
    tx, scope = context.tx, _scope(context)
    if not scope:
        return RenderedSection()
    last = lead_rounds.last_round(tx, scope)
    # Others than those whom the lead sees may have taken part.
    has_last = last is not None and (scope.is_everyone or last.people > 0)
    view = LeadView(
        opt_ins.count(tx, scope.program_ids),
        format_day(rounds.next_round(tx).day),
        needs_people=opt_ins.begun_ids(tx).isdisjoint(scope.program_ids),
        last_day=format_day(last.day) if last and has_last else "",
        people=last.people if last else 0,
        unmatched=last.unmatched if last else 0,
    )
    return RenderedSection(blocks.lead_home(view))


HOME_SECTIONS = (
    HomeSection(
        render=_render, position=320, page="people", is_available=_is_available
    ),
    HomeSection(
        render=_render_for_leads,
        position=820,
        page="program",
        is_available=lambda context: bool(_scope(context)),
    ),
)
