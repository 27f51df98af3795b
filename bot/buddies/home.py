"""The Home tab: buddies for those who have, want or are one, and for leads."""

from bot import timezones
from bot.buddies import (
    blocks,
    notifications,
    offers,
    partings,
    questions,
    rules,
    service,
    wishes,
)
from bot.buddies.blocks import HomePair, HomeView
from bot.buddies.permissions import SEE_BUDDIES
from bot.buddies.rules import WEEKS, Week
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.people import arrivals, lead_scope, opt_outs
from bot.people.lead_scope import LeadScope
from bot.programs.rules import Kind
from models import BuddyPair


def _is_available(context: HomeContext) -> bool:
    """Return True also if the member's program is over, but not their four weeks."""
    tx, member = context.tx, context.member
    return offers.can_take_part(tx, member) or bool(service.running(tx, member))


def _render(context: HomeContext) -> RenderedSection:
    if not _is_available(context):
        return RenderedSection()
    tx, member = context.tx, context.member
    pairs = [
        _pair(context, pair)
        for pair in service.running(tx, member)
        if not partings.must_part(tx, pair)
    ]
    view = HomeView(pairs=pairs)
    if offers.can_take_part(tx, member):
        view = _view(context, pairs)
    return RenderedSection(blocks.home(view), has_activity=bool(pairs) or view.is_in)


def _view(context: HomeContext, pairs: list[HomePair]) -> HomeView:
    tx, member = context.tx, context.member
    came_at = arrivals.came_at(tx, [member]).get(member)
    offer = offers.find(tx, member)
    is_in = offer is not None and offer.is_in
    question = questions.open_to(tx, member) if is_in else None
    return HomeView(
        is_new=rules.is_new(came_at, tx.now),
        is_looking=wishes.is_looking(tx, member),
        can_be_buddy=rules.can_be_buddy(came_at, tx.now),
        is_in=is_in,
        is_paused=is_in and offer is not None and opt_outs.is_paused(offer),
        few_people=offers.shortage(tx, member),
        question=(
            (question.id, notifications.name(tx, member, question.newcomer))
            if question is not None
            else None
        ),
        pairs=pairs,
    )


def _pair(context: HomeContext, pair: BuddyPair) -> HomePair:
    tx = context.tx
    passed = (tx.now - pair.begun_at).days // 7
    week = list(Week)[min(passed, WEEKS - 1)]
    day = timezones.local_date(pair.ends_at, context.zone)
    return HomePair(
        notifications.prompt(tx, pair, context.member, week),
        f"{day.day} {day:%B}",
    )


def _scope(context: HomeContext) -> LeadScope:
    return lead_scope.find(context.tx, context.member, Kind.BUDDIES, SEE_BUDDIES)


def _render_for_leads(context: HomeContext) -> RenderedSection:
    tx, scope = context.tx, _scope(context)
    if not scope:
        return RenderedSection()
    pairs = len(service.in_scope(tx, scope))
    return RenderedSection(blocks.lead_home(pairs, wishes.count_looking(tx, scope)))


HOME_SECTIONS = (
    HomeSection(
        render=_render, position=328, page="people", is_available=_is_available
    ),
    HomeSection(
        render=_render_for_leads,
        position=826,
        page="program",
        is_available=lambda context: bool(_scope(context)),
    ),
)
