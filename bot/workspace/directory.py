"""Serve each workspace whose token is in the database, and follow changes there."""

import logging
from collections.abc import Callable, Collection
from threading import RLock
from time import monotonic

from sqlalchemy.orm import Session, sessionmaker

from bot.db.sealing import WrongKey
from bot.outbox.refusals import TokenVersion
from bot.runtime import ServedWorkspaces, Workspace
from bot.slack.api import SlackApi
from bot.workspace import tokens
from bot.workspace.installations import to_workspace
from bot.workspace.token_keys import TokenKeys

log = logging.getLogger(__name__)

# An unknown team is not looked up again for so long, however many events it sends. Its
# first event may come while another process installs the app.
UNKNOWN_FOR_SECONDS = 1.0
_MAX_UNKNOWN = 1000
# Workspaces whose tokens are read in one statement.
BATCH_SIZE = 500


class WorkspaceDirectory:
    """Keeps `served` as the database has it; for any thread.

    Another process may install the app in a workspace, remove it, or renew a token.
    """

    def __init__(
        self,
        read_session: sessionmaker[Session],
        keys: TokenKeys,
        new_client: Callable[[str, str], SlackApi],
        *,
        monotonic_clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take a function from a token and a team's id to the client for them."""
        self.served = ServedWorkspaces(look_up=self._look_up, on_remove=self._forget)
        self._read_session = read_session
        self._keys = keys
        self._new_client = new_client
        self._monotonic_clock = monotonic_clock
        self._lock = RLock()
        # The versions of the tokens that are in use, by installation.
        self._versions: dict[int, TokenVersion] = {}
        self._unknown_until: dict[str, float] = {}

    def sync(self) -> None:
        """Serve what the database has by now, and nothing else."""
        with self._lock, self._read_session() as session:
            stored = tokens.versions(session)
            # Also those that were removed while they were being added.
            if gone := {*self.served.ids, *self._versions} - stored.keys():
                self.served.remove_all(gone)
            changed = [
                installation_id
                for installation_id, version in stored.items()
                if self._versions.get(installation_id) != version
            ]
            for start in range(0, len(changed), BATCH_SIZE):
                self._serve(session, changed[start : start + BATCH_SIZE])

    def _forget(self, installation_ids: Collection[int]) -> None:
        """Let `sync` serve these workspaces again, also with the same token."""
        with self._lock:
            for installation_id in installation_ids:
                self._versions.pop(installation_id, None)

    def _look_up(self, team_id: str, is_new: bool) -> None:
        """Serve the team's workspace if another process has just installed it."""
        now = self._monotonic_clock()
        if not is_new and now < self._unknown_until.get(team_id, now):
            return
        with self._lock, self._read_session() as session:
            installation_id = tokens.find_team(session, team_id)
            if installation_id is not None:
                self._serve(session, [installation_id])
                return
            if len(self._unknown_until) >= _MAX_UNKNOWN:
                self._unknown_until.clear()
            self._unknown_until[team_id] = now + UNKNOWN_FOR_SECONDS

    def _serve(self, session: Session, installation_ids: Collection[int]) -> None:
        served: list[tuple[Workspace, SlackApi, TokenVersion]] = []
        for installation, row in tokens.rows_of(session, installation_ids):
            version = TokenVersion(row.installation_id, row.version)
            self._versions[installation.id] = version
            try:
                token = tokens.open_row(row, self._keys)
            except WrongKey:
                # The other workspaces are served all the same.
                log.error(  # noqa: TRY400 - The trace says nothing.
                    "token does not open", extra={"installation": installation.id}
                )
                continue
            workspace = to_workspace(installation)
            client = self._new_client(token.access, workspace.team_id)
            served.append((workspace, client, version))
            self._unknown_until.pop(workspace.team_id, None)
        self.served.add_all(served)
