"""What an ask's replies and marks make of it: derived again after each change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Result, Row, and_, bindparam, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.answers import rules
from bot.answers.rules import Mark, Outcome, Reply
from bot.clock import EPOCH
from bot.db import table
from models import Answer, Ask, Channel, Member, Reaction

# An undo within this time withdraws what a mark would have told people.
UNDO_FOR = timedelta(seconds=60)

_asks, _answers = table(Ask), table(Answer)
_reactions, _members = table(Reaction), table(Member)

_ASK = (
    select(Ask)
    .where(Ask.id == bindparam("ask_id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_HOLD = (
    select(
        _asks.c.id,
        _asks.c.installation_id,
        _asks.c.asker,
        _asks.c.ts,
        _asks.c.state,
        (_asks.c.closed_us > _asks.c.reopened_us).label("is_closed"),
        _asks.c.reopened_us,
        _asks.c.deleted_at,
    )
    .where(_asks.c.id == bindparam("ask_id"))
    .with_for_update(key_share=True)
)
_REPLIES = select(
    _answers.c.id,
    _answers.c.ts,
    _answers.c.author,
    _answers.c.is_solution,
    _answers.c.helped,
).where(_answers.c.ask_id == bindparam("of_ask"), _answers.c.is_deleted.is_(False))
_is_by_human = (
    ~select(_members.c.id)
    .where(
        _members.c.installation_id == bindparam("installation_id"),
        _members.c.slack_id == _reactions.c.member,
        _members.c.is_bot.is_(True),
    )
    .correlate(_reactions)
    .exists()
)
_MARK_COLUMNS = (
    _reactions.c.message_ts,
    _reactions.c.member,
    _reactions.c.meaning,
    _reactions.c.at_us,
    _reactions.c.is_lead,
)
_MARKS = select(*_MARK_COLUMNS).where(
    _reactions.c.ask_id == bindparam("of_ask"),
    _reactions.c.is_present.is_(True),
    _is_by_human,
)
# A row for each mark on one reply; one without a mark where there is none.
_MARKED_REPLY = (
    _REPLIES.add_columns(*_MARK_COLUMNS)
    .outerjoin_from(
        _answers,
        _reactions,
        and_(
            _reactions.c.channel_id == _answers.c.channel_id,
            _reactions.c.message_ts == _answers.c.ts,
            _reactions.c.ask_id == _answers.c.ask_id,
            _reactions.c.is_present.is_(True),
            _is_by_human,
        ),
    )
    .where(_answers.c.ts == bindparam("ts"))
)
_MARK = (
    update(_answers)
    .where(_answers.c.id == bindparam("answer"))
    .values(is_solution=bindparam("is_solution"), helped=bindparam("helped"))
)


def resettle(
    session: Session, ask_id: int, *, now: datetime, show: bool = False
) -> None:
    """Derive the ask's state again, and promise what the change asks for."""
    ask, before, result = settle(session, ask_id)
    _announce(session, ask, before, result, now=now, show=show)


def recount(session: Session, ask: Row[Any], ts: str, *, now: datetime) -> None:
    """Derive again whom one answer of the ask that we `hold` helped.

    No more than that is changed by a helpful mark.
    """
    this = {"of_ask": ask.id, "ts": ts, "installation_id": ask.installation_id}
    rows = session.execute(_MARKED_REPLY, this).all()
    if not rows:
        return
    reply = rows[0]
    if reply.is_solution:
        # By the same emoji, perhaps, before the channel gave it another meaning.
        resettle(session, ask.id, now=now)
        return
    result = _weigh(ask, [reply], [row for row in rows if row.member])
    helped = len(result.helped.get(reply.id, ()))
    if helped != reply.helped:
        session.execute(
            _MARK, {"answer": reply.id, "is_solution": False, "helped": helped}
        )
    if helped and not reply.helped and not ask.deleted_at:
        outbox.promise(
            session,
            "answer.helped",
            reply.id,
            reply.author,
            installation_id=ask.installation_id,
            due=now + UNDO_FOR,
            now=now,
        )


def hold(session: Session, ask_id: int) -> Row[Any]:
    """What the ask is; nobody else derives it meanwhile."""
    return session.execute(_HOLD, {"ask_id": ask_id}).one()


@dataclass(frozen=True, slots=True)
class Before:
    """What stood before: the state, and each answer's marks."""

    state: str
    solved_by: str | None
    solutions: frozenset[int]
    helped: Mapping[int, int]
    authors: Mapping[int, str]


def settle(session: Session, ask_id: int) -> tuple[Ask, Before, Outcome]:
    """Derive the ask's state from its replies and marks, and record it."""
    # Two marks at once wait for each other here, so that the later sees the earlier.
    ask = session.scalars(_ASK, {"ask_id": ask_id}).one()
    replies = session.execute(_REPLIES, {"of_ask": ask_id}).all()
    before = Before(
        ask.state,
        ask.solved_by,
        frozenset(row.id for row in replies if row.is_solution),
        {row.id: row.helped for row in replies},
        {row.id: row.author for row in replies},
    )
    result = _weigh(ask, replies, _marks(session, ask))
    for row in replies:
        changed = (row.id in result.solutions, len(result.helped.get(row.id, ())))
        if changed != (row.is_solution, row.helped):
            session.execute(
                _MARK,
                {"answer": row.id, "is_solution": changed[0], "helped": changed[1]},
            )
    ask.state = "deleted" if ask.deleted_at else result.state
    ask.solved_by = result.solved_by
    ask.solved_at = (
        EPOCH + timedelta(microseconds=result.solved_us) if result.solved_by else None
    )
    session.flush()
    return ask, before, result


def outcome_of(session: Session, ask: Ask) -> Outcome:
    """What the ask's replies and marks amount to, without recording it."""
    replies = session.execute(_REPLIES, {"of_ask": ask.id}).all()
    return _weigh(ask, replies, _marks(session, ask))


def _marks(session: Session, ask: Ask) -> Result[Any]:
    return session.execute(
        _MARKS, {"of_ask": ask.id, "installation_id": ask.installation_id}
    )


def _weigh(
    ask: Ask | Row[Any], replies: Iterable[Any], marks: Iterable[Any]
) -> Outcome:
    return rules.outcome(
        asker=ask.asker,
        ask_ts=ask.ts,
        is_closed=ask.is_closed,
        reopened_us=ask.reopened_us,
        replies=[Reply(row.id, row.ts, row.author) for row in replies],
        marks=[
            Mark(row.message_ts, row.member, row.meaning, row.at_us, bool(row.is_lead))
            for row in marks
        ],
    )


def _announce(
    session: Session,
    ask: Ask,
    before: Before,
    after: Outcome,
    *,
    now: datetime,
    show: bool,
) -> None:
    """Promise what people should see or be told; the outbox tells nothing twice."""

    def tell(kind: str, subject: int, whom: str, due: datetime = now) -> None:
        outbox.promise(
            session,
            kind,
            subject,
            whom,
            installation_id=ask.installation_id,
            due=due,
            now=now,
        )

    if ask.deleted_at:
        return
    new = after.solutions.keys() - before.solutions
    gone = before.solutions - after.solutions.keys()
    is_solved = after.state == "solved"
    if show or new or gone or before.state != after.state:
        show_again(session, ask, now=now)
    # In the thread of their own message Slack itself notifies the asker.
    is_answered = after.state == "answered" != before.state
    if is_answered and not ask.is_own_message:
        tell("ask.answered", ask.id, ask.asker)
    later = now + UNDO_FOR
    for answer_id, helped in after.helped.items():
        if helped and not before.helped.get(answer_id):
            tell("answer.helped", answer_id, before.authors[answer_id], later)
    for answer_id in sorted(new):
        tell("answer.solved", answer_id, before.authors[answer_id], later)
    if is_solved and (new or before.state != "solved"):
        tell("ask.solved", ask.id, ask.asker, later)
        for member in after.same:
            tell("ask.same", ask.id, member, later)


def show_again(session: Session, ask: Ask, *, now: datetime) -> None:
    """The ask's message is to show what is true now."""
    channel = session.get_one(Channel, ask.channel_id)
    outbox.refresh(
        session,
        "ask.show",
        ask.id,
        channel.slack_id,
        installation_id=ask.installation_id,
        now=now,
    )
