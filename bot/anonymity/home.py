"""The Home section with a member's own asks without their name.

It is rendered for its owner only, and rendering stores nothing.
"""

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from bot.anonymity import authors, blocks, drafts, rules
from bot.anonymity.blocks import AskLine, DraftLine
from bot.home.section import HomeContext, HomeSection, RenderedSection
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
    rows = tx.session.execute(
        select(Ask, Channel.name)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.id.in_(links),
            or_(Ask.deleted_at.is_(None), Ask.is_hidden.is_(True)),
            Ask.channel_id.in_(context.visible_channels),
        )
        .order_by(Ask.id.desc())
    ).all()
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
            channel,
            "hidden" if ask.is_hidden else ask.state,
            context.format_day(ask.asked_at),
            counts.get(ask.id, 0),
            max(0, counts.get(ask.id, 0) - authors.seen_count(tx, links[ask.id])),
        )
        for ask, channel in rows
    ]


OWN_ASKS = HomeSection(render=_render, position=102)
