"""Each role and each action, against a table of its own."""

import itertools

import pytest

from bot.errors import UserError
from bot.permissions import DENIED_ROLES, PERMISSIONS, Action, Role, is_allowed, require

EACH_ROLE = ("member", "guest", "author", "champion", "admin", "program lead")
TABLE = {
    Action.ASK: "yes yes no no no no",
    Action.MAKE_ASK: "no no yes yes no no",
    Action.OFFER_HELP: "yes yes no no no no",
    Action.SAME_PROBLEM: "yes yes no no no no",
    Action.MARK_HELPFUL: "yes yes no no no no",
    Action.MARK_SOLUTION: "no no yes yes yes no",
    Action.EDIT: "no no yes no no no",
    Action.SET_WHAT_WORKED: "no no yes no no no",
    Action.CLOSE: "no no yes yes yes no",
    Action.REOPEN: "no no yes yes yes no",
    Action.DELETE: "no no yes yes yes no",
    Action.REMOVE_CAPTURED_ASK: "yes yes no no no no",
    Action.CHECK_IN: "yes yes no no no no",
    Action.MANAGE_CHANNEL: "no no no yes yes no",
    Action.INTRODUCE: "no no yes yes yes no",
    Action.MANAGE_WORKSPACE: "no no no no yes yes",
    Action.EDIT_OWN_SETTINGS: "yes yes no no no no",
    Action.MANAGE_OWN_DATA: "yes yes no no no no",
    Action.NAME_PROGRAM_LEADS: "no no no no yes no",
    Action.SEE_MENTORS: "no no no no yes yes",
    Action.GIVE_KUDOS: "yes yes no no no no",
    Action.TAKE_BACK_KUDOS: "no no yes no yes no",
}
PAIRS = [
    (action, Role(role), answer == "yes")
    for action, answers in TABLE.items()
    for role, answer in zip(EACH_ROLE, answers.split(), strict=True)
]


def test_each_action_and_each_role_is_in_the_table():
    assert TABLE.keys() == PERMISSIONS.keys() == set(Action)
    assert {role for _, role, _ in PAIRS} | DENIED_ROLES == set(Role)


@pytest.mark.parametrize(("action", "role", "expected"), PAIRS)
def test_a_role_alone_allows_what_the_table_says(action, role, expected):
    assert is_allowed(action, frozenset({role})) is expected


@pytest.mark.parametrize("action", Action)
def test_who_is_nobody_to_us_may_nothing(action):
    assert not is_allowed(action, frozenset())


@pytest.mark.parametrize(
    ("action", "out"), [*itertools.product(Action, sorted(DENIED_ROLES))]
)
def test_no_other_role_makes_up_for_being_shut_out(action, out):
    assert not is_allowed(action, frozenset(set(Role) - DENIED_ROLES | {out}))


@pytest.mark.parametrize(("action", "role", "expected"), PAIRS)
def test_a_role_more_takes_nothing_away(action, role, expected):
    for more in set(Role) - DENIED_ROLES:
        both = is_allowed(action, frozenset({role, more}))
        assert both is (expected or is_allowed(action, frozenset({more})))


@pytest.mark.parametrize("action", Action)
def test_a_refusal_is_worded_for_the_person(action):
    with pytest.raises(UserError) as refusal:
        require(action, frozenset())
    said = str(refusal.value)
    assert said[0].isupper()
    assert said.endswith(".")


def test_a_stranger_is_told_so():
    with pytest.raises(UserError, match="members of the workspace"):
        require(Action.ASK, frozenset({Role.MEMBER, Role.EXTERNAL}))


# Whose organisation somebody is of
