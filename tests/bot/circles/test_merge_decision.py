"""The decision of two circles follows from the answers, in whatever order they come."""

import itertools

from bot.circles.rules import merge_decision

SMALL, LARGE = ["a", "b", "c"], ["d", "e", "f", "g"]


def test_half_of_each_circle_is_enough_and_more_than_half_against_is_a_no():
    yes = dict.fromkeys("ab", True)
    assert merge_decision([SMALL, LARGE], (), yes) is None
    assert merge_decision([SMALL, LARGE], (), yes | dict.fromkeys("de", True)) is True
    assert merge_decision([SMALL, LARGE], (), dict.fromkeys("de", False)) is None
    assert merge_decision([SMALL, LARGE], (), dict.fromkeys("def", False)) is False


def test_people_who_would_move_say_so_themselves():
    yes = dict.fromkeys("abde", True)
    assert merge_decision([SMALL, LARGE], {"g"}, yes) is None
    assert merge_decision([SMALL, LARGE], {"g"}, yes | {"g": True}) is True
    assert merge_decision([SMALL, LARGE], {"g"}, yes | {"g": False}) is False


def test_no_answers_make_both_a_yes_and_a_no():
    """Once decided, a further answer that is the same does not turn the decision."""
    for answers in itertools.product((True, False, None), repeat=4):
        given = {
            each: answer
            for each, answer in zip("abde", answers, strict=True)
            if answer is not None
        }
        circles = [["a", "b"], ["d", "e"]]
        decision = merge_decision(circles, (), given)
        for each in set("abde") - set(given):
            later = merge_decision(circles, (), given | {each: True})
            assert decision is not True or later is True
            later = merge_decision(circles, (), given | {each: False})
            assert decision is not False or later is False
