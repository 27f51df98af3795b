"""Commit the changes of a batch of events together."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from slack_bolt import BoltResponse

from bot.db.statements import dialect_name, lock_rows
from bot.messages import tracked_messages
from bot.messages.events import BatchedChange
from bot.messages.lookup import MessageKey
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace


class PendingCommit(BoltResponse):
    """An event's acknowledgement, returned once the event's change is committed.

    `decide` takes the tracked message, or None, for each key in `about`. It returns the
    change, or None if there is nothing to do. `new_message` is the key of a message
    that the event may start to track. `decide` and the change may run twice, and must
    wait for nothing but the database: other events queue behind them.
    """

    # `BoltApp` sets it after the dispatch.
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
    """Apply all changes in as few transactions as possible; raises the first error.

    Each transaction belongs to one workspace.
    """
    by_workspace: dict[int, list[PendingCommit]] = {}
    for commit in commits:
        by_workspace.setdefault(commit.workspace.id, []).append(commit)
    for workspace_commits in by_workspace.values():
        for independent in _split_dependent(workspace_commits):
            _commit(rt, workspace_commits[0].workspace, independent)


def _split_dependent(commits: Sequence[PendingCommit]) -> Iterator[list[PendingCommit]]:
    """Split so that an event about a new message comes after the one that adds it."""
    batch: list[PendingCommit] = []
    new_messages: set[MessageKey] = set()
    for commit in commits:
        if not new_messages.isdisjoint(commit.messages):
            yield batch
            batch, new_messages = [], set()
        batch.append(commit)
        if commit.new_message is not None:
            new_messages.add(commit.new_message)
    yield batch


def _commit(
    rt: Runtime, workspace: Workspace, commits: Sequence[PendingCommit]
) -> None:
    about = {key for commit in commits for key in commit.messages}
    tracked_by_key: dict[MessageKey, TrackedMessage] = {}
    if about:
        with rt.autocommit.connect() as connection:
            tracked_by_key = tracked_messages.find_all(
                connection,
                workspace.id,
                about,
                rt.features.tracked_tables,
                channel_columns=rt.features.channel_columns,
            )
    changes: dict[Callable[[Transaction, Sequence[Any]], None], list[Any]] = {}
    changed: list[TrackedMessage] = []
    for commit in commits:
        tracked = [tracked_by_key.get(key) for key in commit.messages]
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
    """Lock all rows first, in a fixed order, so that replicas don't deadlock.

    SQLite has one writer and needs no row locks.
    """
    if dialect_name(tx.session) == "sqlite":
        return
    rows = tx.features.rows_to_lock(tx.session, messages)
    for model, ids in rows.items():
        lock_rows(tx.session, model, ids)
