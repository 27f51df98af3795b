"""A process that writes the index is killed, again and again."""

import os
import random
import shutil
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from bot.search.index import Document, SearchIndex
from bot.search.query import SearchQuery
from tests.processes import processes

HELP = 1
KILLS = 60
ASKS = 60
# A commit in so many is a rebuild.
REBUILD = 25

pytestmark = pytest.mark.deep


def text(ask_id: int, position: int) -> str:
    return f"ask{ask_id}x position{position}x of the same words"


def change(position: int) -> tuple[list[Document], list[int]]:
    """Return what the change at a position adds and deletes."""
    draw = random.Random(position)
    ids = draw.sample(range(1, ASKS + 1), 4)
    added = [Document(n, HELP, text(n, position), "why?") for n in ids[:3]]
    return added, ids[3:]


def state(position: int) -> dict[int, str]:
    """Return the titles of all asks after the changes up to a position."""
    titles: dict[int, str] = {}
    for done in range(1, position + 1):
        added, deleted = change(done)
        titles |= {document.ask_id: document.title for document in added}
        for ask_id in deleted:
            titles.pop(ask_id, None)
    return titles


def differences(index: SearchIndex, position: int) -> list[str]:
    """Return how the index differs from the state at its position."""
    titles = state(position)
    different = [f"not in it: {n}" for n in titles.keys() - index.indexed(titles)]
    if index.count != len(titles):
        different.append(f"{index.count} of {len(titles)}")
    by_position: dict[str, set[int]] = {}
    for ask_id, title in titles.items():
        by_position.setdefault(title.split()[1], set()).add(ask_id)
    # Each title has one position; those of before are gone.
    for done in range(max(1, position - 100), position + 1):
        by_position.setdefault(f"position{done}x", set())
    for word, ask_ids in by_position.items():
        hits = index.search(SearchQuery(word), [HELP], 50)
        if {hit.ask_id for hit in hits} != ask_ids:
            different.append(f"{word}: {hits} for {ask_ids}")
    return different


def write(folder: Path, commits: Connection) -> None:
    """Follow changes for ever, from where the index says that it is."""
    index = SearchIndex(folder)
    position = index.followed or 0
    while True:
        position += 1
        if position % REBUILD == 0:
            titles = state(position)
            documents = [Document(n, HELP, title) for n, title in titles.items()]
            with index.rebuild() as rebuild:
                for start in range(0, ASKS, 20):
                    rebuild.add(documents[start : start + 20])
                rebuild.finish(position)
        else:
            added, deleted = change(position)
            index.apply(added, deleted, followed=position)
        commits.send(position)


@pytest.mark.timeout(300)
def test_killed_at_any_moment_the_index_is_as_of_its_last_commit(folder):
    index = SearchIndex(folder)
    index.apply([], followed=0)
    index.close()
    reported = 0
    for kill in range(KILLS):
        draw = random.Random(kill)
        ours, theirs = processes.Pipe()
        process = processes.Process(target=write, args=(folder, theirs))
        process.start()
        for _ in range(draw.randrange(1, 8)):
            reported = ours.recv()
        # Somewhere in the commits that follow.
        for _ in range(draw.randrange(300_000)):
            pass
        process.kill()
        process.join()
        index = SearchIndex(folder)
        assert index.followed is not None
        assert index.followed >= reported
        assert differences(index, index.followed) == []
        index.close()


def write_until_merging(folder: Path) -> None:
    """Add three asks in each of eight commits, and end as their merge begins."""
    index = SearchIndex(folder)
    for position in range(8):
        ids = range(position * 3 + 1, position * 3 + 4)
        documents = [Document(n, HELP, text(n, position)) for n in ids]
        index.apply(documents, [ids[0] - 3], followed=position)
    os.kill(os.getpid(), signal.SIGKILL)


def test_killed_before_a_merge_the_next_asks_deleted_are_gone(folder):
    for _ in range(3):
        process = processes.Process(target=write_until_merging, args=(folder,))
        process.start()
        process.join()
        for ask_id in range(1, 25):
            copied = folder.with_name("copy")
            shutil.copytree(folder, copied)
            index = SearchIndex(copied)
            index.apply([Document(100, HELP, "new")], [ask_id], followed=9)
            index.close()
            index = SearchIndex(copied)
            assert index.indexed([ask_id]) == set()
            index.close()
            shutil.rmtree(copied)
        shutil.rmtree(folder)
