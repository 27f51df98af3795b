"""Our own questions: forty in eight kinds, none twice for a circle."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.circles.questions import QUESTIONS, QuestionKind, choose


def test_there_are_five_questions_of_each_of_eight_kinds():
    kinds = Counter(key.rpartition("-")[0] for key in QUESTIONS)
    assert kinds == dict.fromkeys(QuestionKind, 5)
    assert len(set(QUESTIONS.values())) == 40


def test_each_is_one_open_question():
    for question in QUESTIONS.values():
        assert question.endswith("?")
        assert question.count("?") == 1
        assert len(question) <= 90
        first = question.split()[0]
        assert first in {"What", "Which", "When", "Whom", "Who", "Whose", "How"}


@given(st.integers(1, 10**6))
def test_a_circle_gets_forty_different_questions_and_the_kinds_take_turns(circle_id):
    used: list[str] = []
    for number in range(1, 41):
        key = choose(circle_id, number, used)
        assert key is not None
        used.append(key)
    assert set(used) == set(QUESTIONS)
    for first in range(33):
        kinds = {key.rpartition("-")[0] for key in used[first : first + 8]}
        assert len(kinds) == 8
    assert choose(circle_id, 41, used) is None


def test_circles_begin_with_different_questions():
    assert len({choose(circle_id, 1, []) for circle_id in range(1, 41)}) >= 20


def test_a_meeting_gets_the_same_question_whenever_it_is_chosen():
    assert choose(7, 2, ["change-1"]) == choose(7, 2, ["change-1"])
