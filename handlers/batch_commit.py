"""Commit the changes of events together that come together."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from slack_bolt import BoltResponse

from bot.db.statements import dialect_name
from bot.messages import tracked_messages
from bot.messages.events import BatchedChange
from bot.messages.lookup import MessageKey
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace


class PendingCommit(BoltResponse):
    """The acknowledgement of an event, to be given once its change is committed.

    `decide` takes what is known of each message that the event is `about`, and returns
    the change, or None if there is nothing to do. `new_message` is one that the event
    may make known. All of it may run twice, and must wait for nothing but the database:
    other events wait behind it.
    """

    # Set when the event is dispatched.
    workspace: Workspace

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
    """Make all the changes, in as few transactions as can be; raises where one does.

    A transaction is of one workspace.
    """
    by_workspace: dict[Workspace, list[PendingCommit]] = {}
    for commit in commits:
        by_workspace.setdefault(commit.workspace, []).append(commit)
    for workspace, of_workspace in by_workspace.items():
        for independent in _split_dependent(of_workspace):
            _commit(rt, workspace, independent)


def _split_dependent(commits: Sequence[PendingCommit]) -> Iterator[list[PendingCommit]]:
    """Put what is about a message after what makes it known."""
    together: list[PendingCommit] = []
    new_messages: set[MessageKey] = set()
    for commit in commits:
        if not new_messages.isdisjoint(commit.messages):
            yield together
            together, new_messages = [], set()
        together.append(commit)
        if commit.new_message is not None:
            new_messages.add(commit.new_message)
    yield together


def _commit(
    rt: Runtime, workspace: Workspace, commits: Sequence[PendingCommit]
) -> None:
    about = {message for commit in commits for message in commit.messages}
    known: dict[MessageKey, TrackedMessage] = {}
    if about:
        with rt.autocommit.connect() as connection:
            known = tracked_messages.find_all(
                connection, workspace.id, about, rt.features.tracked_tables
            )
    changes: dict[Callable[[Transaction, Sequence[Any]], None], list[Any]] = {}
    changed: list[TrackedMessage] = []
    for commit in commits:
        tracked = [known.get(message) for message in commit.messages]
        change = commit.decide(*tracked)
        if change is not None:
            changes.setdefault(change.apply, []).append(change.item)
            changed.extend(filter(None, tracked))
    if not changes:
        return
    with rt.write(workspace) as tx:
        _lock_rows(tx, changed)
        for apply, items in changes.items():
            apply(tx, items)
            tx.session.flush()
            tx.session.expunge_all()


def _lock_rows(tx: Transaction, messages: Sequence[TrackedMessage]) -> None:
    """Take all locks first and in one order; SQLite has one writer, and so needs none.

    Replicas that wait for each other in turn would wait until the database gives one
    of them up.
    """
    if dialect_name(tx.session) == "sqlite":
        return
    tx.features.lock_messages(tx.session, messages)
