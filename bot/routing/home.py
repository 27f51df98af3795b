"""The Home tab: asks that the bot asked a member about, and their own."""

from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import Block
from sqlalchemy import Select, select

from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.routing import (
    asker,
    asker_notes,
    notes,
    notifications,
    steps,
)
from bot.runtime import Transaction
from bot.workspace import members, visibility
from models import Ask, Channel, HelpRequest

MAX_SHOWN = 5


def _requests(context: HomeContext) -> Select[HelpRequest, Ask, Channel]:
    """Return a query for the requests that wait for the member, the newest first."""
    # Guests see only the channels that they are in.
    is_readable = (
        [] if context.sees_others else [Channel.slack_id.in_(context.channels)]
    )
    return (
        select(HelpRequest, Ask, Channel)
        .join(Ask, Ask.id == HelpRequest.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            HelpRequest.installation_id == context.tx.workspace.id,
            HelpRequest.member == context.member,
            HelpRequest.outcome == "open",
            Ask.state == "open",
            Ask.ts.is_not(None),
            Ask.asked_at > context.tx.now - steps.MAX_AGE,
            Channel.is_archived.is_(False),
            *is_readable,
            visibility.visible(context.member, now=context.tx.now),
        )
        .order_by(HelpRequest.id.desc())
    )


def shown_asks(context: HomeContext) -> Select[int]:
    """Return a query for the asks that the section shows, which others leave out."""
    return _requests(context).limit(MAX_SHOWN).with_only_columns(Ask.id)


def _render(context: HomeContext) -> RenderedSection:
    tx = context.tx
    rows = tx.session.execute(_requests(context)).all()
    shown = [
        (
            request.id,
            notifications.ask_line(tx, ask, channel),
            notifications.reason(tx, request),
        )
        for request, ask, channel in rows[:MAX_SHOWN]
    ]
    return RenderedSection(
        notes.open_requests(shown, more=max(0, len(rows) - MAX_SHOWN)),
        has_activity=bool(rows),
    )


REQUESTS = HomeSection(render=_render, position=5, is_waiting=True)


def own_ask_blocks(
    tx: Transaction, asks: Sequence[tuple[Ask, Channel]]
) -> Mapping[int, Sequence[Block]]:
    """Return who was asked about a member's own asks, or an offer to ask someone now.

    It is by number, and by the id of the ask.
    """
    counts = asker.request_counts(tx, asks)
    titles = {ask.id: ask.title for ask, _ in asks}
    return {
        ask_id: asker_notes.own_ask(
            ask_id, members.text_with_names(tx, titles[ask_id]), count
        )
        for ask_id, count in counts.items()
    }
