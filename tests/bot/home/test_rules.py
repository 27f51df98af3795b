"""Asks in a member's topics, and the start of a page."""

import pytest

from bot.asks.rules import matches_topics
from bot.home.rules import page_start, parse_page


@pytest.mark.parametrize(
    ("topics", "title", "known_topics", "expected"),
    [
        (["Python"], "How do I fix x?", ["python"], True),
        ([], "Why is Python slow?", ["python"], True),
        ([], "Why is CPython slow?", ["python"], False),
        ([], "What is C++ good for?", ["c++"], True),
        ([], "What is C++ good for?", ["c"], True),
        ([], "Code review: how?", ["code review"], True),
        (["time"], "How do I fix x?", ["python"], False),
        (["time"], "How do I fix x?", [], False),
        ([], "Was ist STRASSE?", ["straße"], True),
    ],
)
def test_an_ask_matches_a_topic_by_its_tags_or_its_words(
    topics, title, known_topics, expected
):
    assert matches_topics(topics, title, known_topics) is expected


@pytest.mark.parametrize(
    ("start", "total", "expected"),
    [
        (0, 0, 0),
        (8, 0, 0),
        (8, 8, 0),
        (8, 9, 8),
        (9, 20, 9),
        (800, 20, 16),
        (-8, 20, 0),
        ("8", 20, 0),
        (None, 20, 0),
    ],
)
def test_a_page_starts_inside_the_list(start, total, expected):
    assert page_start(start, total, 8) == expected


def test_a_buttons_value_names_the_list_and_the_page():
    assert parse_page("helped:5", {"helped"}) == ("helped", 5)
    for forged in ("", "helped", "helped:", "helped:x", "other:5", "helped:9999999"):
        assert parse_page(forged, {"helped"}) is None
