"""Each replica serves the workspaces that the database has tokens of."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import delete, event, update

from bot.db.engine import Database
from bot.runtime import ServedWorkspaces, Workspace
from bot.slack.api import Rejected
from bot.workspace import tokens
from bot.workspace.directory import UNKNOWN_FOR_SECONDS, WorkspaceDirectory
from bot.workspace.token_keys import TokenKey, TokenKeys
from bot.workspace.tokens import Token
from models import Installation, OrganisationWorkspace, WorkspaceToken
from tests.conftest import NOW
from tests.fakes import FakeSlack
from tests.slack_payloads import TEAM
from tests.workspace import add_other_workspace

KEYS = TokenKeys(TokenKey(bytes(range(32))))


class Seconds:
    value = 0.0

    def __call__(self) -> float:
        return self.value


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def replica(database: Database, seconds: Seconds) -> WorkspaceDirectory:
    clients: dict[str, FakeSlack] = {}

    def new_client(token: str, _team: str) -> FakeSlack:
        return clients.setdefault(token, FakeSlack(bot_identity={"token": token}))

    return WorkspaceDirectory(
        database.read_session, KEYS, new_client, monotonic_clock=seconds
    )


def put(database: Database, installation_id: int, token: str) -> None:
    with database.write_session.begin() as session:
        tokens.store(session, KEYS, installation_id, Token(token), installed_at=NOW)


def remove(database: Database, installation_id: int) -> None:
    with database.write_session.begin() as session:
        session.execute(
            delete(WorkspaceToken).filter_by(installation_id=installation_id)
        )


def token_of(replica: WorkspaceDirectory, installation_id: int) -> str:
    client: Any = replica.served.slack_of(installation_id)
    return str(client.bot_identity["token"])


def test_a_workspace_without_a_token_is_not_served(
    replica: WorkspaceDirectory, workspace: Workspace
):
    replica.sync()
    assert list(replica.served) == []
    assert replica.served.find(TEAM) is None


@pytest.mark.deep_on_postgresql
def test_another_replicas_installation_is_served(
    replica: WorkspaceDirectory, database: Database, workspace: Workspace
):
    put(database, workspace.id, "first")
    replica.sync()
    assert list(replica.served) == [workspace]
    assert token_of(replica, workspace.id) == "first"


def test_the_first_event_of_a_new_workspace_is_served(
    replica: WorkspaceDirectory, database: Database, workspace: Workspace
):
    put(database, workspace.id, "first")
    assert replica.served.find(TEAM) == workspace
    assert list(replica.served) == [workspace]


def test_a_new_token_is_used(
    replica: WorkspaceDirectory, database: Database, workspace: Workspace
):
    put(database, workspace.id, "first")
    replica.sync()
    put(database, workspace.id, "second")
    replica.sync()
    assert token_of(replica, workspace.id) == "second"


def test_a_workspace_that_removed_the_app_is_no_longer_served(
    replica: WorkspaceDirectory, database: Database, workspace: Workspace
):
    put(database, workspace.id, "first")
    replica.sync()
    remove(database, workspace.id)
    replica.sync()
    assert list(replica.served) == []
    assert replica.served.ids == []
    assert replica.served.find(TEAM) is None
    # What is in flight is recorded, and calls Slack no more.
    assert replica.served.get(workspace.id) == workspace
    with pytest.raises(Rejected, match="token_revoked"):
        replica.served.slack_of(workspace.id)
    assert replica.served.sharing_token(workspace) == ()
    assert not any(
        workspace.id in kept
        for name, kept in vars(replica.served).items()
        if isinstance(kept, dict) and name != "_removed"
    )


def test_a_workspace_that_is_removed_while_it_is_added_is_not_served_for_long(
    database: Database, workspace: Workspace
):
    def new_client(_token: str, _team: str) -> FakeSlack:
        # Slack's event about it is handled in another thread.
        remove(database, workspace.id)
        directory.served.remove_all([workspace.id])
        return FakeSlack()

    directory = WorkspaceDirectory(database.read_session, KEYS, new_client)
    put(database, workspace.id, "first")
    directory.sync()
    directory.sync()
    assert list(directory.served) == []


def test_it_is_served_again_after_a_new_installation(
    replica: WorkspaceDirectory, database: Database, workspace: Workspace
):
    put(database, workspace.id, "first")
    replica.sync()
    remove(database, workspace.id)
    replica.sync()
    put(database, workspace.id, "second")
    replica.sync()
    assert list(replica.served) == [workspace]
    assert token_of(replica, workspace.id) == "second"


@pytest.fixture
def queries(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def record(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = database.read_session.kw["bind"]
    event.listen(engine, "before_cursor_execute", record)
    yield seen
    event.remove(engine, "before_cursor_execute", record)


def test_an_unknown_team_is_looked_up_only_now_and_then(
    replica: WorkspaceDirectory,
    seconds: Seconds,
    database: Database,
    workspace: Workspace,
    queries: list[str],
):
    for _ in range(100):
        assert replica.served.find(TEAM) is None
    assert len(queries) == 1
    put(database, workspace.id, "first")
    assert replica.served.find(TEAM) is None
    seconds.value += UNKNOWN_FOR_SECONDS
    assert replica.served.find(TEAM) == workspace


def test_a_start_takes_few_statements_and_copies_once(
    replica: WorkspaceDirectory,
    database: Database,
    workspace: Workspace,
    queries: list[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """A workspace's own token wins over its organisation's."""
    with database.write_session.begin() as session:
        own = add_other_workspace(session)
        group = Installation(
            team_id="E1",
            is_organisation=True,
            bot_id="B1",
            bot_user_id="U1",
            team_name="Group",
            team_url="https://group.slack.com/",
            installed_at=NOW,
        )
        session.add(group)
        session.flush()
        own_id, group_id = own.id, group.id
        for installation_id in (own_id, workspace.id):
            session.add(
                OrganisationWorkspace(
                    installation_id=installation_id,
                    organisation_id=group_id,
                    granted_at=NOW,
                )
            )
    put(database, own_id, "own")
    put(database, group_id, "shared")
    copies: list[int] = []
    replace = ServedWorkspaces._replace

    def counting(served: ServedWorkspaces, new: Mapping[int, Workspace]) -> None:
        copies.append(len(new))
        replace(served, new)

    monkeypatch.setattr(ServedWorkspaces, "_replace", counting)
    queries.clear()
    replica.sync()
    assert replica.served.ids == sorted([workspace.id, own_id])
    assert token_of(replica, own_id) == "own"
    assert token_of(replica, workspace.id) == "shared"
    assert replica.served.sharing_token(workspace) == [workspace]
    assert copies == [2]
    assert len(queries) == 3
    replica.sync()
    assert (len(copies), len(queries)) == (1, 5)


def test_a_token_that_does_not_open_stops_no_other(
    replica: WorkspaceDirectory, database: Database, workspace: Workspace
):
    with database.write_session.begin() as session:
        other = add_other_workspace(session)
        other_id = other.id
    put(database, workspace.id, "first")
    put(database, other_id, "other")
    with database.write_session.begin() as session:
        session.execute(
            update(WorkspaceToken)
            .where(WorkspaceToken.installation_id == workspace.id)
            .values(access_token=b"damaged")
        )
    replica.sync()
    assert replica.served.ids == [other_id]
