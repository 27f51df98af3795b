"""What an ask's replies and marks make of it: derived again after each change."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Result, Row, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from bot import homes, outbox
from bot.answers import rules
from bot.answers.rules import Mark, Outcome, Reply
from bot.clock import EPOCH
from bot.db import table
from models import Answer, Ask, Channel, Member, OutboxItem, Reaction

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
        _asks.c.channel_id,
        _asks.c.asker,
        _asks.c.ts,
        _asks.c.is_own_message,
        _asks.c.state,
        (_asks.c.closed_us > _asks.c.reopened_us).label("is_closed"),
        _asks.c.reopened_us,
        _asks.c.deleted_at,
    )
    .where(_asks.c.id.in_(bindparam("ask_ids", expanding=True)))
    .order_by(_asks.c.id)
    .with_for_update(key_share=True)
)
_ANSWERED = (
    update(_asks)
    .where(_asks.c.id.in_(bindparam("ask_ids", expanding=True)))
    .values(state="answered")
)
_REPLY_COLUMNS = (
    _answers.c.id,
    _answers.c.ts,
    _answers.c.author,
    _answers.c.is_solution,
    _answers.c.helped,
)
_REPLIES = select(*_REPLY_COLUMNS).where(
    _answers.c.ask_id == bindparam("of_ask"), _answers.c.is_deleted.is_(False)
)
# Of another organisation they may answer, but not mark; a bot may do neither.
_counts = (
    ~select(_members.c.id)
    .where(
        _members.c.installation_id == bindparam("installation_id"),
        _members.c.slack_id == _reactions.c.member,
        or_(_members.c.is_bot.is_(True), _members.c.is_stranger.is_(True)),
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
    _counts,
)
# Also those who have left again.
_JOINED = (
    select(_reactions.c.member)
    .where(
        _reactions.c.ask_id == bindparam("of_ask"),
        _reactions.c.meaning.in_(("looking", "same")),
    )
    .distinct()
)
# A row for each mark on a reply; one without a mark where there is none.
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
            _counts,
        ),
    )
    .where(
        _answers.c.id.in_(bindparam("answer_ids", expanding=True)),
        _answers.c.is_deleted.is_(False),
    )
    .order_by(_answers.c.id)
)
_MARK = (
    update(_answers)
    .where(_answers.c.id == bindparam("answer"))
    .values(is_solution=bindparam("is_solution"), helped=bindparam("helped"))
)


def resettle(
    session: Session,
    ask_id: int,
    *,
    now: datetime,
    show: bool = False,
    is_back: bool = False,
) -> None:
    """Derive the ask's state again, and promise what the change asks for.

    Of an ask that `is_back` all is promised that stands; what was told stays told.
    """
    ask, before, result = settle(session, ask_id)
    if is_back:
        nobody = dict.fromkeys(before.authors, 0)
        before = Before("open", None, frozenset(), nobody, before.authors)
    _announce(session, ask, before, result, now=now, show=show)


def recount(
    session: Session,
    installation_id: int,
    asks: Mapping[int, Row[Any]],
    answer_ids: Collection[int],
    *,
    now: datetime,
) -> None:
    """Derive again whom some answers of the asks that we `hold` helped.

    No more than that is changed by a helpful mark.
    """
    if not answer_ids:
        return
    these = {"answer_ids": list(answer_ids), "installation_id": installation_id}
    found = session.execute(_MARKED_REPLIES, these).all()
    counted, promised = [], []
    credited: set[str] = set()
    for _, marked in groupby(found, key=lambda row: row.id):
        rows = list(marked)
        reply, ask = rows[0], asks[rows[0].ask_id]
        if reply.is_solution:
            # By the same emoji, perhaps, before the channel gave it another meaning.
            resettle(session, ask.id, now=now)
            continue
        result = _weigh(ask, [reply], [row for row in rows if row.member])
        helped = len(result.helped.get(reply.id, ()))
        if helped != reply.helped:
            counted.append({"answer": reply.id, "is_solution": False, "helped": helped})
            credited.add(reply.author)
        if helped and not reply.helped and not ask.deleted_at:
            promised.append((reply.id, reply.author))
    if counted:
        session.execute(_MARK, counted)
        homes.refresh(session, installation_id, credited, now=now)
    outbox.promise_all(
        session,
        "answer.helped",
        promised,
        installation_id=installation_id,
        due=now + UNDO_FOR,
        now=now,
    )


def answered(
    session: Session,
    installation_id: int,
    asks: Collection[Row[Any]],
    channels: Mapping[int, str],
    *,
    now: datetime,
) -> None:
    """Open asks that we `hold` got a reply that nobody has marked.

    That can only make them answered ones. `channels`: where each is, by its id.
    """
    if not asks:
        return
    session.execute(_ANSWERED, {"ask_ids": [ask.id for ask in asks]})
    outbox.refresh_all(
        session,
        "ask.show",
        [(ask.id, channels[ask.id]) for ask in asks],
        installation_id=installation_id,
        now=now,
    )
    outbox.promise_all(
        session,
        "ask.answered",
        # In the thread of their own message Slack itself notifies the asker.
        [(ask.id, ask.asker) for ask in asks if not ask.is_own_message],
        installation_id=installation_id,
        now=now,
        due=now,
    )
    homes.refresh(session, installation_id, {ask.asker for ask in asks}, now=now)


def hold(session: Session, ask_id: int) -> Row[Any]:
    """What the ask is; nobody else derives it meanwhile."""
    return hold_all(session, [ask_id])[ask_id]


def hold_all(session: Session, ask_ids: Collection[int]) -> dict[int, Row[Any]]:
    """What each of the asks is, by its id; nobody else derives them meanwhile."""
    if not ask_ids:
        return {}
    held = session.execute(_HOLD, {"ask_ids": list(ask_ids)})
    return {ask.id: ask for ask in held}


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
    moved = _moved(before, after, new | gone)
    homes.refresh(session, ask.installation_id, moved, now=now)
    is_solved = after.state == "solved"
    is_changed = bool(new or gone or before.state != after.state)
    later = now + UNDO_FOR
    if show or is_changed:
        show_again(session, ask, now=now)
    if is_changed:
        is_undoable = is_solved and before.state != "solved"
        retell(session, ask, now=now, due=later if is_undoable else now)
    # In the thread of their own message Slack itself notifies the asker.
    is_answered = after.state == "answered" != before.state
    if is_answered and not ask.is_own_message:
        tell("ask.answered", ask.id, ask.asker)
    for answer_id in _newly_helped(before, after, gone):
        tell("answer.helped", answer_id, before.authors[answer_id], later)
    for answer_id in sorted(new):
        tell("answer.solved", answer_id, before.authors[answer_id], later)
    if is_solved and (new or before.state != "solved"):
        tell("ask.solved", ask.id, ask.asker, later)
        for member in after.same:
            tell("ask.same", ask.id, member, later)


def _newly_helped(before: Before, after: Outcome, gone: Collection[int]) -> list[int]:
    """One that was a solution has been told of nothing else."""
    return [
        answer_id
        for answer_id, helped in after.helped.items()
        if helped and (answer_id in gone or not before.helped.get(answer_id))
    ]


def _moved(before: Before, after: Outcome, changed: Collection[int]) -> set[str]:
    """The authors of whose answers something else is true now."""
    return {
        author
        for answer_id, author in before.authors.items()
        if answer_id in changed
        or len(after.helped.get(answer_id, ())) != before.helped[answer_id]
    }


def retell(
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
    outbox.refresh_all(
        session,
        "ask.retell",
        letters,
        installation_id=ask.installation_id,
        now=now,
        due=due,
    )


def show_again(session: Session, ask: Ask, *, now: datetime) -> None:
    """The ask's message is to show what is true now."""
    channel = session.get_one(Channel, ask.channel_id)
    kinds = ["ask.show", "ask.sign"] if ask.is_own_message else ["ask.show"]
    for kind in kinds:
        outbox.refresh(
            session,
            kind,
            ask.id,
            channel.slack_id,
            installation_id=ask.installation_id,
            now=now,
        )
    # Whoever offered help or has the same problem sees it on their Home tab, too.
    joined = session.scalars(_JOINED, {"of_ask": ask.id})
    homes.refresh(session, ask.installation_id, [ask.asker, *joined], now=now)
