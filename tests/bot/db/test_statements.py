"""The latest event wins, in any order of events, on both databases."""

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import Insert, event, select, text
from sqlalchemy.orm import ORMExecuteState

from bot.clock import datetime_to_micros
from bot.db.statements import (
    lock_rows,
    replace_members,
    set_columns,
    upsert_latest,
)
from bot.runtime import Runtime
from bot.workspace import channels
from models import Champion, Channel, ChannelMember, Home
from tests.conftest import NOW
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER

pytestmark = pytest.mark.on_postgresql

AT = datetime_to_micros(NOW)
LATEST = datetime_to_micros(NOW + timedelta(minutes=5))
UPSERT = upsert_latest(
    ChannelMember, ["channel_id", "member"], [], presence="is_member", has_limit=True
)


@pytest.fixture
def channel(rt: Runtime) -> int:
    with rt.write(rt.workspaces.only) as tx:
        return channels.get_or_create(tx, HELP_CHANNEL).id


def record(rt: Runtime, channel: int, *events: tuple[int, bool]) -> bool:
    """Record the events; return True if the member is in the channel."""
    with rt.write(rt.workspaces.only) as tx:
        for at, is_in in events:
            row = {
                "channel_id": channel,
                "member": ASKER,
                "is_member": is_in,
                "event_micros": at,
            }
            tx.session.execute(UPSERT(tx.session), row | {"latest": LATEST})
        found = tx.session.scalars(select(ChannelMember)).one()
        state = found.is_member
        tx.session.delete(found)
        return state


def test_the_latest_event_wins_in_any_order(rt: Runtime, channel: int):
    events = [(AT, True), (AT + 1, False), (AT + 2, True)]
    assert {record(rt, channel, *order) for order in permutations(events)} == {True}


def test_of_two_simultaneous_events_the_removal_wins(rt: Runtime, channel: int):
    events = [(AT, True), (AT, False)]
    assert {record(rt, channel, *order) for order in permutations(events)} == {False}


def test_a_time_in_the_future_gives_way(rt: Runtime, channel: int):
    """Such a time was stored while our clock was ahead."""
    assert record(rt, channel, (LATEST, True), (AT, False))
    assert not record(rt, channel, (LATEST + 1, True), (AT, False))


@pytest.mark.parametrize("is_in", [True, False])
def test_only_a_later_event_is_reported(rt: Runtime, channel: int, *, is_in: bool):
    with rt.write(rt.workspaces.only) as tx:
        row = {
            "channel_id": channel,
            "member": ASKER,
            "is_member": is_in,
            "latest": LATEST,
        }
        written = [
            tx.session.execute(UPSERT(tx.session), row | {"event_micros": at}).all()
            for at in (AT, AT, AT - 1, AT + 1)
        ]
    assert written == [[(channel, ASKER)], [], [], [(channel, ASKER)]]


def test_a_set_of_members_is_replaced(rt: Runtime, channel: int):
    for people in ([ASKER, HELPER], [HELPER, PEER], []):
        with rt.write(rt.workspaces.only) as tx:
            replace_members(tx.session, Champion, people, channel_id=channel)
        with rt.read(rt.workspaces.only) as tx:
            assert channels.champions(tx.session, channel) == sorted(people)


def test_the_set_of_another_channel_stays(rt: Runtime, channel: int):
    with rt.write(rt.workspaces.only) as tx:
        other = channels.get_or_create(tx, "C0OTHER").id
        replace_members(tx.session, Champion, [PEER], channel_id=other)
        replace_members(tx.session, Champion, [ASKER], channel_id=channel)
    with rt.read(rt.workspaces.only) as tx:
        assert channels.champions(tx.session, channel) == [ASKER]
        assert channels.champions(tx.session, other) == [PEER]


def test_a_set_of_members_is_stored_in_one_order(rt: Runtime, channel: int):
    """Else two transactions that store the same people could wait for each other."""
    people = [f"U{number:09}" for number in range(20)]
    stored: list[str] = []

    def note(state: ORMExecuteState) -> None:
        if isinstance(state.statement, Insert):
            dialect = state.session.get_bind().dialect
            stored.append(state.statement.compile(dialect=dialect).params["member"])

    with rt.write(rt.workspaces.only) as tx:
        event.listen(tx.session, "do_orm_execute", note)
        replace_members(tx.session, Champion, people, channel_id=channel)
    assert stored == people


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_others_refer_to_a_locked_row_without_waiting(rt: Runtime, channel: int):
    with rt.write(rt.workspaces.only) as tx:
        lock_rows(tx.session, Channel, [channel])
        with rt.write(rt.workspaces.only) as other:
            # A transaction that had to wait would fail.
            other.session.execute(text("SET LOCAL lock_timeout = '1s'"))
            replace_members(other.session, Champion, [ASKER], channel_id=channel)
    with rt.read(rt.workspaces.only) as tx:
        assert channels.champions(tx.session, channel) == [ASKER]


def test_columns_are_set_on_new_and_existing_rows(rt: Runtime):
    key = {"installation_id": rt.workspaces.only.id, "member": ASKER}
    for starts in ({"asks": 5}, {}):
        with rt.write(rt.workspaces.only) as tx:
            set_columns(tx.session, Home, key, view_hash="h", page_offsets=starts)
        with rt.read(rt.workspaces.only) as tx:
            home = tx.session.scalars(select(Home)).one()
            assert (home.view_hash, home.page_offsets) == ("h", starts)
