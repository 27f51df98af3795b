"""Nothing that the bot stores, writes or shows tells who asked without a name."""

from pathlib import Path
from typing import Any

import pytest

from jobs.privacy import truncate_wal
from tests.handlers.anonymity import lives
from tests.handlers.anonymity.lives import CANARIES, FIRST, SECOND
from tests.slack_payloads import HELP_CHANNEL


def observed(tmp_path: Path, database: Path, author: str, now: Any) -> dict[str, Any]:
    """Return everything that a life left behind, after each of its parts."""
    states: dict[str, Any] = {}
    with lives.world(tmp_path / author, database, now) as world:
        for part in lives.live(world, author):
            world.bolt.metrics.render()
            copy = lives.backed_up(world, f"{part}.backup")
            states[part] = {
                "rows": lives.rows(world.story),
                "logs": lives.logged(world),
                "metrics": lives.metrics(world),
                "export": lives.exported(world, f"{part}.export"),
                "backup": lives.occurrences(copy.read_bytes()),
                "files": lives.files(world),
                "slack": lives.sent(world.story),
            }
    return states


@pytest.fixture
def both(
    tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    states = []
    for author in (FIRST, SECOND):
        with monkeypatch.context() as patched:
            lives.be_predictable(patched)
            states.append(observed(tmp_path, migrated_file, author, clock.now))
    return states[0], states[1]


@pytest.mark.timeout(180)
@pytest.mark.deep
def test_two_lives_differ_in_nothing_but_sealed_bytes(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    first, second = both
    assert list(first) == list(second) != []
    for part in first:
        for table, rows in first[part]["rows"].items():
            assert rows == second[part]["rows"][table], (part, table)
        for kind in first[part]:
            assert first[part][kind] == second[part][kind], (part, kind)
    posted = first["posted"]["slack"]["messages"][-1]
    assert posted[0] == HELP_CHANNEL
    assert not any(
        canary in str(posted) for pair in CANARIES.items() for canary in pair
    )
    said = str(first["acted"]["slack"]["messages"])
    assert "I did, and it went well." in said
    assert "It was good to hear that." in said
    [told] = [m for m in first["told"]["slack"]["messages"] if "on my Home tab" in m[2]]
    assert told[0] is True
    links = first["posted"]["rows"]["anonymous_links"]
    assert len(links) == 1
    assert lives.SEALED in links[0]
    assert first["cut"]["rows"]["anonymous_links"] == []


@pytest.mark.deep
def test_a_cut_link_is_overwritten(
    tmp_path: Path, migrated_file: Path, clock: Any
) -> None:
    """Neither the file, its log nor its free pages keep it, nor the deleted draft."""
    with lives.world(tmp_path / "bot", migrated_file, clock.now) as world:
        secrets: list[bytes] = []
        for part in lives.live(world, FIRST):
            if part in {"pressed", "posted"}:
                secrets += lives.sealed(world.story)
        truncate_wal(world.story.rt, world.story.worker)
        assert len(secrets) == 4
        stored = {
            path.name: path.read_bytes()
            for path in world.folder.rglob("*")
            if path.is_file()
        }
        assert len(stored["backswing.db"]) > 100_000
        for secret in secrets:
            assert [name for name, data in stored.items() if secret in data] == []
