"""Backups."""

import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import ROOT, Process, Refuse, mode


def backup(start: Callable[..., Process], file: Path, url: str) -> Process:
    return start("backup", str(file), DATABASE_URL=url)


@pytest.mark.deep
def test_a_copy_made_while_the_bot_runs_can_be_restored_as_documented(
    start: Callable[..., Process], tmp_path: Path
):
    database_file = tmp_path / "data" / "backswing.db"
    url = f"sqlite:///{database_file}"
    bot = start("sandbox", "--database", url)
    bot.wait_for("Backswing is running")
    bot.wait_for_logs('"kind": "ask.post"', times=1)
    copy = tmp_path / "copy.db"
    new_files = backup(start, copy, url)
    assert new_files.end() == 0, new_files.output()
    assert mode(copy) == 0o600
    assert bot.end(by=signal.SIGTERM) == 0
    held = sqlite3.connect(copy)
    asks = held.execute("SELECT source FROM asks ORDER BY id").fetchall()
    held.close()
    assert asks

    database_file.write_bytes(b"broken")
    page = (ROOT / "docs" / "operate" / "backup.md").read_text()
    lines = re.findall(r"^(rm -f data/.*|install -m .*)$", page, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        words = line.replace("FILE", str(copy)).split()
        subprocess.run(words, cwd=tmp_path, check=True)
    assert mode(database_file) == 0o600
    again = start("migrate", DATABASE_URL=url)
    assert again.end() == 0, again.output()
    restored = sqlite3.connect(database_file)
    assert restored.execute("SELECT source FROM asks ORDER BY id").fetchall() == asks
    assert restored.execute("PRAGMA foreign_key_check").fetchall() == []
    restored.close()


def test_a_copy_overwrites_nothing(
    refused: Refuse, tmp_path: Path, migrated_file: Path
):
    target_file = tmp_path / "there.db"
    target_file.write_text("dear to somebody")
    output = refused(
        "backup", str(target_file), DATABASE_URL=f"sqlite:///{migrated_file}"
    )
    assert "already exists" in output
    assert target_file.read_text() == "dear to somebody"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///missing.db", "nothing to copy"),
        ("postgresql://user:s3cret@host/name", "pg_dump"),
        ("not a URL", "not a valid address"),
    ],
)
def test_a_missing_database_is_reported(
    refused: Refuse, tmp_path: Path, url: str, reason: str
):
    output = refused("backup", str(tmp_path / "copy.db"), DATABASE_URL=url)
    assert reason in output
    assert "s3cret" not in output
    assert list(tmp_path.glob("copy*")) == []


def test_a_file_that_is_no_database_leaves_no_copy(refused: Refuse, tmp_path: Path):
    notes = tmp_path / "notes.txt"
    notes.write_text("Some words. " * 500)
    output = refused(
        "backup", str(tmp_path / "copy.db"), DATABASE_URL=f"sqlite:///{notes}"
    )
    assert "failed" in output
    assert list(tmp_path.glob("copy*")) == []
