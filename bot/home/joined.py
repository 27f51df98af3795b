"""The asks of others that somebody offered to help with, or has too."""

from collections.abc import Collection

from sqlalchemy import func, select

from bot.home.blocks import Line, Listed
from bot.home.look import Look
from bot.members import service as members
from models import Ask, Channel, Reaction

# The meanings of reactions by which people join an ask.
JOINING = ("looking", "same")
_OPEN = ("open", "answered")


def joined(look: Look, visible: Collection[str]) -> Listed[Line]:
    """List those that are not solved yet, the newest first.

    `visible`: Slack's ids of the channels of which they may see what was said there.
    """
    mine = (
        Reaction.member == look.member,
        Reaction.meaning.in_(JOINING),
        Reaction.is_present.is_(True),
        Reaction.message_ts == Ask.ts,
        Ask.installation_id == look.workspace.id,
        Ask.state.in_(_OPEN),
        Ask.asker != look.member,
        Channel.is_private.is_(False) | Channel.slack_id.in_(visible),
    )
    rows = (
        select(
            Ask.id,
            # "same" comes after "looking": who has it too is told so first.
            func.max(Reaction.meaning).label("meaning"),
        )
        .join(Reaction, Reaction.ask_id == Ask.id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(*mine)
        .group_by(Ask.id)
        .subquery()
    )
    total = look.session.scalar(select(func.count()).select_from(rows)) or 0
    start = look.start("joined", total)
    page = look.page(
        select(Ask, Channel, rows.c.meaning)
        .join(rows, rows.c.id == Ask.id)
        .join(Channel, Channel.id == Ask.channel_id)
        .order_by(Ask.asked_at.desc(), Ask.id.desc()),
        "joined",
        start,
        total,
    )
    called = members.names(
        look.session, look.workspace.id, [ask.asker for ask, _, _ in page]
    )
    lines = [
        Line(
            members.with_names(look.session, look.workspace.id, ask.title),
            look.url(channel.slack_id, ask.ts),
            (
                _AS[meaning],
                f"asked by {called[ask.asker]}",
                f"#{channel.name}",
                ask.state,
            ),
        )
        for ask, channel, meaning in page
    ]
    return Listed(lines, start, total)


_AS = {"looking": "you offered to help", "same": "you have this too"}
