"""The rota of facilitators: everyone has their turn, whatever happens between."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.circles import rota
from bot.circles.keeper import state_at
from tests.keeper import ANA, AT, BEN, CHI, DEV, EVA, FAY, PEOPLE, meeting, press

POSITIONS = {member: number for number, member in enumerate(PEOPLE)}


def season(presses_of, count, members=PEOPLE):
    """Return the facilitators of some weekly meetings, from presses before each."""
    facilitated: dict[str, datetime] = {}
    facilitators = []
    for week in range(count):
        order = rota.order({each: POSITIONS[each] for each in members}, facilitated)
        state = state_at(meeting(rota=order), presses_of(week, order), AT)
        facilitators.append(state.facilitator)
        facilitated[state.facilitator] = AT + timedelta(weeks=week)
    return facilitators


def test_everyone_facilitates_once_before_anyone_does_twice():
    assert season(lambda *_: [], 8) == [*PEOPLE, ANA, BEN]


def test_a_person_who_skipped_is_next():
    def skips_first(week, _order):
        return [press("cannot", ANA, -300)] if week == 0 else []

    assert season(skips_first, 3) == [BEN, ANA, CHI]


def test_after_a_swap_the_other_is_next_in_turn():
    def swaps(week, _order):
        return [press("swap", DEV, -300, other=ANA)] if week == 0 else []

    assert season(swaps, 6) == [DEV, ANA, BEN, CHI, EVA, FAY]


@given(st.lists(st.sets(st.sampled_from(PEOPLE), max_size=4), min_size=1, max_size=30))
def test_nobody_waits_while_another_facilitates_twice(declining):
    """Unless they said each time that they can't."""

    def decline(week, _order):
        return [press("cannot", member, -300) for member in sorted(declining[week])]

    facilitators = season(decline, len(declining))
    for member in PEOPLE:
        since: dict[str, int] = {}
        for week, facilitator in enumerate(facilitators):
            if facilitator == member or member in declining[week]:
                since.clear()
                continue
            since[facilitator] = since.get(facilitator, 0) + 1
            assert since[facilitator] <= 2


def test_a_member_who_left_is_left_out_and_one_who_joined_comes_last():
    assert rota.present([CHI, ANA, BEN], [ANA, BEN, DEV]) == (ANA, BEN, DEV)
    assert rota.present([], [ANA]) == (ANA,)
    assert rota.order({}, {}) == ()
