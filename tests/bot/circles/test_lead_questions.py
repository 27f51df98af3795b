"""A lead types questions for a season's meetings."""

import pytest

from bot.circles.lead_questions import of_meeting, read
from bot.errors import UserError


def test_an_empty_line_begins_the_next_meeting():
    stored = read("\nOne?\n Two? \n\n  \nThree <you>?\n", meetings=3)
    assert [list(of_meeting(stored, number)) for number in (1, 2, 3)] == [
        ["One?", "Two?"],
        ["Three &lt;you&gt;?"],
        [],
    ]


@pytest.mark.parametrize("typed", ["", "   ", "\n\n\n", "\u200b"])
def test_there_need_not_be_any(typed: str):
    assert read(typed, meetings=3) == ""
    assert not of_meeting("", 1)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Why?\n" * 6, "Up to 5 questions"),
        ("Why?\n\n" * 4, "for 4 meetings, and the season has 3"),
        ("x" * 201, "Up to 200 characters"),
        ("x\n" * 20_000, "Up to 3000 characters"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(typed: str, words: str):
    with pytest.raises(UserError, match=words) as error:
        read(typed, meetings=3)
    assert error.value.field == "questions"
