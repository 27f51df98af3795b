"""Solve an ask by an earlier one, and credit the answer that helped again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.asks import outcomes
from bot.asks.button_marks import write_mark
from bot.asks.message_kinds import (
    ANSWER_HELPED_AGAIN,
    ASK_DELETE_MESSAGE,
    ASK_POST,
)
from bot.asks.permissions import SOLVE_BY_REFERENCE
from bot.asks.service import ASK_GONE, mark_deleted
from bot.clock import datetime_to_micros
from bot.db.statements import upsert_latest
from bot.errors import UserError
from bot.outbox.enqueue import NOTIFICATION_DELAY
from bot.runtime import Transaction
from bot.workspace import roles, visibility
from models import Answer, Ask, AskReference, Channel, Reaction

# An ask can be taken back within this time, as long as nobody has reacted or replied.
WITHDRAW_WITHIN = timedelta(seconds=60)
# On the ask, and on the earlier answer.
SOLVED_MARK, AGAIN_MARK = "reference", "again"

NOT_ANSWERED = "That ask has no answer that helped yet."

_UPSERT = upsert_latest(
    AskReference,
    ["ask_id"],
    [
        "earlier_ask_id",
        "answer_id",
        "found_by",
        "is_withdrawn",
        "withdrawn_ts",
        "recorded_at",
    ],
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """An earlier ask that a member pointed to, and that the asker accepted."""

    earlier_ask_id: int
    # The answer to credit; None if the asker had given it.
    answer_id: int | None
    # The member who pointed to it.
    found_by: str
    # The time of the asker's reaction.
    event_micros: int


def find(session: Session, ask_id: int) -> AskReference | None:
    """Return the reference of an ask, if it stands."""
    row = session.get(AskReference, ask_id, populate_existing=True)
    return row if row is not None and row.is_present else None


def has_withdrawn(tx: Transaction, ask_id: int, *, by: str) -> bool:
    """Return True if the member has taken their ask back."""
    ask = tx.session.scalar(
        select(Ask).filter_by(id=ask_id, installation_id=tx.workspace.id, asker=by)
    )
    reference = find(tx.session, ask.id) if ask is not None else None
    return reference is not None and reference.is_withdrawn


def can_withdraw(tx: Transaction, ask: Ask) -> bool:
    """Return True while an ask can be taken back as if it had not been asked.

    Ask Slack for its thread as well: a reply may not have come as an event yet.
    """
    if (
        ask.is_users_message
        or ask.deleted_at
        or tx.now - ask.asked_at > WITHDRAW_WITHIN
    ):
        return False
    replied = exists().where(Answer.ask_id == ask.id, Answer.is_deleted.is_(False))
    reacted = exists().where(Reaction.ask_id == ask.id, Reaction.is_present.is_(True))
    return not tx.session.scalar(select(or_(replied, reacted)))


def best_answer(
    session: Session, ask_id: int, *, except_by: str | None = None
) -> Answer | None:
    """Return the answer that solved an ask, or else that helped most."""
    others: list[ColumnElement[bool]] = (
        [Answer.author != except_by] if except_by else []
    )
    return session.scalar(
        select(Answer)
        .where(
            Answer.ask_id == ask_id,
            Answer.is_deleted.is_(False),
            Answer.is_solution.is_(True) | (Answer.helpful_count > 0),
            *others,
        )
        .order_by(Answer.is_solution.desc(), Answer.helpful_count.desc(), Answer.ts)
        .limit(1)
    )


def solve(
    tx: Transaction,
    ask: Ask,
    earlier: Ask,
    *,
    by: str,
    event_micros: int,
    found_by: str | None = None,
    withdraws: bool = False,
) -> AskReference:
    """Record that an earlier ask solved the ask, and credit its best answer.

    With `withdraws`, the ask is taken back if it still can be: its message is deleted.
    Raises UserError if the member is not the asker, may not see the earlier ask, or if
    no answer there has helped.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    roles.authorize(tx, channel, SOLVE_BY_REFERENCE, by, author=ask.asker)
    source = tx.session.get_one(Channel, earlier.channel_id)
    visibility.require_visible(tx, source, by)
    if earlier.deleted_at or earlier.id == ask.id:
        raise UserError(ASK_GONE)
    outcomes.lock_all(tx.session, {ask.id, earlier.id})
    tx.session.refresh(ask)
    if best_answer(tx.session, earlier.id) is None:
        raise UserError(NOT_ANSWERED)
    is_withdrawn = withdraws and can_withdraw(tx, ask)
    if ask.ts is None and not is_withdrawn:
        raise UserError("I'm still posting that ask. Try again in a moment.")
    answer = best_answer(tx.session, earlier.id, except_by=by)
    previous = find(tx.session, ask.id)
    credited = {each.answer_id for each in [previous] if each}
    if answer is not None:
        credited.add(answer.id)
    _store(
        tx,
        ask,
        earlier_ask_id=earlier.id,
        answer_id=answer.id if answer else None,
        found_by=found_by,
        is_withdrawn=is_withdrawn,
        withdrawn_ts=ask.ts if is_withdrawn else None,
        is_present=True,
        event_micros=event_micros,
    )
    if is_withdrawn:
        _withdraw(tx, ask, channel)
    else:
        mark_solved(tx, ask, channel, is_present=True, event_micros=event_micros)
    _credit_all(tx, ask, credited, event_micros=event_micros)
    if answer is not None:
        _thank(tx, ask, answer)
    return tx.session.get_one(AskReference, ask.id, populate_existing=True)


def undo(tx: Transaction, ask: Ask, *, by: str, event_micros: int) -> None:
    """Take `solve` back: the ask is open again, and is posted again if it was deleted.

    Nothing happens if it has been taken back already. Raises UserError.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    roles.authorize(tx, channel, SOLVE_BY_REFERENCE, by, author=ask.asker)
    reference = find(tx.session, ask.id)
    if reference is None:
        return
    outcomes.lock_all(tx.session, {ask.id, reference.earlier_ask_id})
    tx.session.refresh(ask)
    was_withdrawn, withdrawn_ts = reference.is_withdrawn, reference.withdrawn_ts
    answer_id = reference.answer_id
    _store(
        tx,
        ask,
        earlier_ask_id=reference.earlier_ask_id,
        answer_id=reference.answer_id,
        found_by=reference.found_by,
        is_withdrawn=False,
        withdrawn_ts=None,
        is_present=False,
        event_micros=event_micros,
    )
    if was_withdrawn:
        ask.deleted_at = None
        tx.session.flush()
        outcomes.recompute_and_notify(tx, ask.id)
        tx.enqueue(ASK_POST, ask.id, to=channel.slack_id, occurrence=withdrawn_ts or "")
    else:
        mark_solved(tx, ask, channel, is_present=False, event_micros=event_micros)
    _credit_all(tx, ask, {answer_id}, event_micros=event_micros)


def follow_accepted(tx: Transaction, ask: Ask, accepted: Accepted | None) -> None:
    """Let a locked ask be solved by what its asker accepted in its thread; or not.

    The asker's choice by a button stays. The caller stores the marks on the ask, and
    derives its state.
    """
    reference = tx.session.get(AskReference, ask.id, populate_existing=True)
    is_present = reference is not None and reference.is_present
    if reference is not None and is_present:
        is_by_button = reference.found_by is None
        if is_by_button or _as_accepted(reference) == accepted:
            return
    credited: set[int | None] = set()
    if reference is not None and is_present:
        credited.add(reference.answer_id)
        reference.is_present, reference.recorded_at = False, tx.now
    if accepted is not None:
        credited.add(accepted.answer_id)
        if reference is None:
            reference = AskReference(ask_id=ask.id)
            tx.session.add(reference)
        reference.earlier_ask_id = accepted.earlier_ask_id
        reference.answer_id = accepted.answer_id
        reference.found_by = accepted.found_by
        reference.is_withdrawn, reference.withdrawn_ts = False, None
        reference.is_present = True
        reference.event_micros = accepted.event_micros
        reference.recorded_at = tx.now
    tx.session.flush()
    _credit_all(tx, ask, credited, event_micros=datetime_to_micros(tx.now))
    if accepted is not None and accepted.answer_id is not None:
        _thank(tx, ask, tx.session.get_one(Answer, accepted.answer_id))


def _as_accepted(reference: AskReference) -> Accepted:
    return Accepted(
        reference.earlier_ask_id,
        reference.answer_id,
        reference.found_by or "",
        reference.event_micros,
    )


def _thank(tx: Transaction, ask: Ask, answer: Answer) -> None:
    tx.enqueue(
        ANSWER_HELPED_AGAIN,
        ask.id,
        to=answer.author,
        send_at=tx.now + NOTIFICATION_DELAY,
    )


def _store(tx: Transaction, ask: Ask, **columns: object) -> None:
    row = {"ask_id": ask.id, "recorded_at": tx.now, **columns}
    tx.session.execute(_UPSERT(tx.session), [row])


def _withdraw(tx: Transaction, ask: Ask, channel: Channel) -> None:
    mark_deleted(tx, ask)
    delete_message(tx, ask, channel)


def delete_message(tx: Transaction, ask: Ask, channel: Channel) -> None:
    """Delete the ask's message. If it is posted again, its message is another one."""
    if ask.ts is not None:
        tx.enqueue(
            ASK_DELETE_MESSAGE,
            ask.id,
            to=channel.slack_id,
            payload={"ts": ask.ts},
            occurrence=ask.ts,
        )
        ask.ts = None
    tx.session.flush()


def mark_solved(
    tx: Transaction, ask: Ask, channel: Channel, *, is_present: bool, event_micros: int
) -> None:
    if ask.ts is None:
        return
    write_mark(
        tx,
        channel,
        ask,
        ts=ask.ts,
        meaning="solved",
        name=SOLVED_MARK,
        by=ask.asker,
        is_present=is_present,
        event_micros=event_micros,
    )
    outcomes.recompute_and_notify(tx, ask.id, force_update=True)


def _credit_all(
    tx: Transaction, ask: Ask, answer_ids: Collection[int | None], *, event_micros: int
) -> None:
    for answer_id in sorted(filter(None, answer_ids)):
        answer = tx.session.get_one(Answer, answer_id)
        _credit(tx, ask, answer, event_micros=event_micros)


def _credit(tx: Transaction, ask: Ask, answer: Answer, *, event_micros: int) -> None:
    """Mark the earlier answer as helpful to the asker, as long as a reference stands.

    The same answer may have solved several of their asks: it has one mark of theirs,
    with the time of the last.
    """
    helped_at = tx.session.scalar(
        select(func.max(AskReference.event_micros))
        .join(Ask, Ask.id == AskReference.ask_id)
        .where(
            AskReference.answer_id == answer.id,
            AskReference.is_present.is_(True),
            Ask.asker == ask.asker,
        )
    )
    earlier = tx.session.get_one(Ask, answer.ask_id)
    write_mark(
        tx,
        tx.session.get_one(Channel, answer.channel_id),
        earlier,
        ts=answer.ts,
        meaning="helpful",
        name=AGAIN_MARK,
        by=ask.asker,
        is_present=helped_at is not None,
        event_micros=helped_at or event_micros,
        is_derived=True,
    )
    outcomes.recompute_and_notify(tx, earlier.id)
