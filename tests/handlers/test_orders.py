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
    slack_events: list[dict[str, Any]] = [
        {"type": "team_join", "user": person | {"team_id": teams[person["team_id"]]}}
        for person in export_factory.people()
    ]
    for message in export_factory.channel_messages(seed, asks=1)[ROOM]:
        at = {"channel": ROOM, "channel_type": "channel", "event_ts": message["ts"]}
        if message.get("subtype") != "tombstone":
            slack_events.append(
                {k: v for k, v in message.items() if k != "reactions"} | at
            )
        slack_events += [
            {
                "type": "reaction_added",
                "user": user,
                "reaction": reaction["name"],
                "item": {"type": "message", "channel": ROOM, "ts": message["ts"]},
                "event_ts": message["ts"],
            }
            for reaction in message.get("reactions", [])
            for user in reaction["users"]
        ]
    return slack_events


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, list[dict[str, Any]]]:
    """Return a conversation, and its events: shuffled, and some of them repeated."""
    seed = draw(st.integers(0, SEEDS))
    slack_events = events(seed)
    again = draw(st.lists(st.sampled_from(slack_events), max_size=10))
    return seed, draw(st.permutations(slack_events + again))


@pytest.mark.deep
@pytest.mark.timeout(300)
@settings(
    max_examples=15,
    deadline=None,
    # The rows are deleted before each example; the rest of the bot has no state.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(telling=deliveries())
def test_any_order_has_the_same_result(story, database, telling):
    seed, events_in_order = telling
    with database.write_session.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != Installation.__tablename__:
                session.execute(delete(table))
        channels.get_or_create(
            Transaction(session, story.rt.workspaces.only, story.clock()), ROOM
        ).capture = "all"
    for event in events_in_order:
        assert story.event(event) == 200
    expected = ExportCounts()
    talk = export_factory.channel_messages(seed, asks=1)[ROOM]
    message_counts.add_messages(expected, ROOM, talk, export_factory.people())
    with database.read_session() as session:
        assert message_counts.from_database(session) == expected
