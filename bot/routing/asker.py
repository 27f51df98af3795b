"""Have people asked at once, as an asker wishes, and tell them how many were."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, select

from bot.asks.permissions import CLOSE
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.routing import requests, steps
from bot.routing.peers import Peers, load_peers
from bot.routing.steps import PEERS, SIDEWAYS, RoutingRun
from bot.runtime import Transaction
from bot.workspace import roles, visibility
from models import Ask, AskRoute, AskStep, Channel

CAN_NOT_ASK = "I can't ask people about this now. Look at its thread."


def can_hurry(tx: Transaction, ask: Ask, channel: Channel, peers: Peers) -> bool:
    """Return True if the asker may have people asked now; they may once."""
    route = tx.session.get(AskRoute, ask.id)
    is_first_step = route is None or (route.next_step == PEERS and not route.is_hurried)
    # A new ask is offered this while it is being posted.
    return is_first_step and ask.state == "open" and steps.is_on(channel, peers)


def request_counts(
    tx: Transaction, asks: Sequence[tuple[Ask, Channel]]
) -> Mapping[int, int | None]:
    """Return what the asker of open asks reads about them: how many people were asked.

    None: they can have people asked now. Asks about which there is nothing to say have
    no entry.
    """
    waiting = {ask.id: channel for ask, channel in asks if steps.is_waiting(ask)}
    routes = {
        route.ask_id: route
        for route in tx.session.scalars(
            select(AskRoute).where(AskRoute.ask_id.in_(waiting))
        )
    }
    counts: dict[int, int | None] = {}
    for ask_id, count in tx.session.execute(
        select(AskStep.ask_id, func.sum(AskStep.request_count))
        .where(AskStep.ask_id.in_(waiting))
        .group_by(AskStep.ask_id)
    ):
        if count:
            counts[ask_id] = int(count)
    new = {
        ask_id: channel
        for ask_id, channel in waiting.items()
        if ask_id not in routes or routes[ask_id].next_step == PEERS
    }
    if not new:
        return counts
    peers = load_peers(tx)
    for ask_id, channel in new.items():
        if steps.is_on(channel, peers):
            is_hurried = ask_id in routes and routes[ask_id].is_hurried
            counts[ask_id] = 0 if is_hurried else None
    return counts


def hurry(tx: Transaction, ask: Ask, *, by: str) -> int:
    """Take the first step now, as its asker wishes; return how many were asked.

    If nobody can be asked, it is tried again in working hours. Raises UserError, and
    MembershipUnknown.
    """
    _require_asker(tx, ask, by)
    home_refresh.refresh_homes(tx, [by], delay=timedelta())
    return apply_hurry(tx, ask)


def apply_hurry(tx: Transaction, ask: Ask) -> int:
    """Take the first step now, for an asker who may; return how many were asked.

    Raises UserError, and MembershipUnknown.
    """
    ask, channel, route = steps.lock(tx, ask.id)
    run = RoutingRun.load(tx, tx.search)
    _require_waiting(run.peers, ask, channel)
    ask.is_confirmed = True
    if route.next_step != PEERS:
        count = requests.count(tx, ask)
        if not count and route.next_step > SIDEWAYS:
            raise UserError(CAN_NOT_ASK)
        return count
    route.is_hurried = True
    return steps.take_step(
        tx,
        run,
        ask,
        channel,
        route,
        passes_without_people=False,
        tells_asker=False,
    )


def confirm(tx: Transaction, ask: Ask, *, by: str) -> None:
    """Ask people about a message that became an ask, as its author wishes.

    Raises UserError, and MembershipUnknown.
    """
    _require_asker(tx, ask, by)
    channel = tx.session.get_one(Channel, ask.channel_id)
    _require_waiting(load_peers(tx), ask, channel)
    ask.is_confirmed = True


def _require_asker(tx: Transaction, ask: Ask, by: str) -> None:
    """Raise UserError unless it is the asker, and MembershipUnknown."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    visibility.require_visible(tx, channel, by)
    if by != ask.asker:
        raise UserError(CAN_NOT_ASK)
    roles.authorize(tx, channel, CLOSE, by, author=ask.asker)


def _require_waiting(peers: Peers, ask: Ask, channel: Channel) -> None:
    if not steps.is_waiting(ask) or not steps.is_on(channel, peers):
        raise UserError(CAN_NOT_ASK)
