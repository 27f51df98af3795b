"""What nobody has answered yet where somebody is."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from bot import visibility
from bot.home import blocks, rules
from bot.home.blocks import Line, Listed
from bot.home.joined import JOINING
from bot.home.look import Look
from bot.home.rules import SIZES
from bot.members import service as members
from bot.text import plain
from models import Ask, Channel, ChannelMember, Reaction

# So many are put in order, the oldest; nobody turns so many pages.
MOST = 400


def unanswered(look: Look) -> tuple[Listed[Line], str]:
    """In their topics first, then the oldest; and what to say where there are none."""
    visible = _visible(look)
    # What they offered to help with, or have too, is in a list of its own.
    joined = select(Reaction.ask_id).where(
        Reaction.member == look.member,
        Reaction.meaning.in_(JOINING),
        Reaction.is_present.is_(True),
        Reaction.ask_id.is_not(None),
    )
    found = look.session.execute(
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
            Ask.asker != look.member,
            Ask.id.not_in(joined),
        )
        .order_by(Ask.asked_at, Ask.id)
        .limit(MOST)
    ).all()
    if not found:
        return Listed(), _why_none(look, visible)
    known = look.chosen.topics_known
    ordered = sorted(
        ((rules.is_about(row.topics, plain(row.title), known), row) for row in found),
        key=lambda one: not one[0],
    )
    start = look.start("unanswered", len(ordered))
    page = ordered[start : start + SIZES["unanswered"]]
    called = members.names(
        look.session, look.workspace.id, [row.asker for _, row in page]
    )
    lines = [
        Line(
            members.with_names(look.session, look.workspace.id, row.title),
            look.url(row.slack_id, row.ts),
            (
                called[row.asker],
                f"#{row.name}",
                look.day(row.asked_at),
                "in your topics" if is_theirs else "",
            ),
        )
        for is_theirs, row in page
    ]
    return Listed(lines, start, len(ordered)), ""


def _visible(look: Look) -> Sequence[ColumnElement[bool]]:
    """The channels that the bot and they are in; private ones if we know that well."""
    return [
        ChannelMember.member == look.member,
        ChannelMember.is_in.is_(True),
        Channel.installation_id == look.workspace.id,
        Channel.is_joined.is_(True),
        Channel.is_archived.is_(False),
        visibility.visible(look.member, now=look.now),
    ]


def _why_none(look: Look, visible: Sequence[ColumnElement[bool]]) -> str:
    if look.home is None or look.home.channels_read_at is None:
        return blocks.LOOKING
    with_bot = (
        select(Channel.id)
        .join(ChannelMember, ChannelMember.channel_id == Channel.id)
        .where(*visible)
    )
    is_anywhere = look.session.scalar(with_bot.limit(1)) is not None
    return blocks.ALL_ANSWERED if is_anywhere else blocks.IN_NO_CHANNEL
