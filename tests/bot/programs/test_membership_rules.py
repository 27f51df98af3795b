"""One membership, in whatever order presses arrive."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import datetime_to_micros
from bot.programs.membership_rules import (
    RETURN_WITHIN,
    Event,
    Join,
    Leave,
    Membership,
    Pause,
    Return,
    RulesSeen,
    apply,
    pause_end,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
Kind = Literal["join", "leave", "return", "pause", "stay", "seen", "forget"]
# These are handled when they happen; Slack may deliver the others late, and again.
AT_ONCE = ("join", "forget")


@dataclass(frozen=True)
class Step:
    kind: Kind
    hour: int
    delays: tuple[int, ...] = (0,)

    @property
    def event(self) -> Event | None:
        """The event; None for the erasure."""
        at = NOW + timedelta(hours=self.hour)
        micros = datetime_to_micros(at)
        # The rules change every few hours.
        version = 1 + self.hour // 6
        events: dict[Kind, Event] = {
            "join": Join(at, micros, version),
            "leave": Leave(micros),
            "return": Return(micros),
            "pause": Pause(at, pause_end(at.date()) + timedelta(days=self.hour)),
            "stay": Pause(at, None),
            "seen": RulesSeen(version),
        }
        return events.get(self.kind)


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Return what a person did, each at another hour."""
    hours = draw(st.lists(st.integers(0, 40), unique=True, min_size=1, max_size=9))
    kinds: tuple[Kind, ...] = (
        *("join", "leave", "return", "pause", "stay", "seen", "forget"),
    )
    steps = []
    for hour in sorted(hours):
        kind = draw(st.sampled_from(kinds))
        late = st.lists(st.integers(0, 40), min_size=1, max_size=3).map(tuple)
        delays = (0,) if kind in AT_ONCE else draw(late)
        steps.append(Step(kind, hour, delays))
    return steps


def as_delivered(history: list[Step]) -> list[Step]:
    """Return each delivery of each step, in the order in which they arrive."""
    deliveries = chain.from_iterable(
        [(step.hour + delay, step) for delay in step.delays] for step in history
    )
    return [step for _, step in sorted(deliveries, key=lambda pair: pair[0])]


def fold(steps: Iterable[Step]) -> Membership | None:
    state: Membership | None = None
    for step in steps:
        state = None if step.event is None else apply(state, step.event)
    return state


@given(histories())
@pytest.mark.deep
def test_late_and_repeated_presses_change_nothing(history: list[Step]) -> None:
    assert fold(as_delivered(history)) == fold(history)


def joined(hour: int = 0) -> Membership:
    state = fold([Step("join", hour)])
    assert state is not None
    return state


def test_of_two_presses_at_the_same_time_the_one_that_leaves_wins() -> None:
    micros = datetime_to_micros(NOW + timedelta(hours=5))
    events: list[Event] = [Leave(micros), Return(micros)]
    for ordered in (events, events[::-1]):
        state: Membership | None = joined()
        for event in ordered:
            state = apply(state, event)
        assert state is not None
        assert not state.is_joined


def test_a_return_is_as_before() -> None:
    history = [Step("join", 0), Step("pause", 1)]
    before, back = fold(history), fold([*history, Step("leave", 2), Step("return", 3)])
    assert before is not None
    assert back is not None
    assert back == replace(before, event_micros=back.event_micros)


def test_a_press_is_enough_within_thirty_days() -> None:
    left = fold([Step("join", 0), Step("leave", 2)])
    assert left is not None
    left_at = NOW + timedelta(hours=2)
    assert left.can_return(left_at + RETURN_WITHIN, left_at)
    assert not left.can_return(left_at + RETURN_WITHIN + timedelta(seconds=1), left_at)
    assert not joined().can_return(NOW, NOW)


def test_the_form_begins_anew_and_ends_a_pause() -> None:
    history = [Step("join", 0), Step("pause", 1), Step("leave", 2), Step("join", 30)]
    state = fold(history)
    assert state is not None
    assert state.is_joined
    assert state.joined_at == NOW + timedelta(hours=30)
    assert state.paused_until is None


@pytest.mark.parametrize(
    ("today", "end"),
    [
        (date(2026, 3, 2), date(2026, 6, 2)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 3, 31)),
    ],
)
def test_a_pause_is_three_months(today: date, end: date) -> None:
    assert pause_end(today) == end
    state = apply(joined(), Pause(NOW + timedelta(hours=1), end))
    assert state is not None
    assert state.is_paused(end - timedelta(days=1))
    assert not state.is_paused(end)
