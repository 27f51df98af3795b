"""`app.py status`: one screen, in text or JSON, whether the bot runs or not."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import app
from bot.config.settings import Settings
from bot.runtime import Runtime
from cli import status
from cli.doctor import process
from cli.doctor.process import ProcessState
from handlers.metrics import Metrics
from models import Installation, OutboxItem
from tests import leak_markers
from tests.doctor import NOBODY
from tests.factories import Story
from tests.ports import free_port
from tests.slack_payloads import ASKER, TEAM
from tests.two_workspaces import install

Show = Callable[..., str]
TITLE = "How do I clear the disk of the build machine?"


@pytest.fixture
def show(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Show:
    """Run the command on the story's database, at the story's time."""
    url = story.rt.autocommit.url.render_as_string(hide_password=False)
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    monkeypatch.setattr(status, "utc_now", story.clock)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", url)

    def run(*arguments: str, running: ProcessState = NOBODY) -> str:
        monkeypatch.setattr(process, "probe", lambda _: running)
        assert app.main(["status", *arguments]) == 0
        output = capsys.readouterr().out
        assert leak_markers.find_in(output) == []
        return output

    return run


def only_workspace(show: Show) -> dict[str, Any]:
    workspace: dict[str, Any]
    [workspace] = json.loads(show("--json"))["workspaces"]
    return workspace


def line(output: str, beginning: str) -> str:
    [found] = [each for each in output.splitlines() if each.startswith(beginning)]
    return found


@pytest.mark.deep
def test_it_shows_the_queue_before_and_after_the_delivery(story: Story, show: Show):
    story.command(ASKER, "/ask", TITLE)
    before = only_workspace(show)
    assert before["team_id"] == TEAM
    assert before["waiting"]
    assert before["due"]
    assert before["last_sent_at"] is None
    story.clock.advance(minutes=3)
    assert "(for 3 minutes)" in line(show(), f"Peers ({TEAM})")
    story.deliver()
    after = only_workspace(show)
    assert after["due"] == 0
    assert str(after["last_sent_at"]) > str(before["oldest_due_at"])
    assert line(show(), f"Peers ({TEAM})").endswith(" s ago")


def test_it_shows_no_words_and_no_people(story: Story, show: Show):
    story.command(ASKER, "/ask", TITLE)
    for output in (show(), show("--json")):
        assert TITLE not in output
        assert ASKER not in output


@pytest.mark.deep
def test_it_shows_messages_that_were_given_up(story: Story, show: Show, rt: Runtime):
    story.command(ASKER, "/ask", TITLE)
    with rt.write_session.begin() as session:
        for item in session.query(OutboxItem):
            item.state, item.finished_at = "rejected", story.clock()
    assert only_workspace(show)["given_up"]
    story.clock.advance(days=8)
    assert only_workspace(show)["given_up"] == 0


def test_it_shows_the_next_jobs_in_their_order(story: Story, show: Show, rt: Runtime):
    story.command(ASKER, "/ask", TITLE)
    with rt.write_session.begin() as session:
        for n, item in enumerate(session.query(OutboxItem)):
            item.due_at = story.clock() + timedelta(hours=5 - n)
    planned = only_workspace(show)["next_work"]
    times = [work["at"] for work in planned]
    assert times == sorted(times)
    assert "deliveries" in {work["job"] for work in planned}
    assert "in 5 hours" in show() or "in 4 hours" in show()


@pytest.mark.deep
def test_it_shows_what_the_process_says(story: Story, show: Show):
    now = story.clock().timestamp()
    metrics = Metrics()
    for event_type, outcome, count in (
        ("message", "done", 40),
        ("message", "failed", 2),
        ("command", "done", 3),
    ):
        metrics._events.labels(event_type, outcome).inc(count)
    running = ProcessState(
        "here",
        {"database": "ok", "socket": "not connected"},
        {
            **process._parse_metrics(metrics.render().decode()),
            ("process_start_time_seconds",): now - 7200,
            ("backswing_last_event_timestamp_seconds",): now - 180,
        },
    )
    output = show(running=running)
    assert "not ready on 127.0.0.1:3000, started 2 hours ago" in output
    assert "socket: not connected" in output
    assert line(output, "Last event") == "Last event  3 minutes ago"
    assert "since the start: 42 message, 3 command" in output
    shown = json.loads(show("--json", running=running))["process"]
    assert shown["problems"] == {"socket": "not connected"}
    assert shown["events"] == {"message": 42, "command": 3}


def test_a_process_that_does_not_run_is_no_obstacle(show: Show):
    assert "not running: nothing answers" in line(show(), "Process")


@pytest.mark.deep
def test_a_workspace_that_removed_the_app_comes_first(show: Show, rt: Runtime):
    removed = install(rt, "T0REMOVED")
    with rt.write_session.begin() as session:
        row = session.get_one(Installation, removed.id)
        row.disabled_reason = "token_revoked"
    output = show()
    rows = [each for each in output.splitlines() if each.startswith("Peers (")]
    assert [each.split()[1].strip("():") for each in rows] == [
        "T0REMOVED",
        TEAM,
        "T0REMOVED",
    ]
    assert rows[-1].endswith("Slack said token_revoked")


@pytest.mark.deep
def test_of_many_workspaces_it_shows_those_that_need_a_look(
    story: Story, show: Show, rt: Runtime
):
    workspaces = [install(rt, f"T0OTHER{n}") for n in range(30)]
    assert "No workspace needs a look." in show()
    story.command(ASKER, "/ask", TITLE)
    # For a moment everything waits.
    assert "No workspace needs a look." in show()
    with rt.write_session.begin() as session:
        rows = [session.get_one(Installation, each.id) for each in workspaces]
        for row in rows[:12]:
            row.disabled_reason = "token_revoked"
        for row in rows[12:20]:
            row.disabled_reason, row.uninstalled_at = "app_uninstalled", story.clock()
    story.clock.advance(minutes=6)
    output = show()
    assert line(output, "Workspaces").endswith(
        "11 with the app, 8 removed it, the bot is stopped in 12"
    )
    assert "due (for 6 minutes), 0 given up in 7 days" in line(output, "Messages")
    assert "and 3 more that need a look" in output
    assert "Next jobs" not in output
    assert len(output.splitlines()) <= 40
    assert max(map(len, output.splitlines())) <= 100
    shown = json.loads(show("--json"))
    assert len(shown["workspaces"]) == 10
    assert shown["totals"]["known"] == 31
    assert shown["totals"]["need_a_look"] == 13
    with rt.write_session.begin() as session:
        session.execute(
            update(Installation)
            .filter_by(disabled_reason="token_revoked")
            .values(disabled_reason=None)
        )
    [workspace] = json.loads(show("--json"))["workspaces"]
    assert workspace["team_id"] == TEAM


def test_without_a_database_there_is_nothing_to_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'absent.db'}")
    assert app.main(["status"]) == 2
    assert "absent.db does not exist" in capsys.readouterr().err


def test_a_database_that_does_not_answer_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    url = f"postgresql://bot:S3cretS3cret@127.0.0.1:{free_port()}/backswing"
    monkeypatch.setenv("DATABASE_URL", url)
    assert app.main(["status"]) == 2
    error = capsys.readouterr().err
    assert error == "DATABASE_URL: the database can't be used (OperationalError).\n"


def test_a_database_without_tables_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "empty.db").touch()
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    for command in ("status", "after-restore", "reindex"):
        assert app.main([command]) == 2
        error = capsys.readouterr().err
        assert error.startswith("DATABASE_URL: the database has no tables yet.")
