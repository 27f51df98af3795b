"""Enqueue the messages that a new outcome of an ask calls for."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select

from bot.asks.message_kinds import (
    ANSWER_HELPED,
    ANSWER_SOLVED,
    ASK_ANSWERED,
    ASK_CLOSED,
    ASK_JOINER_SOLVED,
    ASK_SOLVED,
    ASK_UPDATE,
    ASK_UPDATE_DIRECT_MESSAGE,
    ASK_UPDATE_REACTION,
)
from bot.asks.outcome_rules import Outcome, PreviousState
from bot.db.statements import table
from bot.outbox import home_refresh
from bot.outbox.enqueue import NOTIFICATION_DELAY, dedup_key
from bot.runtime import Transaction
from models import Ask, Channel, OutboxItem, Reaction

_reactions = table(Reaction)

# Also those who have left again.
_JOINERS = (
    select(_reactions.c.member)
    .where(
        _reactions.c.ask_id == bindparam("of_ask"),
        _reactions.c.meaning.in_(("looking", "same")),
    )
    .distinct()
)


def notify(
    tx: Transaction,
    ask: Ask,
    previous: PreviousState,
    outcome: Outcome,
    *,
    force_update: bool,
) -> None:
    """Enqueue the messages about a change; the outbox sends each once."""

    def tell(kind: str, subject: int, whom: str, due: datetime = tx.now) -> None:
        tx.enqueue(kind, subject, to=whom, send_at=due)

    if ask.deleted_at:
        return
    new = outcome.solutions.keys() - previous.solutions
    gone = previous.solutions - outcome.solutions.keys()
    moved = _affected_authors(previous, outcome, new | gone)
    home_refresh.refresh_homes(tx, moved)
    is_solved = outcome.state == "solved"
    is_changed = bool(new or gone or previous.state != outcome.state)
    later = tx.now + NOTIFICATION_DELAY
    if force_update or is_changed:
        update_message(tx, ask)
    if is_changed:
        is_undoable = is_solved and previous.state != "solved"
        update_direct_messages(tx, ask, due=later if is_undoable else tx.now)
    # In the thread of their own message Slack itself notifies the asker.
    is_answered = outcome.state == "answered" != previous.state
    if is_answered and not ask.is_users_message:
        tell(ASK_ANSWERED, ask.id, ask.asker)
    for answer_id in _newly_helped(previous, outcome, gone):
        tell(ANSWER_HELPED, answer_id, previous.authors[answer_id], later)
    for answer_id in sorted(new):
        tell(ANSWER_SOLVED, answer_id, previous.authors[answer_id], later)
    if is_solved and (new or previous.state != "solved"):
        tell(ASK_SOLVED, ask.id, ask.asker, later)
        for member in outcome.same:
            tell(ASK_JOINER_SOLVED, ask.id, member, later)


def _newly_helped(
    previous: PreviousState, outcome: Outcome, former_solutions: Collection[int]
) -> list[int]:
    """Return answers that now help; one that was a solution counts as new."""
    return [
        answer_id
        for answer_id, helped in outcome.helped_members.items()
        if helped
        and (
            answer_id in former_solutions or not previous.helpful_counts.get(answer_id)
        )
    ]


def _affected_authors(
    previous: PreviousState, outcome: Outcome, changed_solutions: Collection[int]
) -> set[str]:
    """The authors of the answers whose outcome has changed."""
    return {
        author
        for answer_id, author in previous.authors.items()
        if answer_id in changed_solutions
        or len(outcome.helped_members.get(answer_id, ()))
        != previous.helpful_counts[answer_id]
    }


def update_direct_messages(
    tx: Transaction, ask: Ask, *, due: datetime | None = None
) -> None:
    """Update the direct messages to the asker, and remove buttons of no more use.

    The first message about a solution is itself such an update.
    """
    keys = [
        dedup_key(ASK_ANSWERED, ask.id, ask.asker),
        dedup_key(ASK_SOLVED, ask.id, ask.asker),
        dedup_key(ASK_CLOSED, ask.id, ask.asker, str(ask.closed_at_micros)),
    ]
    sent = tx.session.execute(
        select(OutboxItem.id, OutboxItem.kind, OutboxItem.ts)
        .filter_by(installation_id=ask.installation_id, state="sent")
        .where(OutboxItem.dedup_key.in_(keys))
    ).all()
    is_first = ask.state == "solved" and ASK_SOLVED not in {row.kind for row in sent}
    messages = [
        (row.id, ask.asker)
        for row in sent
        if row.ts and (row.kind == ASK_CLOSED or not is_first)
    ]
    tx.enqueue_updates(ASK_UPDATE_DIRECT_MESSAGE, messages, send_at=due)


def update_message(tx: Transaction, ask: Ask) -> None:
    """Update the bot's message about the ask to the state of now."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    kinds = [ASK_UPDATE, ASK_UPDATE_REACTION] if ask.is_users_message else [ASK_UPDATE]
    for kind in kinds:
        tx.enqueue_update(kind, ask.id, to=channel.slack_id)
    # Whoever offered help or has the same problem sees it on their Home tab, too.
    joined = tx.session.scalars(_JOINERS, {"of_ask": ask.id})
    home_refresh.refresh_homes(tx, [ask.asker, *joined])
