"""Enqueue the messages about a new outcome of an ask."""

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

# All members who joined an ask, even if they have left it since.
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
    if ask.deleted_at:
        return
    new_solutions = outcome.solutions.keys() - previous.solutions
    former_solutions = previous.solutions - outcome.solutions.keys()
    home_refresh.refresh_homes(
        tx, _affected_authors(previous, outcome, new_solutions | former_solutions)
    )
    is_solved = outcome.state == "solved"
    is_changed = bool(
        new_solutions or former_solutions or previous.state != outcome.state
    )
    # Marks can be undone until then.
    send_at = tx.now + NOTIFICATION_DELAY
    if force_update or is_changed:
        update_message(tx, ask)
    if is_changed:
        is_newly_solved = is_solved and previous.state != "solved"
        update_direct_messages(tx, ask, send_at=send_at if is_newly_solved else tx.now)
    # In the thread of the asker's own message, Slack itself notifies them.
    is_answered = outcome.state == "answered" != previous.state
    if is_answered and not ask.is_users_message:
        tx.enqueue(ASK_ANSWERED, ask.id, to=ask.asker, send_at=tx.now)
    for answer_id in _newly_helpful(previous, outcome, former_solutions):
        author = previous.authors[answer_id]
        tx.enqueue(ANSWER_HELPED, answer_id, to=author, send_at=send_at)
    for answer_id in sorted(new_solutions):
        author = previous.authors[answer_id]
        tx.enqueue(ANSWER_SOLVED, answer_id, to=author, send_at=send_at)
    if is_solved and (new_solutions or previous.state != "solved"):
        tx.enqueue(ASK_SOLVED, ask.id, to=ask.asker, send_at=send_at)
        # Those who solved it know.
        solvers = {previous.authors.get(answer_id) for answer_id in outcome.solutions}
        for member in outcome.same:
            if member not in solvers:
                tx.enqueue(ASK_JOINER_SOLVED, ask.id, to=member, send_at=send_at)


def _newly_helpful(
    previous: PreviousState, outcome: Outcome, former_solutions: Collection[int]
) -> list[int]:
    """Return the ids of answers that are newly helpful; a former solution counts."""
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
    """Return the authors of the answers whose outcome has changed."""
    return {
        author
        for answer_id, author in previous.authors.items()
        if answer_id in changed_solutions
        or len(outcome.helped_members.get(answer_id, ()))
        != previous.helpful_counts[answer_id]
    }


def update_direct_messages(
    tx: Transaction, ask: Ask, *, send_at: datetime | None = None
) -> None:
    """Update the direct messages to the asker, at `send_at` or now.

    The update removes buttons that no longer apply. ASK_SOLVED itself updates the
    message about the first answer, so that is left to it.
    """
    keys = [
        dedup_key(ASK_ANSWERED, ask.id, ask.asker),
        dedup_key(ASK_SOLVED, ask.id, ask.asker),
        dedup_key(ASK_CLOSED, ask.id, ask.asker, str(ask.closed_at_micros)),
    ]
    items = tx.session.execute(
        select(OutboxItem.id, OutboxItem.kind, OutboxItem.ts)
        .filter_by(installation_id=ask.installation_id, state="sent")
        .where(OutboxItem.dedup_key.in_(keys))
    ).all()
    is_first = ask.state == "solved" and ASK_SOLVED not in {row.kind for row in items}
    messages = [
        (row.id, ask.asker)
        for row in items
        if row.ts and (row.kind == ASK_CLOSED or not is_first)
    ]
    tx.enqueue_updates(ASK_UPDATE_DIRECT_MESSAGE, messages, send_at=send_at)


def update_message(tx: Transaction, ask: Ask) -> None:
    """Enqueue updates of the bot's message about the ask, and of Home tabs."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    kinds = [ASK_UPDATE, ASK_UPDATE_REACTION] if ask.is_users_message else [ASK_UPDATE]
    for kind in kinds:
        tx.enqueue_update(kind, ask.id, to=channel.slack_id)
    # Members who joined the ask see it on their Home tabs, too.
    joiners = tx.session.scalars(_JOINERS, {"of_ask": ask.id})
    home_refresh.refresh_homes(tx, [ask.asker, *joiners])
