"""Runtime, the open resources of the process, and the transactions that it opens."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import Clock
from bot.outbox import enqueue
from bot.outbox.kind import MessageKind
from bot.search.service import Search
from bot.slack.api import SlackApi

if TYPE_CHECKING:
    # The list of features imports everything else.
    from bot.feature import Features


@dataclass(frozen=True, slots=True)
class Workspace:
    """An installation in a Slack workspace, as values that any thread may keep."""

    id: int
    team_id: str
    bot_id: str
    bot_user_id: str
    team_url: str
    # The id of the Enterprise organisation that the workspace is part of, if it is.
    enterprise_id: str | None = None


class ServedWorkspaces:
    """The workspaces that this process has a token for, in the order of their ids.

    For any thread. A reader sees the state before or after a change, and needs no lock.
    """

    def __init__(
        self,
        served: Iterable[tuple[Workspace, SlackApi]] = (),
        *,
        look_up: Callable[[str, bool], None] | None = None,
        on_remove: Callable[[Collection[int]], None] = lambda _: None,
    ) -> None:
        """Serve these workspaces.

        `look_up` is called with an unknown team's id, and with True if it was stored
        just now; it may add its workspace. `on_remove` is called with the ids of
        installations that are no longer served.
        """
        self._lock = Lock()
        self._look_up, self._on_remove = look_up, on_remove
        # Those that are no longer served, too: what is in flight ends with them.
        self._known: Mapping[int, Workspace] = {}
        self._workspaces: Mapping[int, Workspace] = {}
        self._clients: Mapping[int, SlackApi] = {}
        self._by_team: Mapping[str, Workspace] = {}
        # The installations whose tokens these workspaces use, and the reverse.
        self._owners: Mapping[int, int] = {}
        self._by_owner: Mapping[int, Sequence[Workspace]] = {}
        self.add_all((workspace, slack, workspace.id) for workspace, slack in served)

    @property
    def follow_database(self) -> bool:
        """True if workspaces come and go; False if the token is in the settings."""
        return self._look_up is not None

    def add_all(self, served: Iterable[tuple[Workspace, SlackApi, int]]) -> None:
        """Serve workspaces from now on, each with a client that has its token.

        The number is the installation whose token it is: the workspace's own, or its
        organisation's. All are copied once, so add them together.
        """
        added = list(served)
        with self._lock:
            new = {workspace.id: workspace for workspace, _, _ in added}
            owners = {workspace.id: owner_id for workspace, _, owner_id in added}
            clients = {workspace.id: slack for workspace, slack, _ in added}
            self._owners = {**self._owners, **owners}
            self._clients = {**self._clients, **clients}
            self._known = {**self._known, **new}
            self._replace({**self._workspaces, **new})

    def remove_all(self, installation_ids: Iterable[int]) -> None:
        """Serve these workspaces no longer; what is in flight still has its client."""
        removed = set(installation_ids)
        with self._lock:
            self._replace(
                {
                    served.id: served
                    for served in self._workspaces.values()
                    if served.id not in removed
                }
            )
        self._on_remove(removed)

    def _replace(self, workspaces: Mapping[int, Workspace]) -> None:
        self._by_team = {served.team_id: served for served in workspaces.values()}
        self._workspaces = dict(sorted(workspaces.items()))
        by_owner: dict[int, list[Workspace]] = {}
        for served in self._workspaces.values():
            by_owner.setdefault(self._owners[served.id], []).append(served)
        self._by_owner = by_owner

    def __iter__(self) -> Iterator[Workspace]:
        return iter(self._workspaces.values())

    def __len__(self) -> int:
        return len(self._workspaces)

    @property
    def ids(self) -> list[int]:
        return list(self._workspaces)

    def is_served(self, installation_id: int) -> bool:
        return installation_id in self._workspaces

    def get(self, installation_id: int) -> Workspace:
        """Return the workspace of an installation. Raises KeyError if never served."""
        return self._known[installation_id]

    def slack_of(self, installation_id: int) -> SlackApi:
        """Return the client of an installation. Raises KeyError if never served."""
        return self._clients[installation_id]

    def sharing_token(self, workspace: Workspace) -> Sequence[Workspace]:
        """Return the served workspaces that use the workspace's token, by their ids."""
        return self._by_owner.get(self._owners[workspace.id], ())

    def find(
        self,
        team_id: str | None,
        enterprise_id: str | None = None,
        *,
        is_new: bool = False,
    ) -> Workspace | None:
        """Return the workspace of a payload from Slack, or None if it is not served.

        A payload that names no team is assigned if exactly one workspace matches.
        `is_new`: the workspace was stored just now, so look again.
        """
        if team_id:
            if team_id not in self._by_team and self._look_up is not None:
                self._look_up(team_id, is_new)
            return self._by_team.get(team_id)
        candidates = [
            workspace
            for workspace in self
            if workspace.enterprise_id == enterprise_id
            or not (self.follow_database or (enterprise_id and workspace.enterprise_id))
        ]
        return candidates[0] if len(candidates) == 1 else None

    @property
    def only(self) -> Workspace:
        """Return the workspace of a process that serves one. Raises ValueError."""
        [workspace] = self
        return workspace


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction of one workspace; `now` is the time it began (UTC).

    It is committed by the `with` that opened it, and by nothing else.
    """

    session: Session
    workspace: Workspace
    now: datetime
    # A transaction that no Runtime opened knows no features, and has no index.
    _features: "Features | None" = None
    search: Search = field(default_factory=Search)

    @property
    def features(self) -> "Features":
        """The registered features. Raises LookupError if no Runtime opened it."""
        if self._features is None:
            raise LookupError("this transaction was opened without features")
        return self._features

    def enqueue(
        self,
        kind: MessageKind,
        subject_id: int,
        *,
        to: str,
        payload: Mapping[str, Any] | None = None,
        occurrence: str = "",
        send_at: datetime | None = None,
    ) -> None:
        """Enqueue a message to be sent at `send_at` (UTC), or right after the commit.

        `to` is a channel's or a member's Slack id. The message is rendered when it is
        sent. It is sent once for each `occurrence`, and never to an erased member.
        """
        enqueue.enqueue(
            self.session,
            kind,
            subject_id,
            to,
            installation_id=self.workspace.id,
            now=self.now,
            send_at=send_at,
            payload=dict(payload) if payload else None,
            occurrence=occurrence,
        )

    def enqueue_update(self, kind: MessageKind, subject_id: int, *, to: str) -> None:
        """Enqueue an update of a message; updates that are not yet sent are merged."""
        enqueue.enqueue_update(
            self.session,
            kind,
            subject_id,
            to,
            installation_id=self.workspace.id,
            now=self.now,
        )

    def enqueue_many(
        self,
        kind: MessageKind,
        subjects: Iterable[tuple[int, str]],
        *,
        send_at: datetime,
    ) -> None:
        """Enqueue a message for each subject and recipient, in one statement."""
        enqueue.enqueue_many(
            self.session,
            kind,
            subjects,
            installation_id=self.workspace.id,
            now=self.now,
            send_at=send_at,
        )

    def enqueue_updates(
        self,
        kind: MessageKind,
        subjects: Iterable[tuple[int, str]],
        *,
        send_at: datetime | None = None,
    ) -> None:
        """Enqueue an update for each subject and recipient, in one statement."""
        enqueue.enqueue_updates(
            self.session,
            kind,
            subjects,
            installation_id=self.workspace.id,
            now=self.now,
            send_at=send_at,
        )


@dataclass(frozen=True, slots=True)
class Runtime:
    """The open resources of the process.

    `write_session` opens sessions that write, `read_session` sessions that only read;
    `autocommit` is for single quick queries. Slack is never called in a transaction.
    `search` finds asks by their words.
    """

    workspaces: ServedWorkspaces
    write_session: sessionmaker[Session]
    read_session: sessionmaker[Session]
    autocommit: Engine
    clock: Clock
    features: "Features"
    search: Search = field(default_factory=Search)

    def slack_of(self, workspace: Workspace) -> SlackApi:
        """Return Slack's API with the token of the workspace."""
        return self.workspaces.slack_of(workspace.id)

    @contextmanager
    def write(self, workspace: Workspace) -> Iterator[Transaction]:
        """Open a transaction; commit it at the end, or roll it back on an exception."""
        with self.write_session.begin() as session:
            yield Transaction(
                session, workspace, self.clock(), self.features, self.search
            )

    @contextmanager
    def read(self, workspace: Workspace) -> Iterator[Transaction]:
        """Open a transaction that only reads; it holds up no writer."""
        with self.read_session() as session:
            yield Transaction(
                session, workspace, self.clock(), self.features, self.search
            )
