"""The Home tab's section of messages that wait for a place in their budget."""

from dataclasses import replace

from bot.home import blocks
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.outbox.enqueue import WANTED
from bot.outbox.message_type import FactsUnknown
from bot.outbox.queue import Delivery
from bot.slack.actions import PostIfMember, PostMessage
from bot.workspace import contact_budget
from models import OutboxItem

MAX_SHOWN = 5


def _render(context: HomeContext) -> RenderedSection:
    tx = context.tx
    rows = [
        (item.id, text)
        for item in contact_budget.waiting(tx, context.member)
        if (text := _text(context, item))
    ]
    return RenderedSection(
        blocks.waiting_messages(rows[:MAX_SHOWN], max(0, len(rows) - MAX_SHOWN)),
        has_activity=bool(rows),
    )


def _text(context: HomeContext, item: OutboxItem) -> str | None:
    """Return the message's text; None if there is nothing to send, or not now."""
    tx = context.tx
    delivery = Delivery.of(item, started_at=tx.now)
    delivery = replace(delivery, payload={**delivery.payload, WANTED: True})
    message_type = tx.features.message_types[delivery.kind]
    try:
        action = message_type.render_visible(tx, delivery)
    except FactsUnknown:
        # It concerns a private channel. Slack is asked when the message is sent.
        return None
    if isinstance(action, PostIfMember):
        action = action.post if action.channel in context.channels else None
    return action.text if isinstance(action, PostMessage) else None


WAITING_MESSAGES = HomeSection(render=_render, position=30, is_waiting=True)
