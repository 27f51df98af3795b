"""Ids, timestamps, the clock, and people's permissions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.block_kit.texts import encode_entities
from sandbox.workspace.clock import TravelClock
from sandbox.workspace.manifests import Manifest
from sandbox.workspace.workspace import Workspace, ts_micros
from tests.sandbox.conftest import MANIFEST

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def workspace(clock):
    return Workspace(Manifest.parse(MANIFEST), clock)


@given(st.lists(st.integers(0, 3), max_size=30))
def test_timestamps_only_grow(steps):
    clock = TravelClock(NOON, running=False)
    place, seen = workspace(clock), [0]
    for step in steps:
        clock.advance(timedelta(microseconds=step))
        seen.append(ts_micros(place.next_ts()))
    assert seen == sorted(set(seen))


def test_timestamps_have_slacks_format():
    assert workspace(lambda: NOON).next_ts() == "1772452800.000000"
    with pytest.raises(ValueError, match="not a time stamp"):
        workspace(lambda: NOON).next_ts("1.5")


def test_ids_are_unique_and_of_one_length():
    place = workspace(lambda: NOON)
    ids = [place.next_id("U") for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert {len(one) for one in ids} == {10}


def test_a_clock_only_goes_forward():
    clock = TravelClock(NOON, running=False)
    moved: list[datetime] = []
    clock.on_move(lambda: moved.append(clock()))
    clock.travel_to(NOON + timedelta(days=7))
    assert clock() == NOON + timedelta(days=7) == moved[0]
    with pytest.raises(ValueError, match="forward"):
        clock.travel_to(NOON)
    with pytest.raises(ValueError, match="zone"):
        clock.travel_to(datetime(2027, 1, 1))  # noqa: DTZ001
    running = TravelClock(NOON)
    assert NOON <= running() <= running()


@given(st.text(alphabet="@#ab <>&!channelhere.:/\n", max_size=60))
def test_typed_text_contains_no_markup_of_its_own(text):
    sent = encode_entities(workspace(lambda: NOON), text)
    for part in sent.split("<")[1:]:
        assert part.startswith(("http", "mailto:", "!channel>", "!here>"))


def test_people_may_not_do_everything(slack, ana, ben, room):
    ts = slack.say(ben.id, room.id, "his")
    gone = slack.add_person("gone", deleted=True)
    slack.join(room.id, gone.id)
    outsider = slack.add_person("outsider")
    for not_allowed in (
        lambda: slack.edit(ana.id, room.id, ts, "x"),
        lambda: slack.delete(ana.id, room.id, ts),
        lambda: slack.say(gone.id, room.id, "x"),
        lambda: slack.say(outsider.id, room.id, "x"),
        lambda: slack.react(outsider.id, room.id, ts, "eyes"),
        lambda: slack.command(outsider.id, room.id, "/parrot"),
    ):
        with pytest.raises(PermissionError):
            not_allowed()
    admin = slack.add_person("admin", is_admin=True)
    slack.join(room.id, admin.id)
    slack.delete(admin.id, room.id, ts)
    slack.archive(room.id)
    with pytest.raises(PermissionError, match="archived"):
        slack.say(ana.id, room.id, "x")
