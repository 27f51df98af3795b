"""What events change: those that come together are committed together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import BoltResponse
from sqlalchemy.orm import Session

from bot.asks import outcomes
from bot.checkins import rounds
from bot.db.statements import dialect_name
from bot.messages import tracked_messages
from bot.messages.lookup import MessageKey
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction

Step = Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class BatchedChange:
    """A change that is applied with others of its kind, in one transaction."""

    apply: Callable[[Transaction, Sequence[Any]], None]
    item: Any


def one_by_one(tx: Transaction, changes: Sequence[Step]) -> None:
    """Apply changes that are too rare to be written for several at once."""
    for change in changes:
        change(tx)
        tx.session.flush()
        # The next reads the rows anew, as in a transaction of its own.
        tx.session.expunge_all()


class PendingCommit(BoltResponse):
    """The acknowledgement of an event, to be given once its change is committed.

    `decide` is told what we know of each message that the event is `about`, and gives
    the change, or None where there is nothing to do. The event `tells` of a message
    that may be new to us. What is run here may be run again, and must wait for nothing
    but the database: other events wait behind it.
    """

    def __init__(
        self,
        decide: Callable[..., BatchedChange | None],
        *about: MessageKey,
        new_message: MessageKey | None = None,
    ) -> None:
        super().__init__(status=200)
        self.decide = decide
        self.messages = about
        self.new_message = new_message


def commit_batch(rt: Runtime, commits: Sequence[PendingCommit]) -> None:
    """Make all the changes, in as few transactions as can be; raises where one does."""
    for independent in _split_dependent(commits):
        _commit(rt, independent)


def _split_dependent(commits: Sequence[PendingCommit]) -> Iterator[list[PendingCommit]]:
    """What is about a message comes after what tells of it, and so knows it."""
    together: list[PendingCommit] = []
    told: set[MessageKey] = set()
    for write in commits:
        if not told.isdisjoint(write.messages):
            yield together
            together, told = [], set()
        together.append(write)
        if write.new_message is not None:
            told.add(write.new_message)
    yield together


def _commit(rt: Runtime, commits: Sequence[PendingCommit]) -> None:
    about = {message for write in commits for message in write.messages}
    known: dict[MessageKey, TrackedMessage] = {}
    if about:
        with rt.autocommit.connect() as connection:
            known = tracked_messages.find_all(connection, rt.workspace.id, about)
    changes: dict[Callable[[Transaction, Sequence[Any]], None], list[Any]] = {}
    places: list[TrackedMessage] = []
    for write in commits:
        found = [known.get(message) for message in write.messages]
        change = write.decide(*found)
        if change is not None:
            changes.setdefault(change.apply, []).append(change.item)
            places.extend(filter(None, found))
    if not changes:
        return
    with rt.write(rt.workspace) as tx:
        _lock_rows(tx.session, places)
        for apply, items in changes.items():
            apply(tx, items)
            tx.session.flush()
            tx.session.expunge_all()


def _lock_rows(session: Session, tracked: Sequence[TrackedMessage]) -> None:
    """All locks at first and in one order; SQLite has a single writer, and so none.

    Replicas that wait for each other in turn would wait until the database gives one
    of them up.
    """
    if dialect_name(session) == "sqlite":
        return
    tracked_messages.lock_channels(
        session, {place.channel_id for place in tracked if place.is_capturing}
    )
    outcomes.lock_all(session, {place.ask_id for place in tracked if place.ask_id})
    rounds.lock_many(session, {place.round_id for place in tracked if place.round_id})
