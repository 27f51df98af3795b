"""Recompute an ask's state from its replies and marks after each change."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Result, Row, and_, bindparam, or_, select, text, update
from sqlalchemy.orm import Session

from bot.asks import outcome_rules
from bot.asks.message_kinds import ANSWER_HELPED, ASK_ANSWERED, ASK_UPDATE
from bot.asks.outcome_notifications import notify
from bot.asks.outcome_rules import Mark, Outcome, PreviousState, Reply
from bot.clock import EPOCH
from bot.db.statements import table
from bot.outbox import home_refresh
from bot.outbox.enqueue import NOTIFICATION_DELAY
from bot.runtime import Transaction
from models import Answer, Ask, Member, Reaction
from models.asks import HAS_HELPED

_asks, _answers = table(Ask), table(Answer)
_reactions, _members = table(Reaction), table(Member)

_LOCK_ASK = (
    select(Ask)
    .where(Ask.id == bindparam("ask_id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_LOCK_ROWS = (
    select(
        _asks.c.id,
        _asks.c.installation_id,
        _asks.c.channel_id,
        _asks.c.asker,
        _asks.c.ts,
        _asks.c.is_users_message,
        _asks.c.state,
        (_asks.c.closed_at_micros > _asks.c.reopened_at_micros).label("is_closed"),
        _asks.c.reopened_at_micros,
        _asks.c.deleted_at,
    )
    .where(_asks.c.id.in_(bindparam("ask_ids", expanding=True)))
    .order_by(_asks.c.id)
    .with_for_update(key_share=True)
)
_SET_ANSWERED = (
    update(_asks)
    .where(_asks.c.id.in_(bindparam("ask_ids", expanding=True)))
    .values(state="answered")
)
_REPLY_COLUMNS = (
    _answers.c.id,
    _answers.c.ts,
    _answers.c.author,
    _answers.c.is_solution,
    _answers.c.helpful_count,
)
_REPLIES = select(*_REPLY_COLUMNS).where(
    _answers.c.ask_id == bindparam("of_ask"), _answers.c.is_deleted.is_(False)
)
# External members may answer, but their marks don't count; nor do those of bots.
_may_mark = (
    ~select(_members.c.id)
    .where(
        _members.c.installation_id == bindparam("installation_id"),
        _members.c.slack_id == _reactions.c.member,
        or_(_members.c.is_bot.is_(True), _members.c.is_external.is_(True)),
    )
    .correlate(_reactions)
    .exists()
)
_MARK_COLUMNS = (
    _reactions.c.message_ts,
    _reactions.c.member,
    _reactions.c.meaning,
    _reactions.c.event_micros,
    _reactions.c.can_moderate,
)
_MARKS = select(*_MARK_COLUMNS).where(
    _reactions.c.ask_id == bindparam("of_ask"),
    _reactions.c.is_present.is_(True),
    _may_mark,
)
# A row for each mark on a reply, and one for each reply without marks.
_MARKED_REPLIES = (
    select(*_REPLY_COLUMNS, _answers.c.ask_id, *_MARK_COLUMNS)
    .outerjoin_from(
        _answers,
        _reactions,
        and_(
            _reactions.c.channel_id == _answers.c.channel_id,
            _reactions.c.message_ts == _answers.c.ts,
            _reactions.c.ask_id == _answers.c.ask_id,
            _reactions.c.is_present.is_(True),
            _may_mark,
        ),
    )
    .where(
        _answers.c.id.in_(bindparam("answer_ids", expanding=True)),
        _answers.c.is_deleted.is_(False),
    )
    .order_by(_answers.c.id)
)
_UPDATE_ANSWER = (
    update(_answers)
    .where(_answers.c.id == bindparam("answer"))
    .values(
        is_solution=bindparam("is_solution"), helpful_count=bindparam("helpful_count")
    )
)


def recompute_and_notify(
    tx: Transaction,
    ask_id: int,
    *,
    force_update: bool = False,
    is_restored: bool = False,
) -> None:
    """Recompute the ask's state, and enqueue the messages about the change.

    `force_update` updates the ask's message even if the state is the same. For an
    `is_restored` ask, all messages are enqueued; items that were sent stay sent.
    """
    ask, previous, outcome = recompute(tx, ask_id)
    if is_restored:
        tx.features.on_answers_marked(tx, marked_answers(tx.session, [ask_id]))
        counts = dict.fromkeys(previous.authors, 0)
        previous = PreviousState("open", None, frozenset(), counts, previous.authors)
    notify(tx, ask, previous, outcome, force_update=force_update)


def recompute_helpful(
    tx: Transaction, asks: Mapping[int, Row[Any]], answer_ids: Collection[int]
) -> None:
    """Recompute the helpful counts of some answers of locked asks.

    It is a quicker form of `recompute_and_notify`: helpful marks change nothing else.
    """
    if not answer_ids:
        return
    params = {"answer_ids": list(answer_ids), "installation_id": tx.workspace.id}
    marked_replies = tx.session.execute(_MARKED_REPLIES, params).all()
    updates, notifications, unmarked = [], [], []
    authors: set[str] = set()
    for _, reply_rows in groupby(marked_replies, key=lambda row: row.id):
        rows = list(reply_rows)
        reply, ask = rows[0], asks[rows[0].ask_id]
        if reply.is_solution:
            # The same emoji may have meant "solved" before the channel changed it.
            recompute_and_notify(tx, ask.id)
            continue
        outcome = _evaluate(ask, [reply], [row for row in rows if row.member])
        count = len(outcome.helped_members.get(reply.id, ()))
        if count != reply.helpful_count:
            updates.append(
                {"answer": reply.id, "is_solution": False, "helpful_count": count}
            )
            authors.add(reply.author)
        if count and not reply.helpful_count and not ask.deleted_at:
            notifications.append((reply.id, reply.author))
        if reply.helpful_count and not count:
            unmarked.append(reply.id)
    if updates:
        tx.session.execute(_UPDATE_ANSWER, updates)
        home_refresh.refresh_homes(tx, authors)
    marked = [answer_id for answer_id, _ in notifications]
    _report_marks(tx, marked=marked, unmarked=unmarked)
    tx.enqueue_many(ANSWER_HELPED, notifications, send_at=tx.now + NOTIFICATION_DELAY)


def mark_answered(
    tx: Transaction, asks: Collection[Row[Any]], slack_channels: Mapping[int, str]
) -> None:
    """Set locked open asks to "answered", after replies without any mark.

    `slack_channels` has Slack's id of the channel, by the ask's id.
    """
    if not asks:
        return
    tx.session.execute(_SET_ANSWERED, {"ask_ids": [ask.id for ask in asks]})
    tx.enqueue_updates(ASK_UPDATE, [(ask.id, slack_channels[ask.id]) for ask in asks])
    tx.enqueue_many(
        ASK_ANSWERED,
        [(ask.id, ask.asker) for ask in asks if not ask.is_users_message],
        send_at=tx.now,
    )
    home_refresh.refresh_homes(tx, {ask.asker for ask in asks})


def lock(session: Session, ask_id: int) -> Row[Any]:
    """Lock an ask and return its row, before a change that affects its state."""
    return lock_all(session, [ask_id])[ask_id]


def lock_all(session: Session, ask_ids: Collection[int]) -> dict[int, Row[Any]]:
    """Lock several asks, in the order of their ids; return their rows by id."""
    if not ask_ids:
        return {}
    asks = session.execute(_LOCK_ROWS, {"ask_ids": list(ask_ids)})
    return {ask.id: ask for ask in asks}


def recompute(tx: Transaction, ask_id: int) -> tuple[Ask, PreviousState, Outcome]:
    """Recompute the ask's state from its replies and marks, and store it."""
    session = tx.session
    # The lock makes concurrent transactions see each other's marks.
    ask = session.scalars(_LOCK_ASK, {"ask_id": ask_id}).one()
    replies = session.execute(_REPLIES, {"of_ask": ask_id}).all()
    previous = PreviousState(
        ask.state,
        ask.solved_by,
        frozenset(row.id for row in replies if row.is_solution),
        {row.id: row.helpful_count for row in replies},
        {row.id: row.author for row in replies},
    )
    outcome = _evaluate(ask, replies, _load_marks(session, ask))
    marked: list[int] = []
    unmarked: list[int] = []
    for row in replies:
        is_solution = row.id in outcome.solutions
        helpful_count = len(outcome.helped_members.get(row.id, ()))
        if (is_solution, helpful_count) != (row.is_solution, row.helpful_count):
            session.execute(
                _UPDATE_ANSWER,
                {
                    "answer": row.id,
                    "is_solution": is_solution,
                    "helpful_count": helpful_count,
                },
            )
        was_marked = row.is_solution or row.helpful_count > 0
        if (is_solution or helpful_count > 0) != was_marked:
            (unmarked if was_marked else marked).append(row.id)
    ask.state = "deleted" if ask.deleted_at else outcome.state
    ask.solved_by = outcome.solved_by
    ask.solved_at = (
        EPOCH + timedelta(microseconds=outcome.solved_at_micros)
        if outcome.solved_by
        else None
    )
    session.flush()
    _report_marks(tx, marked=marked, unmarked=unmarked)
    return ask, previous, outcome


def _report_marks(
    tx: Transaction, *, marked: Collection[int], unmarked: Collection[int]
) -> None:
    if marked:
        tx.features.on_answers_marked(tx, marked)
    if unmarked:
        tx.features.on_answers_unmarked(tx, unmarked)


def marked_answers(session: Session, ask_ids: Collection[int]) -> Sequence[int]:
    """Return the ids of these asks' answers that have a mark."""
    return session.scalars(
        select(Answer.id).where(
            Answer.ask_id.in_(ask_ids),
            Answer.is_deleted.is_(False),
            text(f"({HAS_HELPED})"),
        )
    ).all()


def outcome_of(session: Session, ask: Ask) -> Outcome:
    """Compute the ask's outcome without storing it."""
    replies = session.execute(_REPLIES, {"of_ask": ask.id}).all()
    return _evaluate(ask, replies, _load_marks(session, ask))


def _load_marks(session: Session, ask: Ask) -> Result[Any]:
    return session.execute(
        _MARKS, {"of_ask": ask.id, "installation_id": ask.installation_id}
    )


def _evaluate(
    ask: Ask | Row[Any], replies: Iterable[Any], marks: Iterable[Any]
) -> Outcome:
    return outcome_rules.evaluate(
        asker=ask.asker,
        ask_ts=ask.ts,
        is_closed=ask.is_closed,
        reopened_at_micros=ask.reopened_at_micros,
        replies=[Reply(row.id, row.ts, row.author) for row in replies],
        marks=[
            Mark(
                row.message_ts,
                row.member,
                row.meaning,
                row.event_micros,
                bool(row.can_moderate),
            )
            for row in marks
        ],
    )
