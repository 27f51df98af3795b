"""Enqueue the messages that a new outcome of an ask calls for."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.asks.outcome_rules import Outcome, PreviousState
from bot.db.statements import table
from bot.outbox import enqueue, home_refresh
from bot.outbox.enqueue import NOTIFICATION_DELAY
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
    session: Session,
    ask: Ask,
    previous: PreviousState,
    outcome: Outcome,
    *,
    now: datetime,
    force_update: bool,
) -> None:
    """Promise what people should see or be told; the outbox tells nothing twice."""

    def tell(kind: str, subject: int, whom: str, due: datetime = now) -> None:
        enqueue.enqueue(
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
    new = outcome.solutions.keys() - previous.solutions
    gone = previous.solutions - outcome.solutions.keys()
    moved = _affected_authors(previous, outcome, new | gone)
    home_refresh.refresh_homes(session, ask.installation_id, moved, now=now)
    is_solved = outcome.state == "solved"
    is_changed = bool(new or gone or previous.state != outcome.state)
    later = now + NOTIFICATION_DELAY
    if force_update or is_changed:
        update_message(session, ask, now=now)
    if is_changed:
        is_undoable = is_solved and previous.state != "solved"
        update_direct_messages(session, ask, now=now, due=later if is_undoable else now)
    # In the thread of their own message Slack itself notifies the asker.
    is_answered = outcome.state == "answered" != previous.state
    if is_answered and not ask.is_own_message:
        tell("ask.answered", ask.id, ask.asker)
    for answer_id in _newly_helped(previous, outcome, gone):
        tell("answer.helped", answer_id, previous.authors[answer_id], later)
    for answer_id in sorted(new):
        tell("answer.solved", answer_id, previous.authors[answer_id], later)
    if is_solved and (new or previous.state != "solved"):
        tell("ask.solved", ask.id, ask.asker, later)
        for member in outcome.same:
            tell("ask.same", ask.id, member, later)


def _newly_helped(
    previous: PreviousState, outcome: Outcome, former_solutions: Collection[int]
) -> list[int]:
    """One that was a solution has been told of nothing else."""
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
    """The authors of whose answers something else is true now."""
    return {
        author
        for answer_id, author in previous.authors.items()
        if answer_id in changed_solutions
        or len(outcome.helped_members.get(answer_id, ()))
        != previous.helpful_counts[answer_id]
    }


def update_direct_messages(
    session: Session, ask: Ask, *, now: datetime, due: datetime | None = None
) -> None:
    """The letters to the asker are to say what is true now, without buttons of before.

    The first word of a solution is itself such a change.
    """
    keys = [f"{kind}:{ask.id}:{ask.asker}" for kind in ("ask.answered", "ask.solved")]
    keys.append(f"ask.closed:{ask.id}:{ask.asker}:{ask.closed_us}")
    sent = session.execute(
        select(OutboxItem.id, OutboxItem.kind, OutboxItem.ts)
        .filter_by(installation_id=ask.installation_id, state="sent")
        .where(OutboxItem.key.in_(keys))
    ).all()
    is_first = ask.state == "solved" and "ask.solved" not in {row.kind for row in sent}
    letters = [
        (row.id, ask.asker)
        for row in sent
        if row.ts and (row.kind == "ask.closed" or not is_first)
    ]
    enqueue.enqueue_updates(
        session,
        "ask.retell",
        letters,
        installation_id=ask.installation_id,
        now=now,
        due=due,
    )


def update_message(session: Session, ask: Ask, *, now: datetime) -> None:
    """The ask's message is to show what is true now."""
    channel = session.get_one(Channel, ask.channel_id)
    kinds = ["ask.show", "ask.sign"] if ask.is_own_message else ["ask.show"]
    for kind in kinds:
        enqueue.enqueue_update(
            session,
            kind,
            ask.id,
            channel.slack_id,
            installation_id=ask.installation_id,
            now=now,
        )
    # Whoever offered help or has the same problem sees it on their Home tab, too.
    joined = session.scalars(_JOINERS, {"of_ask": ask.id})
    home_refresh.refresh_homes(
        session, ask.installation_id, [ask.asker, *joined], now=now
    )
