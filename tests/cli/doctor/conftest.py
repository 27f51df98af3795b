"""A database for the doctor."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path: Path, migrated_file: Path) -> Path:
    copy = tmp_path / "backswing.db"
    shutil.copy(migrated_file, copy)
    return copy
