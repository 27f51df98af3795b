"""Commit the changes of a batch of events together."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

from slack_bolt import BoltResponse

from bot.db.statements import dialect_name, lock_rows
from bot.messages import tracked_messages
from bot.messages.events import BatchedChange, one_by_one
from bot.messages.lookup import MessageKey
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace

Apply = Callable[[Transaction, Sequence[Any]], None]


class PendingCommit(BoltResponse):
    """An event's acknowledgement, returned once the event's change is committed.

    `decide` takes the tracked message, or None, for each key in `about`. It returns the
    change, or None if there is nothing to do. `new_message` is the key of a message
    that the event may start to track, or change for good. `decide` and the change may
    run twice, and must wait for nothing but the database: other events queue behind
    them.
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
    """Split so that each event is decided on with what those before it have stored.

    An event about a new message comes after the one that adds it. An edit or a deletion
    comes after all other events about its message, such as reactions.
    """
    batch: list[PendingCommit] = []
    new_messages: set[MessageKey] = set()
    messages: set[MessageKey] = set()
    for commit in commits:
        is_about_new = not new_messages.isdisjoint(commit.messages)
        if is_about_new or commit.new_message in messages:
            yield batch
            batch, new_messages, messages = [], set(), set()
        batch.append(commit)
        messages.update(commit.messages)
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
    changes: list[tuple[BatchedChange, Sequence[MessageKey], set[Hashable]]] = []
    changed: list[TrackedMessage] = []
    for commit in commits:
        tracked = [tracked_by_key.get(key) for key in commit.messages]
        change = commit.decide(*tracked)
        if change is not None:
            known = list(filter(None, tracked))
            changes.append((change, commit.messages, _threads(commit, known)))
            changed.extend(known)
    if not changes:
        return
    with rt.write(workspace) as tx:
        _lock_rows(tx, changed)
        for apply, items in _in_order(changes):
            apply(tx, items)
            tx.session.flush()
            tx.session.expunge_all()


def _threads(commit: PendingCommit, tracked: Iterable[TrackedMessage]) -> set[Hashable]:
    """Return what tells the threads of the event's messages.

    Rows of several tables may have the same id: two threads are then taken for one,
    which only keeps their order, too.
    """
    rows = (row for message in tracked for row in message.rows.values())
    return {*commit.messages, *(row.parent_id or row.id for row in rows)}


def _in_order(
    changes: Iterable[tuple[BatchedChange, Sequence[MessageKey], set[Hashable]]],
) -> Sequence[tuple[Apply, Sequence[Any]]]:
    """Group the changes by kind, and keep the order of those of the same thread.

    "Thanks!" is then about the reply before it, whatever happens in other threads.
    Changes of other kinds than `one_by_one` only keep their order on one message: there
    are many replies, and many reactions to other replies in their thread.
    """
    groups: list[tuple[Apply, list[Any]]] = []
    last_of_kind: dict[Apply, int] = {}
    last_in_thread: dict[Hashable, int] = {}
    last_single: dict[Hashable, int] = {}
    for change, messages, threads in changes:
        is_single = change.apply is one_by_one
        before = [
            (last_in_thread if is_single or each in messages else last_single).get(each)
            for each in threads
        ]
        group = last_of_kind.get(change.apply, -1)
        if group < max(filter(None, before), default=0):
            group = last_of_kind[change.apply] = len(groups)
            groups.append((change.apply, []))
        groups[group][1].append(change.item)
        for thread in threads:
            last_in_thread[thread] = max(group, last_in_thread.get(thread, 0))
            if is_single:
                last_single[thread] = group
    return groups


def _lock_rows(tx: Transaction, messages: Sequence[TrackedMessage]) -> None:
    """Lock all rows first, in a fixed order, so that replicas don't deadlock.

    SQLite has one writer and needs no row locks.
    """
    if dialect_name(tx.session) == "sqlite":
        return
    rows = tx.features.rows_to_lock(tx.session, messages)
    for model, ids in rows.items():
        lock_rows(tx.session, model, ids)
