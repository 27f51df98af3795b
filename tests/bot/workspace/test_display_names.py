"""Unique names for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.display_names import Names, disambiguate


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([("Ana", "Ana Ito", "ana"), ("Chi", "Chi Tan", "chi")], ["Ana", "Chi"]),
        ([("Chi", "Chi Ito", "chi"), ("chi", "Chi Tan", "c2")], ["Chi Ito", "Chi Tan"]),
        ([("Chi", "Chi", "chi"), ("Chi", "Chi Tan", "c2")], ["Chi", "Chi Tan"]),
        ([("Chi", "", "chi"), ("Chi", "", "c2")], ["Chi (@chi)", "Chi (@c2)"]),
        (
            [("C", "Chi Tan", "a"), ("C", "Chi Tan", "b"), ("C", "Chi Ito", "c")],
            ["Chi Tan (@a)", "Chi Tan (@b)", "Chi Ito"],
        ),
        (
            [("Chi", "Chi Tan", "a"), ("Chi", "Chi Ito", "b"), ("Chi Tan", "", "c")],
            ["Chi Tan (@a)", "Chi Ito", "Chi Tan (@c)"],
        ),
        # Before Slack has sent more of their profile.
        ([("Chi", "", ""), ("Chi", "", "")], ["Chi", "Chi"]),
        ([("", "", ""), ("", "", "")], [None, None]),
    ],
)
def test_people_of_the_same_name_are_distinguished(people, expected):
    names_by_id = disambiguate(
        {str(n): Names(*names) for n, names in enumerate(people)}
    )
    assert [names_by_id.get(str(n)) for n in range(len(people))] == expected


_NAMES = st.sampled_from(["Chi", "chi", "Chi Tan", "Chi Ito", "Ana"])


@given(st.lists(st.tuples(_NAMES, _NAMES | st.just(""))))
def test_no_two_people_have_the_same_name(people):
    names = {
        f"u{n}": Names(name, full, f"u{n}") for n, (name, full) in enumerate(people)
    }
    names_by_id = disambiguate(names)
    assert names_by_id.keys() == names.keys()
    assert len({name.casefold() for name in names_by_id.values()}) == len(names_by_id)
