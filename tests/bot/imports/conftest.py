"""Exports, and a function that imports them."""

import pytest

from bot.features import FEATURES
from bot.imports import service as imports
from bot.imports.export import Export
from tests import export_factory
from tests.conftest import NOW


@pytest.fixture
def export(tmp_path):
    return export_factory.write(
        tmp_path / "export.zip", export_factory.export_files(asks=5)
    )


@pytest.fixture
def load(database):
    def load(path, names=None, *, capture="all", now=NOW, on_step=lambda: None):
        with Export(path) as opened:
            return imports.load(
                database.write_session,
                opened,
                opened.select(names),
                capture=capture,
                features=FEATURES,
                now=now,
                on_step=on_step,
            )

    return load
