"""Messages about the steps: to the asker, and to the channel's champions."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_state
from bot.routing import requests
from bot.routing.message_kinds import (
    ROUTING_CHAMPIONS,
    ROUTING_NOTICE,
    ROUTING_UPDATE_NOTICE,
)
from bot.runtime import Transaction
from bot.workspace import channels, contact_hours
from models import Ask, AskRoute, Channel, OutboxItem

# A message to a champion waits for other asks: on Monday many are due at one time.
_GATHERING = timedelta(minutes=30)
# It waits no longer for their hours and a place in their budget.
_MAX_WAIT = timedelta(days=30)


def tell_asker(tx: Transaction, ask: Ask, route: AskRoute) -> None:
    """Send the asker's one message about the steps, or update it."""
    route.has_open_notice = True
    key = dedup_key(ROUTING_NOTICE, ask.id, ask.asker)
    state = find_state(tx.session, tx.workspace.id, key, for_update=True)
    tx.enqueue(ROUTING_NOTICE, ask.id, to=ask.asker)
    if state not in {None, "pending", "cancelled"}:
        tx.enqueue_update(ROUTING_UPDATE_NOTICE, ask.id, to=ask.asker)


def update_title(tx: Transaction, ask: Ask) -> None:
    """Update the asker's message about an ask whose title has changed."""
    key = dedup_key(ROUTING_NOTICE, ask.id, ask.asker)
    if find_state(tx.session, tx.workspace.id, key) is not None:
        tx.enqueue_update(ROUTING_UPDATE_NOTICE, ask.id, to=ask.asker)


def over(installation_id: InstallationId, _now: Time) -> Select[AskRoute, str]:
    """Select the routes and askers with an open notice of asks that no longer wait."""
    return (
        select(AskRoute, Ask.asker)
        .join(Ask, Ask.id == AskRoute.ask_id)
        .where(
            AskRoute.installation_id == installation_id,
            AskRoute.has_open_notice.is_(True),
            or_(Ask.state != "open", Ask.deleted_at.is_not(None)),
        )
    )


def update_over(tx: Transaction, *, limit: int) -> int:
    """Update the messages about asks that no longer wait; return their number."""
    routes = tx.session.execute(
        over(tx.workspace.id, tx.now)
        .order_by(AskRoute.ask_id)
        .limit(limit)
        .with_for_update(of=AskRoute, key_share=True, skip_locked=True)
    ).all()
    for route, asker in routes:
        route.has_open_notice = False
        tx.enqueue_update(ROUTING_UPDATE_NOTICE, route.ask_id, to=asker)
    return len(routes) + requests.end_over(tx, limit=limit)


def tell_champions(tx: Transaction, channel: Channel) -> None:
    """Tell each champion of an ask: one message a day, and each ask in one of them."""
    for champion in channels.champions(tx.session, channel.id):
        if _message_waits(tx, channel, champion):
            continue
        soon = replace(tx, now=tx.now + _GATHERING)
        at = contact_hours.next_contact_time(soon, champion)
        key = dedup_key(ROUTING_CHAMPIONS, channel.id, champion, _day(at))
        state = find_state(tx.session, tx.workspace.id, key, for_update=True)
        if state not in {None, "cancelled"}:
            tomorrow = replace(tx, now=tx.now + timedelta(days=1))
            at = contact_hours.next_contact_time(tomorrow, champion)
        tx.enqueue(
            ROUTING_CHAMPIONS, channel.id, to=champion, send_at=at, occurrence=_day(at)
        )


def _message_waits(tx: Transaction, channel: Channel, champion: str) -> bool:
    """Return True if a message to the champion is not sent yet: it lists new asks."""
    days = (tx.now + timedelta(days=n) for n in range(-_MAX_WAIT.days, _MAX_WAIT.days))
    keys = [
        dedup_key(ROUTING_CHAMPIONS, channel.id, champion, _day(day)) for day in days
    ]
    waiting = (
        select(OutboxItem.id)
        .where(
            OutboxItem.installation_id == tx.workspace.id,
            OutboxItem.dedup_key.in_(keys),
            OutboxItem.state == "pending",
        )
        .order_by(OutboxItem.id)
        .limit(1)
        .with_for_update()
    )
    return tx.session.scalar(waiting) is not None


def _day(at: datetime) -> str:
    return f"{at:%Y%m%d}"
