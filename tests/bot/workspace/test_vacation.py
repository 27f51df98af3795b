"""Statuses that mean a vacation."""

import pytest

from bot.workspace.vacation import is_on_vacation


@pytest.mark.parametrize(
    ("emoji", "text", "is_away"),
    [
        (":palm_tree:", "", True),
        ("", "On vacation until Monday", True),
        ("", "Out of office", True),
        ("", "on parental leave", True),
        ("", "OOO", True),
        (":house:", "Working from home", False),
        ("", "Leave a message", False),
        ("", "In Boookland", False),
        ("", "", False),
    ],
)
def test_a_status_shows_a_vacation(emoji, text, is_away):
    assert is_on_vacation(emoji, text) is is_away
