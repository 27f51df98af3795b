"""Load what messages about an ask show: the ask, its people and solutions."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.asks import outcomes
from bot.asks.blocks import AskView
from bot.asks.outcome_rules import Outcome
from bot.runtime import Transaction
from bot.slack.text import permalink
from bot.workspace import channels, members
from models import Answer, Ask, Channel


def load_ask(session: Session, ask_id: int) -> tuple[Ask, Channel]:
    ask = session.get_one(Ask, ask_id)
    return ask, session.get_one(Channel, ask.channel_id)


def view_of(tx: Transaction, ask: Ask, channel: Channel) -> AskView:
    outcome = outcomes.outcome_of(tx.session, ask)
    solutions = _solution_answers(tx.session, ask, outcome)
    closer = ask.closed_by if ask.closed_by != ask.asker else None
    people = {ask.asker, *outcome.looking, *(answer.author for answer in solutions)}
    names = members.names(tx, people | ({closer} if closer else set()))
    return AskView(
        id=ask.id,
        title=members.text_with_names(tx, ask.title),
        details=members.text_with_names(tx, ask.details),
        asker=names[ask.asker],
        topics=ask.topics,
        state=outcome.state,
        solutions=[
            (names[answer.author], message_url(tx, channel, answer.ts, ask))
            for answer in solutions
        ],
        what_worked=ask.what_worked,
        looking=[names[person] for person in outcome.looking],
        same_count=len(outcome.same),
        closed_by=names[closer] if closer else None,
        close_reason=ask.close_reason,
        is_first_ask=ask.is_first_ask,
        origin_url=ask.origin_url,
        solved_emoji=solved_emoji(channel),
        is_captured=ask.is_captured,
    )


def solution_links(
    tx: Transaction, ask: Ask, channel: Channel, outcome: Outcome
) -> list[tuple[str, str]]:
    """Return the author's name and the permalink of each answer that solved the ask."""
    solutions = _solution_answers(tx.session, ask, outcome)
    names = members.names(tx, {answer.author for answer in solutions})
    return [
        (names[answer.author], message_url(tx, channel, answer.ts, ask))
        for answer in solutions
    ]


def _solution_answers(session: Session, ask: Ask, outcome: Outcome) -> Sequence[Answer]:
    if not outcome.solutions:
        return []
    return [a for a in load_answers(session, ask) if a.id in outcome.solutions]


def load_answers(session: Session, ask: Ask) -> Sequence[Answer]:
    return session.scalars(
        select(Answer).filter_by(ask_id=ask.id, is_deleted=False).order_by(Answer.ts)
    ).all()


def message_url(
    tx: Transaction, channel: Channel, ts: str, ask: Ask | None = None
) -> str:
    thread_ts = ask.ts if ask else None
    return permalink(tx.workspace.team_url, channel.slack_id, ts, thread_ts)


def title(tx: Transaction, ask: Ask) -> str:
    """Return the ask's title (mrkdwn), with its mentions labelled by names."""
    return members.text_with_names(tx, ask.title)


def solved_emoji(channel: Channel) -> str:
    return channels.solved_emoji(channel)[0]
