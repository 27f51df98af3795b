"""Backups."""

from pathlib import Path

import pytest

from tests.program import Refuse


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
