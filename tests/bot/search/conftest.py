from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.search.index import SearchIndex


def damage(folder: Path) -> None:
    """Change bytes in the lists of the asks that have a word."""
    file = max(folder.rglob("*.idx"), key=lambda each: each.stat().st_size)
    content = bytearray(file.read_bytes())
    content[20:120] = bytes(byte ^ 0xFF for byte in content[20:120])
    file.write_bytes(content)


class Opener:
    """Opens the index of one folder, as one process after another would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index: SearchIndex | None = None

    def open(self) -> SearchIndex:
        self.close()
        self._index = SearchIndex(self.folder)
        return self._index

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
        self._index = None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def opener(folder: Path) -> Iterator[Opener]:
    opener = Opener(folder)
    yield opener
    opener.close()


@pytest.fixture
def index(opener: Opener) -> SearchIndex:
    """A complete index without asks."""
    index = opener.open()
    index.apply([], followed=0)
    return index
