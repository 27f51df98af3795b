"""When an entry is worth showing to somebody who did not search."""

import pytest

from bot.search.rules import Hit, is_worth_showing_unasked, rerank


def hits(*scores: float, shared: int = 2) -> list[Hit]:
    return [Hit(n, score, shared) for n, score in enumerate(scores, 1)]


@pytest.mark.parametrize(
    ("found", "is_worth"),
    [
        (hits(10, 7), True),
        (hits(10, 7.01), False),
        (hits(10, 10), False),
        (hits(10, 2, 1), True),
        (hits(10), True),
        (hits(10, 2, shared=1), False),
        (hits(10, 2, shared=3), True),
        (hits(0), False),
        ([], False),
    ],
)
def test_only_a_clear_lead_with_two_words_of_the_title_is_shown(found, is_worth):
    assert is_worth_showing_unasked(found) is is_worth


def test_what_the_second_shares_does_not_matter():
    assert is_worth_showing_unasked([Hit(1, 10, 2), Hit(2, 1, 0)])
    assert not is_worth_showing_unasked([Hit(1, 10, 1), Hit(2, 1, 5)])


def test_the_best_is_first_and_of_equals_the_newest():
    found = [Hit(4, 1, 0), Hit(3, 2, 0), Hit(5, 1, 0)]
    assert [hit.ask_id for hit in rerank(found)] == [3, 5, 4]
