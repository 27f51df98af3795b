"""Workspaces in which nothing happens cost a job one statement for all together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import pytest
from sqlalchemy import event, select

import jobs
from bot.db.engine import Database
from bot.runtime import Runtime, Workspace
from jobs import shared_work
from jobs.each_workspace import each_workspace_with
from models import Member
from tests.factories import Clock
from tests.two_workspaces import serve_two


@contextmanager
def counted(database: Database) -> Iterator[Callable[[], int]]:
    """Count the statements that are executed meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engines = {database.engine, database.autocommit, database._read_engine}
    for each in engines:
        event.listen(each, "before_cursor_execute", note)
    yield lambda: len(statements)
    for each in engines:
        event.remove(each, "before_cursor_execute", note)


@pytest.mark.deep_on_postgresql
def test_each_job_asks_once_for_all(rt: Runtime, clock: Clock, database: Database):
    pair = serve_two(rt, clock)
    for story in (pair.alpha, pair.beta):
        # In channels with few answers, nobody is asked to look at an open ask.
        story.ask("Why is the door locked?")
        story.deliver()
    for job in jobs.JOBS:
        for _ in range(2):
            job.run(pair.rt, pair.alpha.worker)
            # What was stored now is not yet old.
            clock.advance(seconds=1)
        with counted(database) as count:
            job.run(pair.rt, pair.alpha.worker)
            assert count() <= 1, job.name


@pytest.mark.deep_on_postgresql
def test_only_those_with_rows_are_worked_on_and_a_slow_one_holds_up_no_run(
    rt: Runtime, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shared_work, "PATIENCE_SECONDS", 0.02)
    pair = serve_two(rt, clock)
    with rt.write_session.begin() as session:
        row = Member(installation_id=pair.beta.workspace.id, slack_id="U0SLOW")
        session.add(row)
    release, done = Event(), Event()
    worked: list[str] = []

    @each_workspace_with(
        lambda installation_id, _: select(Member.id).where(
            Member.installation_id == installation_id, Member.slack_id == "U0SLOW"
        )
    )
    def work(_rt: Runtime, workspace: Workspace) -> None:
        worked.append(workspace.team_id)
        assert release.wait(60)
        done.set()

    work(pair.rt, pair.alpha.worker)
    assert worked == ["T0BETA"]
    release.set()
    assert done.wait(60)
