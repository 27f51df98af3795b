"""Events of messages and reactions, and the batched changes that they make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from bot.runtime import Transaction

Step = Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class BatchedChange:
    """A change that is applied together with others of its kind, in one transaction.

    `apply` is called with the items of all changes that have the same `apply`. Except
    for `one_by_one`, two kinds must have the same result in any order, unless they are
    about the same message.
    """

    apply: Callable[[Transaction, Sequence[Any]], None]
    item: Any


def one_by_one(tx: Transaction, changes: Sequence[Step]) -> None:
    """Apply changes that are too rare to be worth statements for several at once."""
    for change in changes:
        change(tx)
        tx.session.flush()
        # The next change reads its rows again, as if in a transaction of its own.
        tx.session.expunge_all()


def combine(changes: Sequence[BatchedChange]) -> BatchedChange:
    """Combine one or more changes into one."""
    if len(changes) == 1:
        return changes[0]
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
    """A message that was deleted; `thread_ts` is None unless it was a reply."""

    channel: str
    ts: str
    thread_ts: str | None
    # None if Slack's event does not name the author.
    author: str | None


@dataclass(frozen=True, slots=True)
class ReactionEvent:
    """A member added or removed one emoji on one message; ids are Slack's."""

    member: str
    channel: str
    ts: str
    emoji: str
    event_micros: int
    is_present: bool
    # The message's author; None if Slack's event names none.
    author: str | None = None
