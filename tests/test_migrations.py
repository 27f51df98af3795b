"""The tables are migrated completely or not at all, whatever else is running."""

import os
import re
import shutil
import signal
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Date, event, inspect, make_url, text

from bot.db import engine, schema
from bot.db import open as db_open
from bot.db.engine import Database
from bot.db.open import open_database
from bot.errors import SettingsError
from bot.features import FEATURES
from tests.old_tables import BLANK, all_rows, row_adder
from tests.processes import processes

STEPS = [
    script.revision
    for script in ScriptDirectory.from_config(schema._config()).walk_revisions()
][::-1]
OLDEST, NEWEST = STEPS[0], STEPS[-1]
# The last revision before messages were counted.
BEFORE_MENTORS = "e6ff38e0e57a"
# The last revision in which a reply counted only if its author had joined.
BEFORE_REPLIES_COUNT = "5e0f2a86c41d"
# The last revision before each program had its own kinds of meetings.
BEFORE_KINDS = "eb3ceace457e"
KINDS = "a71f3c5e9d20"
COMMIT = "COMMIT"
# These migrations were released with 0.2.0 and no longer change: weekly is enough.
of_a_release = pytest.mark.exhaustive


@pytest.fixture
def postgresql(postgresql_url: str) -> str:
    """Create an empty database, which is deleted with the tests' server."""
    name = f"migrations_{uuid4().hex}"
    server = engine.connect(postgresql_url)
    with server.autocommit.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.close()
    url = make_url(postgresql_url).set(database=name)
    return url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture(autouse=True)
def _no_file_stays_locked() -> Iterator[None]:
    umask = os.umask(0o022)
    yield
    os.umask(umask)
    for lock in db_open._LOCKS:
        lock.release()
    db_open._LOCKS.clear()


def migrate(url: str, die_at: str | None = None) -> None:
    """Migrate in a process; it dies at the end of revision `die_at`, or at COMMIT."""
    database = engine.connect(url)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def ran(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if f"'{die_at}'" in statement and "alembic_version SET" in statement:
            die()
        if f"'{die_at}'" in statement and "INSERT INTO alembic_version" in statement:
            die()

    def committing(_connection: Any) -> None:
        if die_at == COMMIT:
            die()

    event.listen(database.engine, "before_cursor_execute", ran)
    event.listen(database.engine, "commit", committing)
    schema.upgrade(database)
    database.close()


def run(*jobs: tuple[str, str | None]) -> list[int | None]:
    """Migrate in several processes at once; return their exit codes."""
    started = [processes.Process(target=migrate, args=job) for job in jobs]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [process.exitcode for process in started]


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


@pytest.mark.deep
@pytest.mark.timeout(300)
def test_killed_at_any_step_it_leaves_everything_unchanged(url: str):
    for step in (OLDEST, STEPS[len(STEPS) // 2], NEWEST, COMMIT):
        assert run((url, step)) == [-signal.SIGKILL], step
        database = engine.connect(url)
        assert schema.compare_revision(database.engine) == "empty", step
        assert tables(database) == set(), step
        database.close()
    assert run((url, None)) == [0]
    database = engine.connect(url)
    assert schema.compare_revision(database.engine) == "same"
    database.close()


@pytest.mark.deep
def test_after_each_step_the_files_are_those_of_an_empty_database(tmp_path: Path):
    """A process that is killed leaves its files as they are at that moment."""
    database = engine.connect(f"sqlite:///{tmp_path / 'new.db'}")
    copies: list[Path] = []

    def copy(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if re.search("(UPDATE|INTO) alembic_version", statement):
            copies.append(tmp_path / str(len(copies)))
            copies[-1].mkdir()
            for part in tmp_path.glob("new.db*"):
                shutil.copy(part, copies[-1])

    event.listen(database.engine, "before_cursor_execute", copy)
    schema.upgrade(database)
    database.close()
    assert len(copies) == len(STEPS)
    for folder in copies:
        left = engine.connect(f"sqlite:///{folder / 'new.db'}")
        assert schema.compare_revision(left.engine) == "empty"
        assert tables(left) == set()
        left.close()


@pytest.mark.deep
def test_of_several_replicas_at_once_one_migrates(postgresql: str):
    assert run(*[(postgresql, None)] * 3) == [0, 0, 0]
    database = engine.connect(postgresql)
    assert schema.compare_revision(database.engine) == "same"
    assert "asks" in tables(database)
    with database.autocommit.connect() as connection:
        versions = connection.scalars(text("SELECT version_num FROM alembic_version"))
        assert versions.all() == [NEWEST]
    database.close()


@pytest.mark.parametrize(
    ("version", "reason"),
    [(OLDEST, "app.py migrate"), ("of-tomorrow", "made by a newer version")],
)
def test_replicas_refuse_to_start_on_another_versions_tables(
    postgresql: str, version: str, reason: str
):
    database = engine.connect(postgresql)
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(
            text("INSERT INTO alembic_version VALUES (:v)"), {"v": version}
        )
    database.close()
    with pytest.raises(SettingsError, match=reason):
        open_database(postgresql)


def test_a_file_of_an_older_version_is_backed_up_and_migrated(tmp_path: Path):
    file = tmp_path / "backswing.db"
    database = engine.connect(f"sqlite:///{file}")
    with database.engine.begin() as connection:
        command.upgrade(schema._config(connection), OLDEST)
    database.close()
    opened = open_database(f"sqlite:///{file}")
    assert schema.compare_revision(opened.engine) == "same"
    opened.close()
    copy = tmp_path / "backswing.db.before-migration"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    held = sqlite3.connect(copy)
    assert held.execute("SELECT * FROM alembic_version").fetchall() == [(OLDEST,)]
    held.close()


def test_a_file_that_others_can_read_is_made_private(
    tmp_path: Path, migrated_file: Path
):
    file = tmp_path / "open.db"
    file.write_bytes(migrated_file.read_bytes())
    file.chmod(0o644)
    open_database(f"sqlite:///{file}").close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@of_a_release
@pytest.mark.deep
def test_messages_from_before_the_counts_are_counted(url: str):
    """The counts start from the known messages in threads."""
    database = engine.connect(url)
    with database.engine.begin() as connection:
        command.upgrade(schema._config(connection), BEFORE_MENTORS)
        _fill(connection)
        command.upgrade(schema._config(connection), NEWEST)
        counted = connection.execute(
            text(
                "SELECT channel_id, member, day, messages FROM message_counts"
                " ORDER BY channel_id, day, member"
            ).columns(day=Date())
        ).all()
    database.close()
    sunday, monday = date(2026, 3, 1), date(2026, 3, 2)
    assert [tuple(row) for row in counted] == [
        (1, "U0ANA", sunday, 2),
        (1, "U0BEN", sunday, 1),
        (1, "U0BEN", monday, 2),
        (2, "U0ANA", monday, 1),
    ]


@of_a_release
@pytest.mark.deep
def test_earlier_replies_count_for_members_who_may_take_part(url: str):
    database = engine.connect(url)
    with database.engine.begin() as connection:
        command.upgrade(schema._config(connection), BEFORE_REPLIES_COUNT)
        put = row_adder(connection)
        put("installations", id=1)
        put("channels", id=1, installation_id=1, slack_id="C1", guests_may_ask=False)
        put(
            "checkin_schedules",
            id=1,
            installation_id=1,
            channel_id=1,
            state="on",
            every="week",
        )
        put("checkin_rounds", id=1, schedule_id=1, channel_id=1, state="open")
        put("members", id=1, installation_id=1, slack_id="U0GUS", is_guest=True)
        put("members", id=2, installation_id=1, slack_id="U0ANA")
        for n, (member, state) in enumerate(
            (
                ("U0GUS", "visiting"),
                ("U0ANA", "visiting"),
                ("U0NEW", "visiting"),
                ("U0BEN", "silent"),
            ),
            1,
        ):
            put("checkins", id=n, round_id=1, member=member, state=state)
        command.upgrade(schema._config(connection), NEWEST)
        now = connection.execute(
            text("SELECT member, state FROM checkins ORDER BY id")
        ).all()
        command.downgrade(schema._config(connection), BEFORE_REPLIES_COUNT)
        put("checkins", id=5, round_id=1, member="U0DAN", state="visiting")
    database.close()
    assert [tuple(row) for row in now] == [
        ("U0ANA", "shared"),
        ("U0NEW", "shared"),
        ("U0BEN", "missed"),
    ]


def _fill(connection: Connection) -> None:
    """Add asks and replies of two channels, around midnight (UTC), to old tables."""
    put = row_adder(connection)
    put("installations", id=1)
    for channel in (1, 2):
        put("channels", id=channel, installation_id=1, slack_id=f"C{channel}")
    late = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    early = late + timedelta(seconds=1)
    for ask, (channel, at, is_own_message) in enumerate(
        ((1, late, True), (1, late, True), (1, late, False), (2, early, True)), 1
    ):
        put(
            "asks",
            id=ask,
            installation_id=1,
            channel_id=channel,
            source=str(ask),
            asker="U0ANA",
            asked_at=at,
            is_own_message=is_own_message,
            state="open",
        )
    for answer, (at, is_deleted) in enumerate(
        ((late, False), (early, False), (early, False), (early, True)), 1
    ):
        put(
            "answers",
            id=answer,
            ask_id=1,
            channel_id=1,
            ts=str(answer),
            author="U0BEN",
            answered_at=at,
            is_deleted=is_deleted,
        )


# The last revision in which converted messages only had a check mark.
BEFORE_SIGNS = "c27b90e4f518"


@of_a_release
@pytest.mark.deep
def test_queued_updates_of_converted_messages_are_still_sent(url: str):
    database = engine.connect(url)
    with database.engine.begin() as connection:
        command.upgrade(schema._config(connection), BEFORE_SIGNS)
        put = row_adder(connection)
        put("installations", id=1)
        put("channels", id=1, installation_id=1, slack_id="C1")
        for n, is_own in enumerate((True, False), 1):
            put(
                "asks",
                id=n,
                installation_id=1,
                channel_id=1,
                source=f"s{n}",
                state="solved",
                is_own_message=is_own,
                is_signed=is_own,
            )
            put(
                "outbox",
                id=n,
                installation_id=1,
                kind="ask.show",
                key=f"ask.show:{n}:C1",
                subject_id=n,
                operation=f"o{n}",
                state="pending",
            )
        command.upgrade(schema._config(connection), NEWEST)
        queued = text("SELECT kind, dedup_key FROM outbox ORDER BY subject_id")
        after = connection.execute(queued).all()
        reactions = text("SELECT bot_reaction FROM asks ORDER BY id")
        signs = connection.execute(reactions).all()
        command.downgrade(schema._config(connection), BEFORE_SIGNS)
        query = text("SELECT kind, key FROM outbox ORDER BY subject_id")
        before = connection.execute(query).all()
        signed = connection.execute(text("SELECT is_signed FROM asks ORDER BY id"))
        was_signed = [bool(row[0]) for row in signed]
    database.close()
    assert [tuple(row) for row in after] == [
        ("ask.update_reaction", "ask.update_reaction:1:C1"),
        ("ask.update", "ask.update:2:C1"),
    ]
    assert [row[0] for row in signs] == ["white_check_mark", None]
    assert [tuple(row) for row in before] == [
        ("ask.show", "ask.show:1:C1"),
        ("ask.show", "ask.show:2:C1"),
    ]
    assert was_signed == [True, False]


# The last one with the private names of tables, columns, states and kinds.
BEFORE_STANDARD_TERMS = "1f6d80c2b7ae"
OUTBOX_STATES = {
    "pending": "pending",
    "sending": "sending",
    "unverified": "unconfirmed",
    "sent": "sent",
    "withdrawn": "cancelled",
    "parked": "rejected",
    "unknown": "lost",
}


@of_a_release
@pytest.mark.deep
def test_rows_keep_their_values_under_the_standard_terms(url: str):
    database = engine.connect(url)
    defaults = {
        "captured_sign": "line",
        "looks_for_mentors": False,
        "strangers_get_kudos": True,
        "topics": ["ci"],
    }
    with database.engine.begin() as connection:
        config = schema._config(connection)
        command.upgrade(config, BEFORE_STANDARD_TERMS)
        put = row_adder(connection)
        put("installations", id=1, kudos_a_day=7, paused_because="invalid_auth")
        put("policies", installation_id=1, sent_days=30, channel_defaults=defaults)
        for n, state in enumerate(OUTBOX_STATES, 1):
            put(
                "outbox",
                id=n,
                installation_id=1,
                kind="newcomer.preview",
                key=f"newcomer.preview:{n}:U0ANA",
                subject_id=n,
                operation=f"o{n}",
                state=state,
                finished_at=None
                if state in {"pending", "sending", "unverified"}
                else datetime(2026, 3, 1, tzinfo=UTC),
            )
        old = all_rows(connection)
        command.upgrade(config, NEWEST)
        installation = text(
            "SELECT daily_kudos_allowance, disabled_reason FROM installations"
        )
        assert tuple(connection.execute(installation).one()) == (7, "invalid_auth")
        [row] = all_rows(connection)["workspace_settings"]
        assert row["sent_retention_days"] == 30
        assert row["channel_defaults"] == {
            "capture_indicator": "line",
            "detects_mentors": False,
            "allow_external_kudos": True,
            "topics": ["ci"],
        }
        settings = {setting.name for setting in FEATURES.channel_settings}
        assert row["channel_defaults"].keys() <= settings
        queued = text("SELECT kind, dedup_key, state FROM outbox ORDER BY id")
        assert [tuple(item) for item in connection.execute(queued)] == [
            ("onboarding.preview", f"onboarding.preview:{n}:U0ANA", state)
            for n, state in enumerate(OUTBOX_STATES.values(), 1)
        ]
        command.downgrade(config, BEFORE_STANDARD_TERMS)
        assert all_rows(connection) == old
    database.close()


BEFORE_UNREAD_COLUMNS = "b7d1c80f4e35"


@pytest.mark.deep
def test_columns_that_nothing_reads_are_dropped_and_come_back(url: str):
    database = engine.connect(url)
    with database.engine.begin() as connection:
        config = schema._config(connection)
        command.upgrade(config, BEFORE_UNREAD_COLUMNS)
        put = row_adder(connection)
        put("installations", id=1)
        put("mentor_runs", installation_id=1, scope_id=0, credits=2)
        put("outbox", id=1, installation_id=1, state="pending", dedup_key="one")
        old = all_rows(connection)
        command.upgrade(config, NEWEST)
        new = all_rows(connection)
        assert old["mentor_runs"][0].keys() - new["mentor_runs"][0] == {"ran_at"}
        assert old["outbox"][0].keys() - new["outbox"][0] == {"sent_version"}
        command.downgrade(config, BEFORE_UNREAD_COLUMNS)
        assert all_rows(connection) == old
    database.close()


BEFORE_CONFIRMED_ASKS = "c94e0d2a7f51"


@pytest.mark.deep
def test_captured_asks_are_not_confirmed(url: str):
    database = engine.connect(url)
    with database.engine.begin() as connection:
        config = schema._config(connection)
        command.upgrade(config, BEFORE_CONFIRMED_ASKS)
        put = row_adder(connection)
        put("installations", id=1)
        put("channels", id=1, installation_id=1, slack_id="C1")
        for ask_id, is_captured in ((1, True), (2, False)):
            put(
                "asks",
                id=ask_id,
                installation_id=1,
                channel_id=1,
                source=f"message:{ask_id}",
                state="open",
                is_captured=is_captured,
            )
        old = all_rows(connection)
        command.upgrade(config, NEWEST)
        rows = all_rows(connection)["asks"]
        assert {row["id"]: row["is_confirmed"] for row in rows} == {1: False, 2: True}
        command.downgrade(config, BEFORE_CONFIRMED_ASKS)
        assert all_rows(connection) == old
    database.close()


@pytest.mark.deep
def test_programs_have_the_kinds_that_the_workspace_had(url: str):
    database = engine.connect(url)
    with database.engine.begin() as connection:
        command.upgrade(schema._config(connection), BEFORE_KINDS)
        put = row_adder(connection)
        for number in (1, 2, 3):
            put("installations", id=number, team_id=f"T{number}")
            put("programs", id=number, installation_id=number, joining="open")
        for number, modes in (
            (1, {"coffee": "off", "exchange": "on"}),
            (2, {"exchange": "auto"}),
        ):
            put("workspace_settings", installation_id=number, **modes)
        put("pair_rounds", installation_id=2, kind="coffee")
        for number in range(6):
            put("exchange_wishes", installation_id=2, member=f"U{number}", is_in=True)
            put(
                "buddy_offers", installation_id=3, member=f"U{number}", is_in=number > 0
            )
        put("buddy_wishes", installation_id=2, member="U1", wanted_at=BLANK[datetime])
        put("buddy_wishes", installation_id=3, member="U0")
        command.upgrade(schema._config(connection), NEWEST)
        rows = connection.execute(
            text(
                "SELECT coffee, exchange, buddies, coffee_began_at IS NOT NULL"
                " FROM programs ORDER BY id"
            )
        )
        assert [tuple(row) for row in rows] == [
            ("off", "on", "auto", False),
            ("auto", "on", "auto", True),
            ("auto", "auto", "auto", False),
        ]
        stored = connection.execute(
            text("SELECT exchange FROM workspace_settings ORDER BY installation_id")
        )
        assert list(stored.scalars()) == ["on", "on"]
        # An older version knows no switch for all programs: each is off.
        switch = "UPDATE workspace_settings SET exchange = 'off_everywhere'"
        connection.execute(text(f"{switch} WHERE installation_id = 2"))
        command.downgrade(schema._config(connection), KINDS)
        for table, key in (
            ("workspace_settings", "installation_id"),
            ("programs", "id"),
        ):
            query = f"SELECT exchange FROM {table} WHERE {key} < 3 ORDER BY {key}"  # noqa: S608
            assert list(connection.scalars(text(query))) == ["on", "off"]
        command.downgrade(schema._config(connection), BEFORE_KINDS)
    database.close()
