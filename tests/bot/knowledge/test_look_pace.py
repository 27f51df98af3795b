"""The pace of the looks in a form, while characters come in any order."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.knowledge.look_pace import MAX_FORMS, PAUSE, LookPace, Turn

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def typed(at_micros: int, view_id: str = "V1") -> Turn:
    return Turn(view_id, at_micros, is_typing=True)


@pytest.fixture
def pace() -> LookPace:
    return LookPace()


def test_a_look_draws_unless_a_later_character_has_come(pace: LookPace):
    assert pace.begin(typed(1), now=NOW)
    assert pace.begin(typed(2), now=NOW)
    assert not pace.claim_draw(typed(1), now=NOW)
    assert pace.claim_draw(typed(2), now=NOW)


def test_a_character_that_comes_late_looks_for_nothing(pace: LookPace):
    pace.begin(typed(2), now=NOW)
    assert not pace.begin(typed(1), now=NOW)


def test_the_same_action_may_begin_again_after_a_conflict(pace: LookPace):
    assert pace.begin(typed(1), now=NOW)
    assert pace.begin(typed(1), now=NOW)
    assert pace.claim_draw(typed(1), now=NOW)


def test_a_form_rests_between_two_draws(pace: LookPace):
    pace.begin(typed(1), now=NOW)
    pace.claim_draw(typed(1), now=NOW)
    almost = NOW + PAUSE - timedelta(microseconds=1)
    assert not pace.begin(typed(2), now=almost)
    assert not pace.claim_draw(typed(2), now=almost)
    assert pace.begin(typed(3), now=NOW + PAUSE)
    assert pace.claim_draw(typed(3), now=NOW + PAUSE)


def test_of_two_looks_that_began_together_one_draws(pace: LookPace):
    assert pace.begin(typed(1), now=NOW)
    assert pace.claim_draw(typed(1), now=NOW)
    assert not pace.claim_draw(typed(2), now=NOW)


def test_what_is_pressed_need_not_wait(pace: LookPace):
    pace.begin(typed(1), now=NOW)
    pace.claim_draw(typed(1), now=NOW)
    pressed = Turn("V1", 2)
    assert pace.begin(pressed, now=NOW)
    assert pace.claim_draw(pressed, now=NOW)
    # But characters wait after it.
    assert not pace.begin(typed(3), now=NOW)


def test_forms_are_apart(pace: LookPace):
    pace.begin(typed(5, "V1"), now=NOW)
    pace.claim_draw(typed(5, "V1"), now=NOW)
    assert pace.begin(typed(1, "V2"), now=NOW)
    assert pace.claim_draw(typed(1, "V2"), now=NOW)


def test_a_clock_that_is_set_back_stops_no_form_for_long(pace: LookPace):
    pace.begin(typed(1), now=NOW)
    pace.claim_draw(typed(1), now=NOW)
    assert pace.begin(typed(2), now=NOW - timedelta(hours=1))


def test_it_remembers_only_the_forms_used_last(pace: LookPace):
    pace.begin(typed(9, "V0"), now=NOW)
    for number in range(1, MAX_FORMS):
        pace.begin(typed(9, f"V{number}"), now=NOW)
    assert not pace.begin(typed(1, "V0"), now=NOW)
    pace.begin(typed(9, "one more"), now=NOW)
    assert not pace.begin(typed(1, "V0"), now=NOW)
    assert pace.begin(typed(1, "V1"), now=NOW)
