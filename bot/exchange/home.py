"""The Home tab: exchanges for those who may take part, and their number for leads."""

from bot.exchange import agreement, blocks, questions, service, wishes
from bot.exchange.blocks import HomeExchange, HomeView
from bot.exchange.permissions import COUNT_EXCHANGES
from bot.exchange.rules import State
from bot.exchange.service import Pair
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.people import lead_scope
from bot.people.lead_scope import LeadScope
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.workspace import members


def _is_available(context: HomeContext) -> bool:
    """Return True also if the member's program is over, but not their exchange."""
    tx, member = context.tx, context.member
    return wishes.can_take_part(tx, member) or bool(_shown(context))


def _shown(context: HomeContext) -> list[Pair]:
    """Return the member's exchanges; not questions that they answered or that ended."""
    shown = [
        pair
        for pair in service.of_member(context.tx, context.member)
        if _is_shown(context.tx, pair)
    ]
    # Many may ask; what has begun is always in sight.
    order = State.RUNNING, State.DRAFT, State.ASKED, State.ENDED
    return sorted(
        shown, key=lambda pair: order.index(service.state(context.tx, pair.exchange))
    )


def _is_shown(tx: Transaction, pair: Pair) -> bool:
    exchange = pair.exchange
    match service.state(tx, exchange):
        case State.ASKED:
            is_asker = exchange.asker == pair.own.member
            # Someone who was forgotten, or left, asks no more.
            can_answer = pair.own.answer is None and wishes.can_take_part(
                tx, pair.own.member
            )
            return is_asker or (can_answer and questions.can_begin(tx, exchange))
        case State.ENDED:
            return exchange.agreed_at is not None
        case State.DRAFT | State.RUNNING:
            return True


def _render(context: HomeContext) -> RenderedSection:
    if not _is_available(context):
        return RenderedSection()
    tx, member = context.tx, context.member
    shown = _shown(context)
    names = members.first_names(tx, [member, *(pair.other for pair in shown)])
    is_in = wishes.takes_part(tx, member)
    view = HomeView(
        can_take_part=wishes.can_take_part(tx, member),
        is_in=is_in,
        few_people=wishes.shortage(tx, member),
        can_ask=wishes.load(tx, member).has_room(tx.now)
        and questions.open_question(tx, member) is None,
        exchanges=[
            HomeExchange(
                pair.exchange.id,
                names[pair.other],
                service.state(tx, pair.exchange),
                is_asker=pair.exchange.asker == member,
                weeks_between=pair.exchange.weeks_between,
                until=pair.exchange.until,
                hopes=pair.own.hopes,
                has_agreed=agreement.has_agreed(pair),
                has_looked_back=bool(pair.own.got or pair.own.gave),
            )
            for pair in shown
        ],
    )
    return RenderedSection(blocks.home(view), has_activity=is_in)


def _scope(context: HomeContext) -> LeadScope:
    return lead_scope.find(context.tx, context.member, Kind.EXCHANGE, COUNT_EXCHANGES)


def _render_for_leads(context: HomeContext) -> RenderedSection:
    scope = _scope(context)
    if not scope:
        return RenderedSection()
    return RenderedSection(blocks.lead_home(service.count_live(context.tx, scope)))


HOME_SECTIONS = (
    HomeSection(
        render=_render, position=327, page="people", is_available=_is_available
    ),
    HomeSection(
        render=_render_for_leads,
        position=825,
        page="program",
        is_available=lambda context: bool(_scope(context)),
    ),
)
