"""The Home section with unanswered asks in a member's channels."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from bot.asks import rules
from bot.asks.joined_asks import JOIN_MEANINGS
from bot.home.blocks import ListItem, ListPage, item_list
from bot.home.rules import PagedList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.slack.text import to_plain
from bot.workspace import members, visibility
from models import Ask, Channel, ChannelMember, Reaction

ALL_ANSWERED = "Nobody else is waiting for an answer in your channels."
NO_CHANNELS = (
    "I'm not in any of your channels yet. Type `/invite @Backswing` in one, then"
    " `/ask`."
)
CHECKING_CHANNELS = "Checking your channels…"

_PAGES = PagedList("unanswered", 8)
# Only the oldest ones are loaded and sorted; nobody pages through more.
MAX_SORTED = 400


def _render(context: HomeContext) -> RenderedSection:
    if not context.sees_others:
        return RenderedSection()
    page, empty_text = _list(context)
    return RenderedSection(item_list("Asks without an answer", page, empty_text))


def _list(context: HomeContext) -> tuple[ListPage[ListItem], str]:
    """Return the page, and the text for an empty list.

    Asks on topics that the member knows come first, then the oldest.
    """
    visible = _visible(context)
    # Asks that the member has joined are in a section of their own.
    joined = select(Reaction.ask_id).where(
        Reaction.member == context.member,
        Reaction.meaning.in_(JOIN_MEANINGS),
        Reaction.is_present.is_(True),
        Reaction.ask_id.is_not(None),
    )
    rows = context.tx.session.execute(
        select(
            Ask.title,
            Ask.topics,
            Ask.asker,
            Ask.asked_at,
            Ask.ts,
            Channel.slack_id,
            Channel.name,
        )
        .join(Channel, Channel.id == Ask.channel_id)
        .join(ChannelMember, ChannelMember.channel_id == Ask.channel_id)
        .where(
            *visible,
            Ask.state == "open",
            Ask.ts.is_not(None),
            Ask.asker != context.member,
            Ask.id.not_in(joined),
            *(Ask.id.not_in(shown(context)) for shown in context.tx.features.home_asks),
        )
        .order_by(Ask.asked_at, Ask.id)
        .limit(MAX_SORTED)
    ).all()
    if not rows:
        return ListPage(_PAGES), _empty_text(context, visible)
    topics_known = context.settings.topics_known
    ordered = sorted(
        (
            (rules.matches_topics(row.topics, to_plain(row.title), topics_known), row)
            for row in rows
        ),
        key=lambda item: not item[0],
    )
    start = context.page_start(_PAGES, len(ordered))
    page = ordered[start : start + _PAGES.page_size]
    names = members.names(context.tx, [row.asker for _, row in page])
    items = [
        ListItem(
            members.text_with_names(context.tx, row.title),
            context.message_url(row.slack_id, row.ts),
            (
                names[row.asker],
                f"#{row.name}",
                context.format_day(row.asked_at),
                "in your topics" if matches_topics else "",
            ),
        )
        for matches_topics, row in page
    ]
    return ListPage(_PAGES, items, start, len(ordered)), ""


def _visible(context: HomeContext) -> Sequence[ColumnElement[bool]]:
    """Return conditions on the channels that both the member and the bot are in.

    Private ones count only if the membership is fresh.
    """
    return [
        ChannelMember.member == context.member,
        ChannelMember.is_member.is_(True),
        Channel.installation_id == context.tx.workspace.id,
        Channel.is_joined.is_(True),
        Channel.is_archived.is_(False),
        visibility.visible(context.member, now=context.tx.now),
    ]


def _empty_text(context: HomeContext, visible: Sequence[ColumnElement[bool]]) -> str:
    if context.home is None or context.home.memberships_fetched_at is None:
        return CHECKING_CHANNELS
    common_channels = (
        select(Channel.id)
        .join(ChannelMember, ChannelMember.channel_id == Channel.id)
        .where(*visible)
    )
    has_channel = context.tx.session.scalar(common_channels.limit(1)) is not None
    return ALL_ANSWERED if has_channel else NO_CHANNELS


UNANSWERED_ASKS = HomeSection(render=_render, position=120, pages=_PAGES)
