"""Rules of exchanges: any order of presses gives one state, and dates are right."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.exchange import rules
from bot.exchange.rules import Answer, Load, Prompt, State

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("begun", "agreed", "end", "state"),
    [
        (None, None, DAY, State.ASKED),
        (None, None, -DAY, State.ENDED),
        (NOW, None, DAY, State.DRAFT),
        (NOW, NOW, DAY, State.RUNNING),
        (NOW, NOW, timedelta(), State.ENDED),
    ],
)
def test_states_derive_from_times(begun, agreed, end, state) -> None:
    assert rules.state(begun, agreed, NOW + end, NOW) is state


PRESSES = [(Answer.NOT_NOW, 3), (Answer.NOT_THIS, 2), (Answer.YES, 1)]


def answered(presses: list[tuple[Answer, int]]) -> str | None:
    answer, at = None, 0
    for choice, micros in presses:
        answer, at = rules.answer(answer, at, choice, micros)
    return answer


def test_presses_in_any_order_give_one_answer() -> None:
    for order in itertools.permutations(PRESSES):
        assert answered([*order, *order]) == Answer.YES
    for order in itertools.permutations(PRESSES[:2]):
        assert answered(list(order)) == Answer.NOT_NOW
    same = [(Answer.NOT_NOW, 5), (Answer.NOT_THIS, 5)]
    assert answered(same) == answered(same[::-1])


def test_room_is_their_own_number_and_one_a_month() -> None:
    assert Load(is_in=True, max_exchanges=2).has_room(NOW)
    assert not Load(is_in=False, max_exchanges=2).has_room(NOW)
    assert not Load(is_in=True, max_exchanges=2, live=2).has_room(NOW)
    for days, has_room in ((29, False), (30, True)):
        load = Load(True, 2, live=1, last_begun_at=NOW - timedelta(days=days))
        assert load.has_room(NOW) is has_room


def test_the_last_day_is_a_whole_one_also_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert rules.end_of(date(2026, 3, 28), berlin) == datetime(
        2026, 3, 28, 23, tzinfo=UTC
    )
    assert rules.end_of(date(2026, 3, 29), berlin) == datetime(
        2026, 3, 29, 22, tzinfo=UTC
    )


def planned(
    weeks: int, weeks_between: int, *, is_extension: bool = False
) -> list[tuple[str, int, int]]:
    """Return the kinds of messages with the meeting's number and the day."""
    end = rules.end_of((NOW + timedelta(weeks=weeks)).date(), ZoneInfo("UTC"))
    plan = rules.plan(NOW, end, weeks_between, is_extension=is_extension)
    return [(str(kind), number, (at - NOW).days) for kind, number, at in plan]


def test_six_meetings_in_twelve_weeks() -> None:
    assert planned(12, 2) == [
        ("meeting", 2, 14),
        ("meeting", 3, 28),
        ("meeting", 4, 42),
        ("meeting", 5, 56),
        ("meeting", 6, 70),
        ("first", 1, 10),
        ("midpoint", 3, 45),
        ("last", 6, 77),
        ("end", 6, 84),
    ]


def test_two_who_agree_a_day_after_writing_it_meet_as_often() -> None:
    end = rules.end_of((NOW + timedelta(days=83)).date(), ZoneInfo("UTC"))
    late = NOW + timedelta(hours=5)
    numbers = [number for _, number, _ in rules.plan(late, end, 2)]
    assert max(numbers) == 6


def test_a_longer_exchange_has_no_first_question_again() -> None:
    kinds = [kind for kind, _, _ in planned(12, 2, is_extension=True)]
    assert kinds.count("meeting") == 6
    assert Prompt.FIRST not in kinds


@pytest.mark.parametrize("weeks", range(2, 27))
@pytest.mark.parametrize("weeks_between", rules.WEEKS_BETWEEN)
def test_nothing_comes_before_the_start_or_after_the_end(
    weeks: int, weeks_between: int
) -> None:
    plan = planned(weeks, weeks_between)
    days = [day for kind, _, day in plan if kind != Prompt.END]
    assert all(0 <= day < 7 * max(weeks, weeks_between) for day in days), plan
    meetings = [number for kind, number, _ in plan if kind == Prompt.MEETING]
    assert meetings == sorted(set(meetings))
    # No message is sent twice, as each has its number.
    assert len({(kind, number) for kind, number, _ in plan}) == len(plan)
