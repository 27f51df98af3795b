"""When an entry is worth showing to somebody who did not search."""

import pytest

from bot.search.rules import (
    Hit,
    is_worth_showing_unasked,
    possibly_similar,
    prefer_channel,
    rerank,
)

HELP, OPS = 1, 2


def hits(*scores: float, shared: int = 2, share: float = 0.5) -> list[Hit]:
    return [Hit(n, score, shared, share, HELP) for n, score in enumerate(scores, 1)]


def ids(found: list[Hit]) -> list[int]:
    return [hit.ask_id for hit in found]


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
        # Two words of a long title are little.
        (hits(10, 2, share=0.24), False),
        (hits(10, 2, share=0.25), True),
        (hits(0), False),
        ([], False),
    ],
)
def test_only_a_clear_lead_with_a_title_that_is_alike_is_shown(found, is_worth):
    assert is_worth_showing_unasked(found) is is_worth


def test_what_the_second_shares_does_not_matter():
    assert is_worth_showing_unasked([Hit(1, 10, 2, 0.5), Hit(2, 1, 0)])
    assert not is_worth_showing_unasked([Hit(1, 10, 1, 0.5), Hit(2, 1, 5, 1)])


def test_what_is_similar_is_alike_and_not_far_behind_the_best():
    assert ids(possibly_similar(hits(10, 8, 7, 6.9))) == [1, 2, 3]
    assert possibly_similar(hits(10, 8, shared=1)) == []
    assert possibly_similar(hits(10, 8, share=0.2)) == []
    assert possibly_similar([]) == []
    # The best match is the measure even if it is about something else.
    others = [Hit(1, 10, 1, 0.5), Hit(2, 8, 2, 0.5), Hit(3, 6, 2, 0.5)]
    assert ids(possibly_similar(others)) == [2]


def test_entries_of_the_same_channel_come_before_a_little_better_ones():
    found = [Hit(1, 10, 2, 0.5, OPS), Hit(2, 7, 2, 0.5, HELP), Hit(3, 5, 0, 0, OPS)]
    preferred = prefer_channel(found, HELP)
    assert [(hit.ask_id, hit.score) for hit in preferred] == [
        (2, 7),
        (1, pytest.approx(6)),
        (3, pytest.approx(3)),
    ]
    # Without a channel, or where all are of others, the order stays.
    assert prefer_channel(found, None) == found
    assert ids(prefer_channel(found, 3)) == [1, 2, 3]


def test_the_best_is_first_and_of_equals_the_newest():
    found = [Hit(4, 1, 0), Hit(3, 2, 0), Hit(5, 1, 0)]
    assert ids(rerank(found)) == [3, 5, 4]
