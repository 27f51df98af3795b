"""A kind of suggestion for champions, plugged in by a feature."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.runtime import Transaction
from bot.worklist.rules import MAX_PER_WEEK
from bot.worklist.view import WorkItemView
from models import WorkItem


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that a champion could do; each subject is suggested once."""

    # The ids of rows or of a member, separated by colons.
    subject: str
    # The row id of the channel in which it happened, and the time (UTC).
    channel_id: int
    at: datetime
    # Slack's id of the person whom it is about; None if nobody knows.
    about: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItemKind:
    """A kind of suggestion. The number of queries does not grow with the people."""

    # Stored with each item, so it never changes.
    name: str
    # Kinds with a lower position come first in the list.
    position: int
    # The most that a champion gets of it in a week; kinds with fewer are given last.
    most_per_week: int = MAX_PER_WEEK
    # True if its subject is an ask which its champion may close.
    lets_close: bool = False
    # Returns all that could be done now, the most important first.
    find: Callable[[Transaction], Sequence[Candidate]]
    # Returns the ids of those of the items that could still be done.
    still_open: Callable[[Transaction, Sequence[WorkItem]], Collection[int]]
    # Renders items for their champions, by the item's id.
    render: Callable[[Transaction, Sequence[WorkItem]], Mapping[int, WorkItemView]]


@dataclass(frozen=True, slots=True)
class Caretakers:
    """People who look after a channel, by Slack's ids."""

    champions: frozenset[str] = frozenset()
    # They get suggestions where there is no champion.
    leads: frozenset[str] = frozenset()
