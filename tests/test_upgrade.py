"""A database of 0.2.0 with data, upgraded as docs/operate/upgrade.md says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection

import app
from bot.db import engine as db_engine
from bot.db import open as db_open
from bot.db import schema
from tests.old_tables import all_rows, row_adder
from tests.ports import free_port
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, TEAM
from tests.test_migrations import postgresql, url  # noqa: F401 - fixtures

# The last revision of 0.2.0.
OF_0_2_0 = "c0a51d9e7b34"
AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
TITLE = "How do I clear the disk of the build machine?"


@pytest.fixture(autouse=True)
def _no_file_stays_locked() -> Iterator[None]:
    yield
    for lock in db_open._LOCKS:
        lock.release()
    db_open._LOCKS.clear()


def fill(connection: Connection) -> None:
    """Store an answered ask of two members, and a message that waits."""
    put = row_adder(connection)
    put("installations", id=1, team_id=TEAM, team_name="Peers", installed_at=AT)
    for member in (ASKER, HELPER):
        put("members", installation_id=1, slack_id=member, fetched_at=AT, tz="UTC")
    put(
        "channels",
        id=1,
        installation_id=1,
        slack_id=HELP_CHANNEL,
        name="help",
        capture="off",
        is_joined=True,
    )
    put(
        "asks",
        id=1,
        installation_id=1,
        channel_id=1,
        asker=ASKER,
        title=TITLE,
        ts="1764234000.000100",
        source="command",
        state="answered",
        asked_at=AT,
    )
    put(
        "answers",
        id=1,
        ask_id=1,
        channel_id=1,
        author=HELPER,
        ts="1764234060.000100",
        answered_at=AT,
    )
    put(
        "outbox",
        id=1,
        installation_id=1,
        kind="ask.answered",
        dedup_key=f"ask.answered:1:{ASKER}",
        subject_id=1,
        recipient=ASKER,
        metadata_token="o1",
        state="pending",
        due_at=datetime(2100, 1, 1, tzinfo=UTC),
        created_at=AT,
        payload={},
    )


Rows = dict[str, list[dict[str, Any]]]


def shared(rows: Rows, other: Rows) -> Rows:
    """Return the rows, with the columns that the other's rows have, too."""
    return {
        name: [
            {column: row[column] for column in row if column in other[name][0]}
            for row in rows[name]
        ]
        for name in rows
        if name in other and rows[name] and other[name]
    }


def test_data_of_0_2_0_is_all_there_after_the_upgrade(
    url: str,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    database = db_engine.connect(url)
    with database.engine.begin() as connection:
        command.upgrade(schema._config(connection), OF_0_2_0)
        fill(connection)
        old = all_rows(connection)
    database.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("PORT", str(free_port()))

    # The steps of the docs: check, migrate, look.
    assert app.main(["migrate", "--check"]) == 1
    assert "from an older version" in capsys.readouterr().out
    # The new version does nothing on the old tables but say so.
    assert app.main(["status"]) == 2
    assert app.main(["migrate"]) == 0
    assert app.main(["migrate", "--check"]) == 0
    capsys.readouterr()
    assert app.main(["status"]) == 0
    shown = capsys.readouterr().out
    assert f"Peers ({TEAM})  2       1         1        0" in shown
    app.main(["doctor"])
    assert "The tables match this version." in capsys.readouterr().out

    database = db_engine.connect(url)
    with database.engine.connect() as connection:
        new = all_rows(connection)
    database.close()
    assert {"asks", "answers", "members", "outbox"} <= shared(old, new).keys()
    assert shared(new, old) == shared(old, new)
    file = tmp_path / "new.db"
    if file.exists():
        copy = db_engine.connect(f"sqlite:///{file}.before-migration")
        with copy.engine.connect() as connection:
            copied = all_rows(connection)
        copy.close()
        # Whoever goes back to it sends nothing twice.
        [waiting] = copied["outbox"]
        assert waiting.pop("state") == "unconfirmed"
        assert waiting.pop("first_sent_at") == waiting["created_at"]
        assert waiting == {name: old["outbox"][0][name] for name in waiting}
        assert copied | {"outbox": old["outbox"]} == old
    assert new["program_versions"][0]["first_used_at"] is not None
