"""Events in any order and number agree with an independent count."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from bot.runtime import Transaction
from bot.workspace import channels
from models import Base, Installation
from tests import export_factory, message_counts
from tests.message_counts import ExportCounts
from tests.slack_payloads import TEAM

ROOM = "C0HELP"
SEEDS = 20


def events(seed: int) -> list[dict[str, Any]]:
    """Return Slack's events for a small conversation, with profiles at any time."""
    # The export's workspace is ours; external members stay external.
    teams = {
        export_factory.TEAM: TEAM,
        export_factory.OTHER_TEAM: export_factory.OTHER_TEAM,
    }
    told: list[dict[str, Any]] = [
        {"type": "team_join", "user": one | {"team_id": teams[one["team_id"]]}}
        for one in export_factory.people()
    ]
    for said in export_factory.channel_messages(seed, asks=1)[ROOM]:
        at = {"channel": ROOM, "channel_type": "channel", "event_ts": said["ts"]}
        if said.get("subtype") != "tombstone":
            told.append({k: v for k, v in said.items() if k != "reactions"} | at)
        told += [
            {
                "type": "reaction_added",
                "user": user,
                "reaction": reaction["name"],
                "item": {"type": "message", "channel": ROOM, "ts": said["ts"]},
                "event_ts": said["ts"],
            }
            for reaction in said.get("reactions", [])
            for user in reaction["users"]
        ]
    return told


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, list[dict[str, Any]]]:
    """Return a conversation, and its events: shuffled, and some of them repeated."""
    seed = draw(st.integers(0, SEEDS))
    told = events(seed)
    again = draw(st.lists(st.sampled_from(told), max_size=10))
    return seed, draw(st.permutations(told + again))


@pytest.mark.timeout(300)
@settings(
    max_examples=15,
    deadline=None,
    # The rows are deleted before each example; the rest of the bot has no state.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(telling=deliveries())
def test_any_order_has_the_same_result(story, database, telling):
    seed, told = telling
    with database.write_session.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != Installation.__tablename__:
                session.execute(delete(table))
        channels.get_or_create(
            Transaction(session, story.rt.workspaces.only, story.clock()), ROOM
        ).capture = "all"
    for event in told:
        assert story.event(event) == 200
    expected = ExportCounts()
    talk = export_factory.channel_messages(seed, asks=1)[ROOM]
    message_counts.add_messages(expected, ROOM, talk, export_factory.people())
    with database.read_session() as session:
        assert message_counts.from_database(session) == expected
