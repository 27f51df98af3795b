"""`import` on the command line: exit codes, sentences, and no traceback."""

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.config.settings import Settings
from bot.db import engine as db_engine
from cli.arguments import parser
from cli.errors import CommandError
from cli.import_export import INTERRUPTED, NOTHING_FOUND
from tests import export_factory, message_counts


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'data' / 'backswing.db'}"


@pytest.fixture
def empty(url, migrated_file):
    """Start with the tables: to create them takes most of the time of an import."""
    file = Path(url.removeprefix("sqlite:///"))
    file.parent.mkdir()
    shutil.copy(migrated_file, file)


@pytest.fixture
def run(url):
    def run(*arguments):
        args = parser().parse_args(["import", *map(str, arguments)])
        return args.run(Settings(_env_file=None, database_url=url), args)

    return run


@pytest.fixture
def export(tmp_path):
    return export_factory.write(
        tmp_path / "export.zip", export_factory.export_files(asks=2)
    )


def database_counts(url):
    database = db_engine.connect(url)
    with database.read_session() as session:
        counts = message_counts.from_database(session)
    database.close()
    return counts


@pytest.mark.deep
def test_it_loads_and_prints_a_summary(run, export, url, capsys):
    assert run(export, "--channel", "help", "lounge", "--capture", "all") == 0
    expected = message_counts.from_export(export, ["help", "lounge"])
    assert database_counts(url) == expected
    output = capsys.readouterr()
    assert f"\n  {len(expected.asks):>8}  asks\n" in output.out
    # The progress bar is for a terminal, which this is not.
    assert output.err == ""


def test_an_unknown_channel_is_refused_before_anything_is_written(
    run, export, tmp_path
):
    with pytest.raises(CommandError, match="has no channel x; it has help, lounge"):
        run(export, "--channel", "x")
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("empty")
def test_an_export_without_messages_is_pointed_out(run, tmp_path, capsys):
    lists = {
        "users.json": export_factory.people(),
        "channels.json": export_factory.channels(),
    }
    elsewhere = {"general/2021-01-01.json": [{"ts": "1609459200.000100"}]}
    path = export_factory.write(tmp_path / "export.zip", lists | elsewhere)
    assert run(path) == NOTHING_FOUND == 1
    assert capsys.readouterr().out == (
        "Nothing was imported: I found no messages in this export.\n"
        "Skipped:\n"
        "         1  day of messages in general/, which channels.json does not list\n"
    )


@pytest.mark.usefixtures("empty")
def test_ctrl_c_ends_without_an_error(run, export, url, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.imports.service.load", interrupt)
    assert run(export) == INTERRUPTED
    assert "Run it again" in capsys.readouterr().err


@pytest.mark.usefixtures("empty")
def test_a_failing_database_is_reported_in_a_sentence(run, export, monkeypatch):
    def fail(*_, **__):
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr("bot.imports.service.load", fail)
    with pytest.raises(CommandError, match=r"\(OperationalError\).* Run it again"):
        run(export)


def command(url, *arguments):
    return subprocess.Popen(
        [sys.executable, "app.py", "import", *map(str, arguments)],
        cwd=Path(__file__).parents[3],
        env={"DATABASE_URL": url, "PATH": "/usr/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def count_of(url, table):
    address = f"file:{url.removeprefix('sqlite:///')}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as file:
        [(count,)] = file.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - ours
    return count


@pytest.mark.deep
def test_an_error_is_one_sentence_and_exit_code_2(url, tmp_path):
    out, err = (started := command(url, tmp_path / "none.zip")).communicate()
    assert (started.returncode, out) == (2, "")
    assert err == "none.zip can't be opened (No such file or directory).\n"


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("empty")
def test_killed_again_and_again_it_ends_as_if_never_killed(url, tmp_path):
    path = export_factory.write(
        tmp_path / "export.zip", export_factory.export_files(asks=100)
    )
    dice = random.Random(3)
    killed = 0
    # All asks come before the first answer.
    for table in ("asks", "answers"):
        before = count_of(url, table)
        running = command(url, path, "--capture", "all")
        while running.poll() is None and count_of(url, table) == before:
            time.sleep(0.01)
        # It has committed something, and works on the next batch.
        time.sleep(dice.uniform(0, 0.1))
        running.kill()
        running.communicate()
        killed += running.returncode != 0
    last = command(url, path, "--capture", "all")
    last.communicate()
    assert last.returncode == 0
    assert killed > 0
    assert database_counts(url) == message_counts.from_export(path)
