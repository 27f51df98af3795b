"""Events without a change write nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from bot.db.engine import Database
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, user_object
from tests.workspace import MOVE, member


@pytest.fixture
def changes(database: Database) -> Iterator[list[str]]:
    """Return a list that gets an entry for each write transaction, or its statements.

    On PostgreSQL, reads use the same engine.
    """
    begun: list[str] = []

    def note(_connection: object) -> None:
        begun.append("begun")

    def note_statement(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("SELECT"):
            begun.append(statement)

    is_sqlite = database.engine.dialect.name == "sqlite"
    listener: tuple[str, Callable[..., None]] = (
        ("begin", note) if is_sqlite else ("before_cursor_execute", note_statement)
    )
    listen(database.engine, *listener)
    yield begun
    remove(database.engine, *listener)


def huddle(n: int) -> dict[str, Any]:
    return {
        "display_name": "Ana",
        "huddle_state": "in_a_huddle",
        "status_emoji": ":headphones:" if n % 2 else "",
        "status_text": "In a huddle" if n % 2 else "",
        "status_expiration": 1_800_000_000 + n,
        "avatar_hash": f"{n}",
    }


@pytest.mark.parametrize("kind", ["user_change", "team_join"])
def test_a_huddle_writes_nothing(known: Story, changes: list[str], kind: str):
    user = user_object(ASKER) | {"profile": huddle(0)}
    assert known.event({"type": "user_change", "user": user}) == 200
    changes.clear()
    for n in range(100):
        user = user_object(ASKER) | {"profile": huddle(n), "updated": n}
        assert known.event({"type": kind, "user": user}) == 200
    assert changes == []


@pytest.mark.parametrize(
    "news",
    [
        {"profile": {"display_name": "Anna"}},
        {"tz": "Asia/Tokyo"},
        {"deleted": True},
        {"is_restricted": True},
        {"is_admin": True},
        {"is_bot": True},
        {"is_stranger": True},
        {"profile": {"status_emoji": ":palm_tree:"}},
    ],
)
def test_a_changed_profile_is_stored_at_once(
    known: Story, changes: list[str], news: dict[str, Any]
):
    user = user_object(ASKER)
    user |= news | {"profile": user["profile"] | news.get("profile", {})}
    known.event({"type": "user_change", "user": user})
    assert changes != []
    changes.clear()
    known.event({"type": "user_change", "user": user})
    assert changes == []


def test_the_end_of_a_vacation_is_stored_and_that_of_a_huddle_is_not(known: Story):
    away = {"status_emoji": ":palm_tree:", "status_expiration": 1_800_000_000}
    for profile, is_kept in ((away, True), (huddle(1), False)):
        user = user_object(ASKER) | {"profile": profile}
        known.event({"type": "user_change", "user": user})
        assert (member(known, ASKER).away_until is not None) is is_kept


def test_nothing_is_written_about_an_unknown_user(known: Story, changes: list[str]):
    known.event({"type": "team_join", "user": user_object("U0ZOE", "Zoe")})
    assert changes == []


@pytest.mark.parametrize(
    "event",
    [
        {"type": "channel_archive"},
        # Also one that says what is known: an earlier event may come after it.
        {"type": "channel_unarchive"},
        {"type": "channel_left"},
        {"type": "channel_shared"},
        {"type": "channel_unshared", "is_ext_shared": False},
        {"type": "channel_rename"},
    ],
)
def test_an_event_about_a_known_channel_is_written_once(
    known: Story, changes: list[str], event: dict[str, Any]
):
    for channel_id, is_known in ((HELP_CHANNEL, True), ("C0NOBODY", False)):
        said = event | {"channel": channel_id, "event_ts": known.ts()}
        if event["type"] == "channel_rename":
            said["channel"] = {"id": channel_id, "name": "another"}
        changes.clear()
        assert known.event(said) == 200
        assert bool(changes) is is_known
        changes.clear()
        assert known.event(said) == 200
        assert changes == []


def test_no_new_id_of_an_unknown_channel_is_written(known: Story, changes: list[str]):
    assert known.event(MOVE | {"old_channel_id": "C0NOBODY"}) == 200
    assert changes == []
