"""Runtime, the open resources of the process, and the transactions that it opens."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import Clock
from bot.outbox import enqueue
from bot.outbox.kind import MessageKind
from bot.outbox.refusals import TokenVersion
from bot.outbox.requests_in_flight import RequestsInFlight
from bot.search.service import Search
from bot.slack.api import Rejected, SlackApi

if TYPE_CHECKING:
    # The list of features imports everything else.
    from bot.feature import Features


T = TypeVar("T")

# The number of removed workspaces whose deliveries in flight may still end.
MAX_REMOVED = 100


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
        self._workspaces: Mapping[int, Workspace] = {}
        # The last that were removed: what is in flight ends with them.
        self._removed: Mapping[int, Workspace] = {}
        self._clients: Mapping[int, SlackApi] = {}
        self._by_team: Mapping[str, Workspace] = {}
        self._tokens: Mapping[int, TokenVersion | None] = {}
        # By the installation whose token they use.
        self._by_owner: Mapping[int, Sequence[Workspace]] = {}
        self.add_all((workspace, slack, None) for workspace, slack in served)

    @property
    def follow_database(self) -> bool:
        """True if workspaces come and go; False if the token is in the settings."""
        return self._look_up is not None

    def add_all(
        self, served: Iterable[tuple[Workspace, SlackApi, TokenVersion | None]]
    ) -> None:
        """Serve workspaces from now on, each with a client that has its token.

        The version of the token is None if it is in the settings. All are copied once,
        so add them together.
        """
        added = list(served)
        with self._lock:
            new = {workspace.id: workspace for workspace, _, _ in added}
            versions = {workspace.id: token for workspace, _, token in added}
            clients = {workspace.id: slack for workspace, slack, _ in added}
            # In this order: who reads a version before a client never has a newer one.
            self._clients = {**self._clients, **clients}
            self._tokens = {**self._tokens, **versions}
            self._replace({**self._workspaces, **new})

    def remove_all(self, installation_ids: Iterable[int]) -> None:
        """Serve these workspaces no longer, and forget their tokens."""
        removed = set(installation_ids)
        with self._lock:
            ended = {
                each: self._workspaces[each]
                for each in removed & self._workspaces.keys()
            }
            last = [*{**self._removed, **ended}.items()][-MAX_REMOVED:]
            self._removed = dict(last)
            self._replace(_without(self._workspaces, removed))
            self._clients = _without(self._clients, removed)
            self._tokens = _without(self._tokens, removed)
        self._on_remove(removed)

    def _replace(self, workspaces: Mapping[int, Workspace]) -> None:
        self._by_team = {served.team_id: served for served in workspaces.values()}
        self._workspaces = dict(sorted(workspaces.items()))
        by_owner: dict[int, list[Workspace]] = {}
        for served in self._workspaces.values():
            by_owner.setdefault(self._owner_id(served), []).append(served)
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
        """Return a workspace that is served, or was until just now. Raises KeyError."""
        served = self._workspaces.get(installation_id)
        return self._removed[installation_id] if served is None else served

    def slack_of(self, installation_id: int) -> SlackApi:
        """Return the client of an installation.

        Raises SlackError if it is not served, as its calls would.
        """
        client = self._clients.get(installation_id)
        if client is None:
            raise Rejected("auth.test", "token_revoked")
        return client

    def token_of(self, installation_id: int) -> TokenVersion | None:
        """Return the version of the token in use; None: it is in the settings."""
        return self._tokens.get(installation_id)

    def sharing_token(self, workspace: Workspace) -> Sequence[Workspace]:
        """Return the served workspaces that use the workspace's token, by their ids."""
        return self._by_owner.get(self._owner_id(workspace), ())

    def _owner_id(self, workspace: Workspace) -> int:
        """Return the installation whose token it is: its own, or its organisation's."""
        token = self._tokens.get(workspace.id)
        return workspace.id if token is None else token.owner_id

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


def _without(values: Mapping[int, T], keys: set[int]) -> dict[int, T]:
    return {key: value for key, value in values.items() if key not in keys}


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
    `search` finds asks by their words. Messages give way to the `requests`.
    """

    workspaces: ServedWorkspaces
    write_session: sessionmaker[Session]
    read_session: sessionmaker[Session]
    autocommit: Engine
    clock: Clock
    features: "Features"
    search: Search = field(default_factory=Search)
    requests: RequestsInFlight = field(default_factory=RequestsInFlight)

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
