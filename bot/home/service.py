"""The Home tab, and the conversation with the bot beside it."""

from datetime import datetime

from slack_sdk.models.views import View
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.home import blocks
from bot.lanes import Claim
from bot.operations import Post
from bot.runtime import Workspace
from bot.text import permalink
from models import Ask, Channel

MOST_ROWS = 10


def answer_message(
    session: Session, workspace: Workspace, *, member: str, ts: str, now: datetime
) -> None:
    """A message to the bot gets one line of help, once."""
    outbox.promise(
        session,
        "home.help",
        0,
        member,
        installation_id=workspace.id,
        now=now,
        occasion=ts,
    )


def help_line(_session: Session, claim: Claim) -> Post:
    text, drawn = blocks.help_line()
    return Post(claim.recipient, text, drawn)


def view(session: Session, workspace: Workspace, member: str) -> View:
    mine = (
        select(Ask, Channel.slack_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.installation_id == workspace.id,
            Ask.asker == member,
            Ask.state.in_(("open", "answered")),
            Ask.ts.is_not(None),
        )
    )
    count = session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    rows = session.execute(mine.order_by(Ask.asked_at.desc()).limit(MOST_ROWS)).all()
    return blocks.home(
        [
            (ask.title, permalink(workspace.team_url, channel, ask.ts or ""), ask.state)
            for ask, channel in rows
        ],
        more=max(0, count - MOST_ROWS),
    )
