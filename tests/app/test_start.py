"""The command line: its errors and its end."""

import errno
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

import app
from cli import app as cli_app
from tests.bot.config.test_many_workspaces import GOOD as MANY
from tests.bot.config.test_settings import APP, BOT, GOOD, SIGNING, VARIABLES, WRONG
from tests.program import ROOT, Refuse

START = ROOT / "migrations" / "versions" / "2026-11-22_start.py"


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("problem", WRONG)
def test_an_invalid_token_is_named(refused: Refuse, variable: str, problem: str):
    prefix = "" if variable == "SLACK_SIGNING_SECRET" else GOOD[variable][:5]
    value = WRONG[problem].format(prefix=prefix, good=GOOD[variable])
    output = refused(**GOOD | {variable: value})
    assert output.startswith(f"{variable} ")
    assert not value.strip() or value.strip() not in output


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"SLACK_BOT_TOKEN": BOT}, "SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": APP}, "SLACK_BOT_TOKEN"),
        ({"SLACK_SIGNING_SECRET": SIGNING}, "SLACK_BOT_TOKEN"),
    ],
)
def test_a_missing_setting_is_named(refused: Refuse, given, setting: str):
    output = refused(**given)
    assert output.startswith(f"{setting} is ")
    assert not any(value in output for value in given.values())


def test_socket_mode_is_refused_for_many_workspaces(refused: Refuse):
    output = refused(**MANY, SLACK_APP_TOKEN=APP)
    assert output == (
        "Remove SLACK_APP_TOKEN: many workspaces are served over HTTP only.\n"
    )


def test_an_invalid_setting_is_named_with_its_valid_values(refused: Refuse):
    output = refused(MENTORS__HOUR="noon")
    assert output == "MENTORS__HOUR must be a number from 0 to 23; it is “noon”.\n"


@pytest.mark.parametrize("command", [[], ["migrate"]])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "not a URL",
        "mysql://user:s3cret@host/name",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://user:s3cret@127.0.0.1:1/name",
        "postgresql://user:s3cret@127.0.0.1:port/name",
    ],
)
def test_an_invalid_database_url_is_named_without_its_password(
    refused: Refuse, command: list[str], url: str
):
    output = refused(*command, **GOOD, DATABASE_URL=url)
    assert output.startswith("DATABASE_URL")
    assert "s3cret" not in output


@pytest.mark.parametrize("command", [[], ["migrate"]])
def test_a_file_that_is_no_database_is_refused(
    refused: Refuse, tmp_path: Path, command: list[str]
):
    file = tmp_path / "notes.txt"
    file.write_text("Some words that are dear to somebody. " * 100)
    output = refused(*command, **GOOD, DATABASE_URL=f"sqlite:///{file}")
    assert output.startswith("DATABASE_URL: the database can't be used")
    assert "restore a backup" in output
    assert file.read_text().startswith("Some words")


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["migrate"],
        ["export", "tables"],
        ["backup", "copy.db"],
        ["import", "export.zip"],
        ["sandbox", "--database", "sqlite:///newer.db"],
    ],
)
def test_a_database_of_a_newer_version_is_refused(
    refused: Refuse, tmp_path: Path, migrated_file: Path, command: list[str]
):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as export:
        for name in ("users.json", "channels.json"):
            export.writestr(name, "[]")
    before = {*tmp_path.iterdir(), tmp_path / "newer.db"}
    file = tmp_path / "newer.db"
    file.write_bytes(migrated_file.read_bytes())
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of-tomorrow'")
    connection.close()
    if command[:1] == ["sandbox"]:
        output = refused(*command, PORT="0", SANDBOX_PORT="0")
    else:
        output = refused(*command, **GOOD, DATABASE_URL=f"sqlite:///{file}")
    assert "made by a newer version" in output
    new_files = {
        path for path in {*tmp_path.iterdir()} - before if path.name[:5] != "newer"
    }
    assert new_files == set()


def test_tables_of_an_older_version_are_not_exported(
    refused: Refuse, tmp_path: Path, migrated_file: Path
):
    file = tmp_path / "older.db"
    file.write_bytes(migrated_file.read_bytes())
    first = re.search(r'^revision = "(\w+)"$', START.read_text(), re.MULTILINE)
    assert first
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", first.groups())
    connection.close()
    output = refused("export", "tables", DATABASE_URL=f"sqlite:///{file}")
    assert "from an older version" in output


def no_room(*_: object, **__: object) -> None:
    """Raise SQLite's error."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        connection.execute("CREATE TABLE t (x)")


def no_room_in_a_session(*_: object, **__: object) -> None:
    try:
        no_room()
    except sqlite3.OperationalError as error:
        raise OperationalError("INSERT", {}, error) from error


def no_room_for_a_file(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("name", "fails"),
    [
        ("bot.db.schema.upgrade", no_room_in_a_session),
        ("bot.db.schema.upgrade", no_room),
        ("bot.db.schema.upgrade", no_room_for_a_file),
        ("cli.app.install", no_room_in_a_session),
    ],
)
def test_a_full_disk_at_the_start_is_reported_in_a_sentence(
    refused: Refuse,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    fails: Callable[..., None],
):
    monkeypatch.setattr(name, fails)
    output = refused(**GOOD, PORT="0", DATABASE_URL="sqlite:///kept.db")
    assert output == ("DATABASE_URL: the disk is full. Free some space.\n")


def test_tokens_in_an_env_file_are_read(refused: Refuse, tmp_path: Path):
    (tmp_path / ".env").write_text(f"SLACK_BOT_TOKEN=xoxp-{BOT[5:]}\n")
    assert refused().startswith("SLACK_BOT_TOKEN is of the wrong kind")


def test_an_unknown_command_is_explained(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        app.main(["fly"])
    assert ended.value.code == 2
    assert "argument COMMAND: invalid choice: 'fly'" in capsys.readouterr().err


COMMANDS = ("sandbox", "doctor", "import", "migrate", "backup", "export")


@pytest.mark.parametrize("argument", ["--help", "--version", *COMMANDS])
def test_help_imports_nothing_else(argument: str):
    """Imports that take a second or two are left to the command that runs."""
    arguments = [argument] if argument.startswith("-") else [argument, "--help"]
    code = (
        "import sys, app\n"
        "try: app.main(sys.argv[1:])\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        "ours = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(ours & {'bot', 'jobs', 'handlers', 'sandbox', 'pydantic',"
        " 'sqlalchemy', 'yaml'}), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    assert ran.stderr == "[]\n"
    assert (
        "Backswing 0." if argument == "--version" else "usage: app.py"
    ) in ran.stdout


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        app.main(["--version"])
    assert capsys.readouterr().out == f"Backswing {cli_app.build_info()['version']}\n"


@pytest.mark.parametrize(
    ("given", "said_of_it"),
    [
        ({"SLACK_BOT_TOEKN": BOT}, "Did you mean SLACK_BOT_TOKEN?"),
        ({"SLACKBOT_TOKEN": BOT}, "Did you mean SLACK_BOT_TOKEN?"),
        ({"SLACK_SIGNING_SECERT": SIGNING}, "Did you mean SLACK_SIGNING_SECRET?"),
        ({"SLACK_TOKEN_FILE": "/run/secrets/x"}, "Did you mean SLACK_"),
        ({"SLACK_XYZZY": "1"}, "To try Backswing without Slack"),
        ({"DATABASE_URL": "postgresql://u:s3cret@host/name"}, "SLACK_BOT_TOKEN"),
        ({"DATABASE_URL": "sqlite:///data/backswing.db"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_API_URL": "https://slack-gov.com/api/"}, "SLACK_BOT_TOKEN"),
    ],
)
@pytest.mark.parametrize("location", ["environment", ".env"])
def test_incomplete_settings_of_a_real_workspace_start_no_sandbox(
    refused: Refuse,
    tmp_path: Path,
    location: str,
    given: dict[str, str],
    said_of_it: str,
):
    [(name, value)] = given.items()
    if location == ".env":
        (tmp_path / ".env").write_text(f"{name}={value}\n", encoding="utf-8")
        output = refused()
    else:
        output = refused(**given)
    assert output.startswith(f"{name} is ")
    assert said_of_it in output
    assert "`uv run app.py sandbox`" in output
    assert value not in output
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("given", "missing", "typed"),
    [
        (
            {"SLACK_BOT_TOEKN": BOT, "SLACK_APP_TOKEN": APP},
            "SLACK_BOT_TOKEN",
            "SLACK_BOT_TOEKN",
        ),
        (
            {"SLACK_BOT_TOKEN": BOT, "SLACK_APPTOKEN": APP},
            "SLACK_APP_TOKEN",
            "SLACK_APPTOKEN",
        ),
        (
            {"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRT": "0" * 32},
            "SLACK_SIGNING_SECRET",
            "SLACK_SIGNING_SECRT",
        ),
    ],
)
def test_the_misspelt_one_of_two_tokens_is_named(
    refused: Refuse, given: dict[str, str], missing: str, typed: str
):
    output = refused(**given)
    assert output.startswith(f"{missing} is missing, and {typed} is not a setting")


@pytest.mark.parametrize("typed", ["noon", "2026-04-15", "2026-04-15T10:00"])
def test_the_sandboxs_time_needs_a_zone(capsys, typed: str):
    with pytest.raises(SystemExit):
        app.main(["sandbox", "--time", typed])
    assert f"{typed!r} is not a time with a zone" in capsys.readouterr().err
