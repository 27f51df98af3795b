"""Replies and joins in any order and number have the same result."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

import jobs.workspace
from models import CheckIn, CheckInReply, OutboxItem, Participant, Round
from tests.checkins import response_states
from tests.factories import MONDAY, Story
from tests.slack_payloads import ASKER, HELPER, PEER

PEOPLE = (ASKER, HELPER, PEER)
# Few hours, so that much happens at the edges; the round closes in the fourth.
HOURS = st.integers(1, 6)
CLOSE = 4
# Each reply: its author, its hour, and whether it is deleted.
REPLIES = st.lists(
    st.tuples(st.sampled_from(PEOPLE), HOURS, st.booleans()),
    min_size=2,
    max_size=8,
    unique_by=lambda reply: reply[:2],
)
NEVER = 1000.0
# The hours between which each joined and left again, if they did.
STAYS = st.fixed_dictionaries(
    {
        member: st.none()
        | st.tuples(HOURS, st.integers(1, 2)).map(
            lambda at: (at[0] - 0.5, at[0] - 0.5 + at[1])
        )
        | HOURS.map(lambda at: (at - 0.5, NEVER))
        for member in PEOPLE
    }
)


def ts(member: str, hour: int) -> str:
    seconds = int(MONDAY.timestamp()) + 3600 * hour
    return f"{seconds}.{PEOPLE.index(member) + 1:06d}"


def expected(member: str, replies: Any, stay: Any) -> str | None:
    """Return each member's state, computed independently from all events."""
    if any(by == member and not is_gone for by, _, is_gone in replies):
        return "shared"
    joined, left = stay or (NEVER, NEVER)
    return "missed" if joined < CLOSE < left else None


def happens(
    story: Story, round_: Round, event_name: str, member: str, said_at: int
) -> None:
    at = ts(member, said_at) if member else ""
    match event_name:
        case "close":
            story.close_rounds(story.clock.now)
        case "join":
            story.click(member, "checkin_join", str(round_.id))
        case "leave":
            story.click(member, "checkin_leave", str(round_.schedule_id))
        case "said":
            story.say(member, "So", thread_ts=round_.ts, ts=at)
        case "gone":
            story.delete(member, at, thread_ts=round_.ts)


@st.composite
def lives(draw: st.DrawFn) -> tuple[Any, Any, list[tuple[int, Any]]]:
    """Return the events, and when the bot gets them: never too early, perhaps twice."""
    replies, stays = draw(REPLIES), draw(STAYS)
    events = [
        event
        for member, hour, is_gone in replies
        for event in [("said", member, hour)] + [("gone", member, hour)] * is_gone
    ]
    again = draw(st.lists(st.sampled_from(events), max_size=4)) if events else []
    heard = [(draw(st.integers(event[2], 8)), event) for event in events + again]
    return replies, stays, draw(st.permutations(heard))


@pytest.mark.timeout(300)
@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=lives())
# Ana replies after she has left; Ben replies before, delivered late; Chi joins late.
@example(
    life=(
        [(ASKER, 3, False), (HELPER, 2, False), (PEER, 2, False)],
        {ASKER: (0.5, 2.5), HELPER: (0.5, 2.5), PEER: (4.5, NEVER)},
        [(3, ("said", ASKER, 3)), (7, ("said", HELPER, 2)), (6, ("said", PEER, 2))],
    )
)
# All join by the close, delivered in unusual orders.
@pytest.mark.deep
@example(
    life=(
        [(ASKER, 1, True), (HELPER, 5, False), (PEER, 1, False), (PEER, 2, True)],
        dict.fromkeys(PEOPLE, (2.5, NEVER)),
        [
            (1, ("gone", ASKER, 1)),
            (7, ("said", ASKER, 1)),
            (5, ("said", HELPER, 5)),
            (5, ("gone", PEER, 2)),
            (6, ("said", PEER, 2)),
            (7, ("said", PEER, 1)),
        ],
    )
)
def test_any_order_has_the_same_result(story: Story, life: Any):
    replies, stays, heard = life
    round_ = story.post_round()
    with story.rt.write_session.begin() as session:
        for table in (CheckInReply, CheckIn, Participant):
            session.execute(delete(table))
        session.execute(delete(OutboxItem).where(OutboxItem.kind != "checkin.post"))
        merged = session.merge(round_)
        merged.state, merged.closes_at = "open", MONDAY + timedelta(hours=CLOSE)
    doings: list[tuple[float, Any]] = [(hour, event) for hour, event in heard]
    for member, stay in stays.items():
        for at, event_name in zip(stay or (), ("join", "leave"), strict=False):
            if at != NEVER:
                doings.append((at, (event_name, member, 0)))
    doings.append((CLOSE, ("close", "", 0)))
    for hour, doing in sorted(doings, key=lambda doing: doing[0]):
        story.clock.now = MONDAY + timedelta(hours=hour)
        happens(story, round_, *doing)
    jobs.workspace.fetch_new_users(story.rt, story.worker)
    hoped = {member: expected(member, replies, stays[member]) for member in PEOPLE}
    assert response_states(story, round_) == {
        member: state for member, state in hoped.items() if state
    }
