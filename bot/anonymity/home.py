"""The Home section with a member's own asks without their name.

It is rendered for its owner only, and rendering stores nothing.
"""

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from bot.anonymity import authors, blocks, drafts, rules
from bot.anonymity.blocks import AskLine, DraftLine
from bot.asks.message_kinds import ASK_POST
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_state
from bot.runtime import Transaction
from bot.slack.text import format_clock
from bot.workspace import members
from models import Answer, Ask, Channel


def _render(context: HomeContext) -> RenderedSection:
    waiting, asks = _drafts(context), _asks(context)
    return RenderedSection(
        blocks.own_asks(waiting, asks), has_activity=bool(waiting or asks)
    )


def _drafts(context: HomeContext) -> Sequence[DraftLine]:
    tx = context.tx
    return [
        DraftLine(
            draft.id,
            members.text_with_names(tx, draft.title),
            tx.session.get_one(Channel, draft.channel_id).name,
            draft.state,
            draft.reason or "",
            format_clock(rules.shown_by(draft.due_at), context.zone)
            if draft.state == "waiting"
            else "",
        )
        for draft in drafts.own_drafts(tx, context.member)
    ]


def _asks(context: HomeContext) -> Sequence[AskLine]:
    tx = context.tx
    links = {link.ask_id: link for link in authors.own_links(tx, context.member)}
    if not links:
        return []
    is_shown = or_(Ask.deleted_at.is_(None), Ask.is_hidden.is_(True))
    is_visible = Ask.channel_id.in_(context.visible_channels)
    rows = tx.session.execute(
        select(Ask, Channel)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.id.in_(links),
            # Slack may have refused it because the bot is no longer in the channel.
            or_(is_shown & is_visible, Ask.deleted_at.is_not(None) & Ask.ts.is_(None)),
        )
        .order_by(Ask.id.desc())
    ).all()
    states = {ask.id: _state(tx, ask, channel) for ask, channel in rows}
    answers = (
        select(Answer.ask_id, func.count().label("number"))
        .where(Answer.ask_id.in_(links), Answer.is_deleted.is_(False))
        .group_by(Answer.ask_id)
    )
    counts = {row.ask_id: row.number for row in tx.session.execute(answers)}
    return [
        AskLine(
            ask.id,
            members.text_with_names(tx, ask.title),
            channel.name,
            states[ask.id],
            context.format_day(ask.asked_at),
            counts.get(ask.id, 0),
            max(0, counts.get(ask.id, 0) - authors.seen_count(tx, links[ask.id])),
        )
        for ask, channel in rows
        if states[ask.id] != "deleted"
    ]


def _state(tx: Transaction, ask: Ask, channel: Channel) -> str:
    """Return the state to show: the ask's, or what became of its message."""
    if ask.is_hidden:
        return "hidden"
    if ask.ts is None:
        key = dedup_key(ASK_POST, ask.id, channel.slack_id)
        match find_state(tx.session, tx.workspace.id, key):
            case "rejected":
                return "refused"
            case "lost":
                return "unsure"
    return ask.state


OWN_ASKS = HomeSection(render=_render, position=102)
