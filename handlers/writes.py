"""What events change: those that come together are committed together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import BoltResponse
from sqlalchemy.orm import Session

from bot.answers import outcomes, registers
from bot.answers.lookup import Message
from bot.answers.registers import Place
from bot.checkins import attendance
from bot.db import dialect
from bot.runtime import Runtime

Work = Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What to do in a transaction: `make` is given all `what` that comes together."""

    make: Callable[[Session, Sequence[Any]], None]
    what: Any


def each(session: Session, works: Sequence[Work]) -> None:
    """Make changes of which there are too few to be made several at once."""
    for work in works:
        work(session)
        session.flush()
        # The next reads the rows anew, as in a transaction of its own.
        session.expunge_all()


class Write(BoltResponse):
    """The acknowledgement of an event, to be given once its change is committed.

    `decide` is told what we know of each message that the event is `about`, and gives
    the change, or None where there is nothing to do. The event `tells` of a message
    that may be new to us. What is run here may be run again, and must wait for nothing
    but the database: other events wait behind it.
    """

    def __init__(
        self,
        decide: Callable[..., Change | None],
        *about: Message,
        tells: Message | None = None,
    ) -> None:
        super().__init__(status=200)
        self.decide = decide
        self.about = about
        self.tells = tells


def commit_all(rt: Runtime, writes: Sequence[Write]) -> None:
    """Make all the changes, in as few transactions as can be; raises where one does."""
    for independent in _in_turn(writes):
        _commit(rt, independent)


def _in_turn(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """What is about a message comes after what tells of it, and so knows it."""
    together: list[Write] = []
    told: set[Message] = set()
    for write in writes:
        if not told.isdisjoint(write.about):
            yield together
            together, told = [], set()
        together.append(write)
        if write.tells is not None:
            told.add(write.tells)
    yield together


def _commit(rt: Runtime, writes: Sequence[Write]) -> None:
    about = {message for write in writes for message in write.about}
    known: dict[Message, Place] = {}
    if about:
        with rt.lookups.connect() as connection:
            known = registers.locate_all(connection, rt.workspace.id, about)
    changes: dict[Callable[[Session, Sequence[Any]], None], list[Any]] = {}
    places: list[Place] = []
    for write in writes:
        found = [known.get(message) for message in write.about]
        change = write.decide(*found)
        if change is not None:
            changes.setdefault(change.make, []).append(change.what)
            places.extend(filter(None, found))
    if not changes:
        return
    with rt.sessions.begin() as session:
        _hold(session, places)
        for make, whats in changes.items():
            make(session, whats)
            session.flush()
            session.expunge_all()


def _hold(session: Session, places: Sequence[Place]) -> None:
    """All locks at first and in one order; SQLite has a single writer, and so none.

    Replicas that wait for each other in turn would wait until the database gives one
    of them up.
    """
    if dialect(session) == "sqlite":
        return
    registers.hold_channels(
        session, {place.channel_id for place in places if place.is_capturing}
    )
    outcomes.hold_all(session, {place.ask_id for place in places if place.ask_id})
    attendance.hold_all(session, {place.round_id for place in places if place.round_id})
