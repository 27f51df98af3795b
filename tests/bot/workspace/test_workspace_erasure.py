"""A workspace that removed the app is erased after its time, and no other one."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from bot.db.engine import Database
from bot.outbox import rate_limits
from bot.runtime import Workspace
from bot.workspace import installations, job_runs, workspace_erasure
from models import (
    AnonymousDraft,
    AnonymousReply,
    Base,
    Installation,
    JobRun,
    OutboxItem,
    SearchRebuild,
)
from tests.bot.privacy.test_each_table import fill
from tests.conftest import NOW
from tests.two_workspaces import TABLES, _with_owner
from tests.workspace import add_other_workspace

REMOVED_AT = NOW
SHARED = [table for table in Base.metadata.sorted_tables if table not in TABLES]


@pytest.fixture
def both(database: Database, workspace: Workspace) -> tuple[int, int]:
    """Fill each table for two workspaces; the first has removed the app."""
    with database.write_session.begin() as session:
        other = add_other_workspace(session).id
        fill(session, workspace.id)
        # Their rows belong to no workspace.
        for table in SHARED:
            session.execute(delete(table))
        # They are unique in the whole table.
        for column in (
            OutboxItem.metadata_token,
            AnonymousReply.source_index,
            AnonymousDraft.source_index,
        ):
            model = column.class_
            session.execute(update(model).values({column: "the first's " + column}))
        fill(session, other)
        for table in SHARED:
            session.execute(delete(table))
        session.execute(
            update(Installation)
            .where(Installation.id == workspace.id)
            .values(uninstalled_at=REMOVED_AT)
        )
    return workspace.id, other


def rows(database: Database) -> dict[int, dict[str, list[Any]]]:
    """Return all rows by workspace and table."""
    found: dict[int, dict[str, list[Any]]] = {}
    with database.read_session() as session:
        for table in TABLES:
            for row in _with_owner(session, table):
                tables = found.setdefault(row[0], {})
                tables.setdefault(table.name, []).append(tuple(row[1:]))
    return found


def erase(database: Database, installation_id: int, **later: float) -> bool:
    now = NOW + timedelta(**later)
    return workspace_erasure.erase(
        database.write_session,
        installation_id,
        before=now - timedelta(days=30),
        now=now,
    )


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_nothing_of_it_is_left_and_everything_of_the_other(
    database: Database, both: tuple[int, int], monkeypatch: pytest.MonkeyPatch
):
    ended, other = both
    before = rows(database)
    # Each table has rows of both, so that none is left out.
    assert before[ended].keys() == before[other].keys() == {t.name for t in TABLES}
    # Several batches for each table with two rows.
    monkeypatch.setattr(workspace_erasure, "BATCH_SIZE", 1)
    assert erase(database, ended, days=30)
    after = rows(database)
    assert after.keys() == {other}
    assert after[other] == before[other]


@pytest.mark.deep_on_postgresql
def test_every_replica_builds_its_search_index_anew(
    database: Database, both: tuple[int, int]
):
    erase(database, both[0], days=30)
    with database.read_session() as session:
        assert session.scalars(select(SearchRebuild.reason)).all() == ["erasure"]


@pytest.mark.deep_on_postgresql
def test_it_is_kept_for_its_time(database: Database, both: tuple[int, int]):
    before = rows(database)
    assert not erase(database, both[0], days=29, hours=23)
    assert rows(database) == before


@pytest.mark.deep_on_postgresql
def test_a_workspace_that_has_the_app_is_not_erased(
    database: Database, both: tuple[int, int]
):
    before = rows(database)
    assert not erase(database, both[1], days=400)
    assert rows(database) == before


@pytest.mark.deep_on_postgresql
def test_those_that_are_due(database: Database, both: tuple[int, int]):
    with database.read_session() as session:
        early, late = (
            workspace_erasure.due(session, before=REMOVED_AT + timedelta(seconds=more))
            for more in (-1, 0)
        )
    assert (early, late) == ([], [both[0]])


@pytest.mark.deep_on_postgresql
def test_a_job_meanwhile_leaves_it_alone_and_earlier_work_does_not_stop_it(
    database: Database, both: tuple[int, int], monkeypatch: pytest.MonkeyPatch
):
    ended, other = both
    delete_rows, passes = workspace_erasure._delete_rows, 0
    every, now = timedelta(days=1), NOW + timedelta(days=30)

    def meanwhile(*args: Any, **kwargs: Any) -> None:
        nonlocal passes
        passes += 1
        with database.write_session.begin() as session:
            due = session.scalars(
                job_runs.select_due("purge", every=every, now=now)
            ).all()
            assert ended not in due
            claimed = job_runs.claim(
                session, "purge", [9**9, ended, other], every=every, now=now
            )
            assert claimed == ({other} if passes == 1 else set())
            known = installations.all_workspaces(session)
            assert [each.id for each in known] == [other]
        delete_rows(*args, **kwargs)

    def delete_batch(*args: Any) -> bool:
        is_more = original(*args)
        if args[1].name == "rate_limits" and passes == 1 and not is_more:
            with database.write_session.begin() as session:
                rate_limits.record(session, ended, "a.method", NOW)
        return is_more

    original = workspace_erasure._delete_batch
    monkeypatch.setattr(workspace_erasure, "_delete_rows", meanwhile)
    monkeypatch.setattr(workspace_erasure, "_delete_batch", delete_batch)
    with database.write_session.begin() as session:
        session.execute(delete(JobRun))
    assert erase(database, ended, days=30)
    assert passes == 2
    assert rows(database).keys() == {other}


def install_again(database: Database, team: str) -> int:
    identity = {"team_id": team, "user_id": "U0", "url": "https://peers.slack.com/"}
    with database.write_session.begin() as session:
        return installations.save(session, identity, now=NOW).id


@pytest.mark.deep_on_postgresql
def test_installed_again_in_time_it_finds_everything(
    database: Database, both: tuple[int, int], workspace: Workspace
):
    before = rows(database)[both[0]]
    assert install_again(database, workspace.team_id) == both[0]
    assert not erase(database, both[0], days=400)
    after = rows(database)[both[0]]
    del before["installations"], after["installations"]
    assert after == before


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_installed_again_while_it_is_erased_it_begins_anew(
    database: Database,
    both: tuple[int, int],
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
):
    """The process ends in the middle, and goes on later."""
    delete_batch = workspace_erasure._delete_batch
    calls = 0

    def die(*args: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise KeyboardInterrupt
        return delete_batch(*args)

    with monkeypatch.context() as dying:
        dying.setattr(workspace_erasure, "_delete_batch", die)
        with pytest.raises(KeyboardInterrupt):
            erase(database, both[0], days=30)
    new = install_again(database, workspace.team_id)
    assert new != both[0]
    with database.read_session() as session:
        due = workspace_erasure.due(session, before=NOW)
    assert due == [both[0]]
    assert erase(database, both[0], days=30)
    assert rows(database).keys() == {both[1], new}
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Installation)) == 2
