"""Events of messages and reactions, and the batched changes that they make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from bot.runtime import Transaction

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


def combine(changes: Sequence[BatchedChange]) -> BatchedChange | None:
    """Return one change that makes all of these; None where there is none."""
    if len(changes) < 2:  # noqa: PLR2004
        return changes[0] if changes else None
    return BatchedChange(one_by_one, partial(_apply_all, changes))


def _apply_all(changes: Sequence[BatchedChange], tx: Transaction) -> None:
    for change in changes:
        change.apply(tx, [change.item])


class NewMessage(Protocol):
    """A message that a person has just posted; ids are Slack's."""

    @property
    def channel(self) -> str: ...
    @property
    def ts(self) -> str: ...
    @property
    def thread_ts(self) -> str | None: ...
    @property
    def user(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def is_reply(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class EditedMessage:
    """A message that its author edited; ids are Slack's."""

    channel: str
    ts: str
    thread_ts: str | None
    author: str
    text: str
    event_micros: int


@dataclass(frozen=True, slots=True)
class DeletedMessage:
    """A message that is gone; `thread_ts` is None unless it was a reply."""

    channel: str
    ts: str
    thread_ts: str | None
    # None where Slack does not say who wrote it.
    author: str | None


@dataclass(frozen=True, slots=True)
class ReactionEvent:
    """One person's action with one emoji on one message."""

    member: str
    channel: str
    ts: str
    emoji: str
    event_micros: int
    is_present: bool
    # Who wrote the message, as Slack says.
    item_author: str | None = None
