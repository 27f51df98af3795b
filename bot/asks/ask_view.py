"""Load what messages about an ask show: the ask, its people and solutions."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.asks import emoji_rules, outcomes
from bot.asks.blocks import AskView
from bot.asks.outcome_rules import Outcome
from bot.runtime import Transaction
from bot.slack.text import permalink
from bot.workspace import members
from bot.workspace.visibility import may_quote
from models import Answer, Ask, AskReference, Channel


def load_ask(session: Session, ask_id: int) -> tuple[Ask, Channel]:
    ask = session.get_one(Ask, ask_id)
    return ask, session.get_one(Channel, ask.channel_id)


def view_of(tx: Transaction, ask: Ask, channel: Channel) -> AskView:
    outcome = outcomes.outcome_of(tx.session, ask)
    solutions = _solutions(tx.session, ask, channel, outcome)
    closer = ask.closed_by if ask.closed_by != ask.asker else None
    people = {ask.asker, *outcome.looking, *(each.author for each, _, _ in solutions)}
    names = members.names(tx, people | ({closer} if closer else set()))
    return AskView(
        id=ask.id,
        title=members.text_with_names(tx, ask.title),
        details=members.text_with_names(tx, ask.details),
        asker=names[ask.asker],
        topics=ask.topics,
        state=outcome.state,
        solutions=_links(tx, solutions, names),
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
    solutions = _solutions(tx.session, ask, channel, outcome)
    names = members.names(tx, {answer.author for answer, _, _ in solutions})
    return _links(tx, solutions, names)


def _links(
    tx: Transaction,
    solutions: Sequence[tuple[Answer, Ask, Channel]],
    names: Mapping[str, str],
) -> list[tuple[str, str]]:
    return [
        (names[answer.author], message_url(tx, place, answer.ts, of_ask))
        for answer, of_ask, place in solutions
    ]


def _solutions(
    session: Session, ask: Ask, channel: Channel, outcome: Outcome
) -> list[tuple[Answer, Ask, Channel]]:
    """Return each answer that solved the ask, with its own ask and channel.

    An earlier answer in another channel is left out unless everyone here may see it.
    """
    solutions = [
        (answer, ask, channel) for answer in _solution_answers(session, ask, outcome)
    ]
    if outcome.state == "solved":
        earlier = _earlier_answer(session, ask)
        if earlier is not None and may_quote(earlier[2], channel):
            solutions.append(earlier)
    return solutions


def _earlier_answer(session: Session, ask: Ask) -> tuple[Answer, Ask, Channel] | None:
    """Return the answer to an earlier ask by which the asker solved this one."""
    row = session.execute(
        select(Answer, Ask, Channel)
        .join(AskReference, AskReference.answer_id == Answer.id)
        .join(Ask, Ask.id == Answer.ask_id)
        .join(Channel, Channel.id == Answer.channel_id)
        .where(
            AskReference.ask_id == ask.id,
            AskReference.is_present.is_(True),
            AskReference.event_micros > ask.reopened_at_micros,
            Answer.is_deleted.is_(False),
            Ask.deleted_at.is_(None),
        )
    ).first()
    return None if row is None else (row[0], row[1], row[2])


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
    return emoji_rules.solved(channel.solved_emoji)[0]
