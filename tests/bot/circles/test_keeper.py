"""The agenda keeper: presses in any order give one state, and no meeting stays open."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.circles.formats import Format, Phase, StepKind
from bot.circles.keeper import state_at, turn_order
from bot.circles.presses import Act, Press
from tests.keeper import (
    ANA,
    BEN,
    CHI,
    DEV,
    EVA,
    PEOPLE,
    after,
    any_press,
    meeting,
    press,
    running,
    state,
    stories,
)


@given(
    st.lists(any_press, max_size=30) | stories(), st.randoms(), st.integers(-30, 300)
)
@pytest.mark.deep
def test_any_order_of_presses_gives_one_state(presses, random, minutes):
    expected = state(*presses, at=minutes)
    shuffled = [*presses, *random.choices(presses, k=3)] if presses else []
    random.shuffle(shuffled)
    assert state(*shuffled, at=minutes) == expected


@given(st.lists(any_press, max_size=20) | stories(), st.data())
@pytest.mark.deep
def test_a_press_without_effect_can_be_left_out(presses, data):
    """Nothing depends on whether such a press was stored."""
    whole = state(*presses, at=200)
    kept = [
        each
        for each in presses
        if each in whole.effective or data.draw(st.booleans(), label="kept")
    ]
    assert state(*kept, at=200) == whole


@given(st.lists(any_press, max_size=20) | stories(), st.integers(0, 130))
@pytest.mark.deep
def test_a_state_does_not_depend_on_when_it_was_looked_at(presses, minutes):
    """A job that runs late, or not at all, changes nothing."""
    early = [each for each in presses if each.at <= after(minutes)]
    looked_at = state(*early, at=minutes)
    later = state(*presses, at=300)
    assert looked_at.effective <= later.effective
    if looked_at.phase == Phase.ENDED:
        assert (later.ended_at, later.ended_by) == (
            looked_at.ended_at,
            looked_at.ended_by,
        )


@given(st.lists(any_press, max_size=30) | stories())
@pytest.mark.deep
def test_every_meeting_ends(presses):
    """Without a press it is over 110 minutes after the last one, or its start."""
    last = max([each.at for each in presses], default=after(0))
    ended = state_at(meeting(), presses, max(last, after(0)) + timedelta(minutes=111))
    assert ended.phase == Phase.ENDED
    assert ended.ended_at is not None


@given(stories(), st.integers(0, 130))
@pytest.mark.deep
def test_the_state_is_always_whole(presses, minutes):
    now = state(*presses, at=minutes)
    assert now.is_open == (now.phase in {Phase.RUNNING, Phase.PAUSED})
    if now.agenda is not None:
        assert now.agenda.step in now.agenda.steps
    assert set(now.turns_had) <= set(now.turns_wanted)
    assert now.ended_by is None or now.ended_at is not None


def test_a_meeting_is_planned_until_its_facilitator_starts_it():
    assert state(at=5).phase == Phase.PLANNED
    assert state(press("start", BEN, 1), at=5).phase == Phase.PLANNED
    started = state(press("start", ANA, 1), at=5)
    assert (started.phase, started.agenda.started_at) == (Phase.RUNNING, after(1))


def test_it_can_be_started_from_15_minutes_before():
    assert state(press("start", after=-15.1), at=0).phase == Phase.PLANNED
    assert state(press("start", after=-15), at=0).phase == Phase.RUNNING


def test_two_starts_at_once_are_one():
    started = state(press("start"), press("start", after=0.01), at=1)
    assert started.agenda.started_at == after(0)
    assert press("start", after=0.01) not in started.effective


def test_anyone_present_takes_over_and_the_last_press_wins():
    taken = state(
        press("lead", BEN, 2), press("lead", CHI, 3), press("start", BEN, 4), at=5
    )
    assert (taken.facilitator, taken.phase) == (CHI, Phase.PLANNED)
    assert state(
        press("lead", BEN, 2), press("lead", CHI, 3), press("start", CHI, 4), at=5
    ).is_open


def test_a_facilitator_who_vanishes_in_the_middle_is_replaced():
    after_it = running(press("lead", CHI, 5), press("next", CHI, 6), at=7)
    assert (after_it.facilitator, after_it.agenda.position) == (CHI, 1)
    # Ana comes back, and has to say so.
    ignored = running(press("lead", CHI, 5), press("next", ANA, 6), at=7)
    assert ignored.agenda.position == 0


def test_nobody_takes_over_before_the_meeting_opens():
    assert state(press("lead", BEN, -30), at=0).facilitator == ANA


def test_two_people_who_press_next_for_a_step_move_on_once():
    doubled = running(press("next", after=5), press("next", after=5.01), at=6)
    assert doubled.agenda.position == 1
    assert running(
        press("next", after=5), press("next", after=6, position=1)
    ).agenda.position


def test_a_late_delivery_of_an_earlier_press_counts_where_it_belongs():
    """The pause came first, so "next" did nothing until the meeting went on."""
    pause, following = press("pause", after=4), press("next", after=5)
    assert running(following, at=6).agenda.position == 1
    assert running(following, pause, at=6) == running(pause, following, at=6)
    assert running(following, pause, at=6).agenda.position == 0


def test_two_more_minutes_are_added_once_for_each_press_on_what_was_shown():
    twice = running(
        press("extend", after=5),
        press("extend", after=5.01),
        press("extend", after=5.5, extensions=1),
        at=6,
    )
    assert twice.agenda.extensions == 2
    assert twice.agenda.step_ends_at == after(6 + 4)
    assert (
        running(press("extend", after=5), press("next", after=8)).agenda.extensions == 0
    )


def test_skipping_a_turn_skips_all_its_steps_and_the_turn_does_not_count():
    steps = running().agenda.steps
    at_turn = [press("next", after=6), press("next", after=10, position=1)]
    in_turn = running(*at_turn, at=11)
    assert in_turn.agenda.step is not None
    assert (in_turn.agenda.step.kind, in_turn.agenda.step.member) == (
        StepKind.ISSUE,
        BEN,
    )
    assert in_turn.turns_had == (BEN,)
    skipped = running(*at_turn, press("skip", after=12, position=2), at=13)
    assert skipped.agenda.step == steps[-1]
    assert skipped.turns_had == ()


def test_skipping_another_step_moves_on():
    assert running(press("skip", after=1), at=2).agenda.position == 1


def test_a_pause_takes_nothing_from_the_step():
    paused = running(press("pause", after=2), at=10)
    assert (paused.phase, paused.closes_at) == (Phase.PAUSED, after(22))
    resumed = running(press("pause", after=2), press("resume", after=12), at=13)
    assert resumed.agenda.step_ends_at == after(6 + 10)
    assert resumed.agenda.planned_end == after(60 + 10)
    assert resumed.closes_at == after(100)


def test_a_pause_of_twenty_minutes_ends_the_meeting():
    presses = [press("pause", after=2), press("resume", after=23)]
    ended = running(*presses, at=24)
    assert (ended.ended_at, ended.ended_by) == (after(22), None)
    assert ended.agenda is not None


def test_a_meeting_left_open_ends_half_an_hour_after_its_planned_end():
    assert running(at=89.9).phase == Phase.RUNNING
    ended = running(press("next", after=90.5), at=95)
    assert (ended.ended_at, ended.ended_by) == (after(90), None)


def test_a_meeting_that_nobody_started_is_over_and_did_not_take_place():
    late = state(press("start", after=91), at=92)
    assert (late.phase, late.ended_at, late.agenda) == (
        Phase.ENDED,
        after(90),
        None,
    )


def test_a_late_start_still_gets_the_whole_time():
    late = state(press("start", after=60), at=61)
    assert late.agenda.planned_end == after(120)


def test_the_last_step_ends_the_meeting():
    count = len(running().agenda.steps)
    presses = [press("next", after=n + 1, position=n) for n in range(count)]
    ended = running(*presses, at=50)
    assert (ended.ended_at, ended.ended_by) == (after(count), ANA)
    assert ended.turns_had == (BEN,)


def test_end_works_in_a_pause_and_only_for_the_facilitator():
    pause = press("pause", after=1)
    assert running(pause, press("end", BEN, 2), at=3).phase == Phase.PAUSED
    assert running(pause, press("end", ANA, 2), at=3).ended_by == ANA


def test_people_change_their_minds_about_a_turn_until_the_start():
    presses = [
        press("want_turn", BEN, -60),
        press("want_turn", CHI, -50),
        press("need_no_turn", BEN, -40),
        press("want_turn", DEV, 1),
    ]
    assert state(*presses, press("start"), at=2).turns_wanted == (CHI,)
    assert state(*presses, at=2).turns_wanted == (CHI, DEV)


def test_a_person_without_a_turn_for_longest_comes_first():
    last = {BEN: after(-1000), CHI: after(-5000), DEV: after(-20)}
    assert turn_order([BEN, CHI, DEV, EVA], last) == (EVA, CHI, BEN, DEV)
    wants = [press("want_turn", member, -60 + n) for n, member in enumerate(PEOPLE)]
    started = state(*wants, press("start"), at=1, last_turns=last)
    turns = dict.fromkeys(step.member for step in started.agenda.steps if step.member)
    assert list(turns) == [ANA, EVA, PEOPLE[5]]


def test_the_next_turn_is_the_next_persons():
    wants = [press("want_turn", BEN, -60), press("want_turn", CHI, -59)]
    started = [*wants, press("start")]
    assert state(*started, at=1).agenda.next_turn == BEN
    turn = [press("next", after=n + 1, position=n) for n in range(3)]
    assert state(*started, *turn, at=9).agenda.next_turn == CHI


@pytest.mark.parametrize("act", [act for act in Act if act != Act.START])
def test_no_act_starts_a_meeting_by_itself(act):
    assert not state(press(act, after=1), at=2).is_open


@pytest.mark.parametrize("meeting_format", Format)
def test_each_format_goes_from_its_first_step_to_its_last(meeting_format):
    begin = [press("want_turn", BEN, -60), press("start")]
    count = len(state(*begin, format=meeting_format).agenda.steps)
    presses = [press("next", after=n / 10 + 1, position=n) for n in range(count)]
    for done in range(count):
        now = state(*begin, *presses[:done], at=20, format=meeting_format)
        assert (now.is_open, now.agenda.position) == (True, done)
    assert not state(*begin, *presses, at=20, format=meeting_format).is_open


def test_presses_of_one_microsecond_have_an_order():
    assert sorted(
        [Press(1, BEN, Act.LEAD), Press(1, ANA, Act.LEAD), Press(0, CHI, Act.LEAD)]
    ) == [Press(0, CHI, Act.LEAD), Press(1, ANA, Act.LEAD), Press(1, BEN, Act.LEAD)]


def test_a_facilitator_who_cannot_is_followed_by_the_next_in_the_rota():
    no = press("cannot", ANA, -300)
    assert state(no).facilitator == BEN
    assert state(no, press("cannot", BEN, -200)).facilitator == CHI
    # Chi has said so before it was their turn.
    assert state(press("cannot", CHI, -400), no, press("cannot", BEN, -2)).facilitator
    assert state(no, press("cannot", CHI, -250), press("cannot", BEN, -200)) == state(
        press("cannot", BEN, -200), no, press("cannot", CHI, -250)
    )


def test_a_facilitator_who_can_after_all_gets_the_next_turn_instead():
    """Ben may have prepared: the meeting stays his."""
    presses = [press("cannot", ANA, -300), press("can", ANA, -200)]
    assert (state(*presses).facilitator, state(*presses).declined) == (BEN, frozenset())


def test_if_nobody_can_the_first_who_can_after_all_does_or_anyone_present():
    no = [press("cannot", member, -300) for member in PEOPLE]
    assert state(*no).facilitator == ""
    assert state(*no, press("start", ANA), at=1).phase == Phase.PLANNED
    assert state(*no, press("can", DEV, -100)).facilitator == DEV
    assert state(*no, press("lead", EVA), press("start", EVA, 1), at=2).is_open


def test_a_swap_counts_if_the_facilitator_who_asked_still_is_one():
    swap = press("swap", CHI, -200, other=ANA)
    assert (state(swap).facilitator, state(swap).is_confirmed) == (CHI, True)
    assert state(press("cannot", ANA, -300), swap).facilitator == BEN
    assert state(press("swap", CHI, -200, other=BEN)).facilitator == ANA


def test_the_facilitator_chooses_the_format_until_the_start():
    clinic = press("case_clinic", ANA, -300)
    assert state(clinic).format is Format.CASE_CLINIC
    assert state(press("case_clinic", BEN, -300)).format is Format.TURNS
    assert state(clinic, press("turns", ANA, -200)).format is Format.TURNS
    # Who takes over keeps it, or chooses another one.
    taken = [clinic, press("cannot", ANA, -200)]
    assert state(*taken).format is Format.CASE_CLINIC
    changed = state(*taken, press("discussion", BEN, -100))
    assert changed.format is Format.DISCUSSION
    kinds = [step.kind for step in running(press("discussion", ANA, -5)).agenda.steps]
    assert StepKind.GOAL in kinds
    assert StepKind.ACTIONS in kinds
    assert running(press("discussion", ANA, 1), at=2).format is Format.TURNS


def test_the_rota_is_closed_once_the_meeting_has_begun():
    late = press("cannot", ANA, 2)
    assert running(late, at=3).facilitator == ANA


def test_a_yes_is_remembered():
    assert not state().is_confirmed
    assert state(press("can", ANA, -300)).is_confirmed
