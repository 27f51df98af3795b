"""The Home section with the asks of others that a member has joined."""

from sqlalchemy import func, select

from bot.home.blocks import ListItem, ListPage, item_list
from bot.home.rules import PagedList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.workspace import members
from models import Ask, Channel, Reaction

# The meanings of reactions that join an ask.
JOIN_MEANINGS = ("looking", "same")
_PAGES = PagedList("joined", 5)
_OPEN_STATES = ("open", "answered")


def _render(context: HomeContext) -> RenderedSection:
    """Render the asks that are not solved yet, the newest first."""
    conditions = (
        Reaction.member == context.member,
        Reaction.meaning.in_(JOIN_MEANINGS),
        Reaction.is_present.is_(True),
        Reaction.message_ts == Ask.ts,
        Ask.installation_id == context.tx.workspace.id,
        Ask.state.in_(_OPEN_STATES),
        Ask.asker != context.member,
        Channel.is_private.is_(False) | Channel.slack_id.in_(context.channels),
    )
    rows = (
        select(
            Ask.id,
            # "same" sorts after "looking", so the maximum prefers it.
            func.max(Reaction.meaning).label("meaning"),
        )
        .join(Reaction, Reaction.ask_id == Ask.id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(*conditions)
        .group_by(Ask.id)
        .subquery()
    )
    total = context.tx.session.scalar(select(func.count()).select_from(rows)) or 0
    start = context.page_start(_PAGES, total)
    page = context.fetch_page(
        select(Ask, Channel, rows.c.meaning)
        .join(rows, rows.c.id == Ask.id)
        .join(Channel, Channel.id == Ask.channel_id)
        .order_by(Ask.asked_at.desc(), Ask.id.desc()),
        _PAGES,
        start,
        total,
    )
    names = members.names(context.tx, [ask.asker for ask, _, _ in page])
    items = [
        ListItem(
            members.text_with_names(context.tx, ask.title),
            context.message_url(channel.slack_id, ask.ts),
            (
                _JOINED_AS[meaning],
                f"asked by {names[ask.asker]}",
                f"#{channel.name}",
                ask.state,
            ),
        )
        for ask, channel, meaning in page
    ]
    if not total:
        return RenderedSection()
    return RenderedSection(
        item_list("Asks that you joined", ListPage(_PAGES, items, start, total))
    )


_JOINED_AS = {"looking": "you offered to help", "same": "you have this too"}

JOINED_ASKS = HomeSection(render=_render, position=110, pages=_PAGES)
