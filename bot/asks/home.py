"""The Home sections with a member's own asks and their answers that helped."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, text

from bot.home.blocks import ListItem, ListPage, item_list
from bot.home.rules import PagedList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.runtime import Transaction
from bot.workspace import members
from models import Answer, Ask, Channel
from models.asks import HAS_HELPED

RECENT = timedelta(days=30)
NO_ASKS = "None at the moment. What are you stuck on? Your peers may know."

_ASKS = PagedList("asks", 8)
_HELPED = PagedList("helped", 5)


def _render_own_asks(context: HomeContext) -> RenderedSection:
    """Render the member's open asks, the newest first."""
    conditions = (
        Ask.installation_id == context.tx.workspace.id,
        Ask.asker == context.member,
        Ask.state.in_(("open", "answered")),
        Ask.ts.is_not(None),
        Ask.channel_id.in_(context.visible_channels),
    )
    total = _count(context.tx, Ask.id, *conditions)
    start = context.page_start(_ASKS, total)
    rows = context.fetch_page(
        select(Ask, Channel)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(*conditions)
        .order_by(Ask.asked_at.desc(), Ask.id.desc()),
        _ASKS,
        start,
        total,
    )
    blocks = context.tx.features.own_ask_blocks(
        context.tx, [(ask, channel) for ask, channel in rows]
    )
    items = [
        ListItem(
            members.text_with_names(context.tx, ask.title),
            context.message_url(channel.slack_id, ask.ts or ""),
            (ask.state, f"#{channel.name}", context.format_day(ask.asked_at)),
            blocks.get(ask.id, ()),
        )
        for ask, channel in rows
    ]
    page = ListPage(_ASKS, items, start, total)
    return RenderedSection(
        item_list("Your open asks", page, NO_ASKS),
        has_activity=bool(total),
        is_hidden_from_new=True,
    )


def _render_helpful_answers(context: HomeContext) -> RenderedSection:
    """Render the member's answers that helped within RECENT, the newest first."""
    conditions = (
        Answer.author == context.member,
        Answer.answered_at >= context.tx.now - RECENT,
        text(f"({HAS_HELPED})"),
        Answer.is_deleted.is_(False),
        Ask.installation_id == context.tx.workspace.id,
        Ask.deleted_at.is_(None),
        Ask.channel_id.in_(context.visible_channels),
    )
    total = (
        context.tx.session.scalar(
            select(func.count())
            .select_from(Answer)
            .join(Ask, Ask.id == Answer.ask_id)
            .where(*conditions)
        )
        or 0
    )
    if not total:
        return RenderedSection()
    start = context.page_start(_HELPED, total)
    rows = context.fetch_page(
        select(Answer, Ask, Channel)
        .join(Ask, Ask.id == Answer.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(*conditions)
        .order_by(Answer.answered_at.desc(), Answer.id.desc()),
        _HELPED,
        start,
        total,
    )
    names = members.names(context.tx, [ask.asker for _, ask, _ in rows])
    items = [
        ListItem(
            members.text_with_names(context.tx, ask.title),
            context.message_url(channel.slack_id, answer.ts, ask.ts),
            (
                _outcome(answer, names[ask.asker]),
                f"#{channel.name}",
                context.format_day(answer.answered_at),
            ),
        )
        for answer, ask, channel in rows
    ]
    page = ListPage(_HELPED, items, start, total)
    return RenderedSection(
        item_list("Your answers that helped", page), has_activity=True
    )


def _count(tx: Transaction, column: Any, *where: ColumnElement[bool]) -> int:
    return tx.session.scalar(select(func.count(column)).where(*where)) or 0


def _outcome(answer: Answer, asker: str) -> str:
    if answer.is_solution:
        return f"solved it for {asker}"
    people = "person" if answer.helpful_count == 1 else "people"
    return f"helped {answer.helpful_count} {people}, asked by {asker}"


OWN_ASKS = HomeSection(render=_render_own_asks, position=100, pages=_ASKS)
HELPFUL_ANSWERS = HomeSection(
    render=_render_helpful_answers, position=130, pages=_HELPED
)
