"""Each role and each action, against a table of its own."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.members.rules import (
    DENIED_ROLES,
    PERMISSIONS,
    Action,
    Names,
    Role,
    disambiguate,
    is_allowed,
    is_external_author,
    is_external_request,
    is_external_user,
    is_on_vacation,
    require,
)

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
def test_a_status_says_who_is_on_vacation(emoji, text, is_away):
    assert is_on_vacation(emoji, text) is is_away


@pytest.mark.parametrize(
    ("people", "shown"),
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
        # Before Slack has told us more of them.
        ([("Chi", "", ""), ("Chi", "", "")], ["Chi", "Chi"]),
        ([("", "", ""), ("", "", "")], [None, None]),
    ],
)
def test_people_of_the_same_name_are_told_apart(people, shown):
    told = disambiguate({str(n): Names(*names) for n, names in enumerate(people)})
    assert [told.get(str(n)) for n in range(len(people))] == shown


_NAMES = st.sampled_from(["Chi", "chi", "Chi Tan", "Chi Ito", "Ana"])


@given(st.lists(st.tuples(_NAMES, _NAMES | st.just(""))))
def test_no_two_people_are_called_the_same(people):
    names = {
        f"u{n}": Names(name, full, f"u{n}") for n, (name, full) in enumerate(people)
    }
    told = disambiguate(names)
    assert told.keys() == names.keys()
    assert len({name.casefold() for name in told.values()}) == len(told)


# Whose organisation somebody is of

OURS, GRID = "T0PEERS", "E0OURS"


@pytest.mark.parametrize(
    ("user", "is_other"),
    [
        ({}, False),
        ({"team_id": None, "profile": None, "enterprise_user": None}, False),
        ({"team_id": OURS}, False),
        ({"team_id": "T0OTHER"}, True),
        ({"team_id": OURS, "is_stranger": True}, True),
        ({"profile": {"team": "T0OTHER"}}, True),
        ({"team_id": OURS, "profile": {"team": "T0OTHER"}}, True),
        ({"team_id": OURS, "profile": {"team": OURS}}, False),
        # An organisation's own id in a profile, where nobody told us ours.
        ({"team_id": OURS, "profile": {"team": "E0SOME"}}, False),
        ({"enterprise_user": {"enterprise_id": "E0OTHER", "teams": [OURS]}}, False),
        ({"enterprise_user": {"enterprise_id": "E0OTHER", "teams": ["T0X"]}}, True),
        ({"team_id": OURS, "enterprise_user": {"teams": None}}, False),
    ],
)
def test_a_user_object_says_whose_somebody_is(user, is_other):
    assert is_external_user(user, OURS) is is_other


@pytest.mark.parametrize(
    ("user", "is_other"),
    [
        ({"team_id": "T0SISTER", "enterprise_user": {"enterprise_id": GRID}}, False),
        ({"team_id": OURS, "enterprise_user": {"enterprise_id": "E0OTHER"}}, True),
        ({"team_id": "E0OTHER", "enterprise_user": {"teams": ["T0OTHER"]}}, True),
        ({"team_id": GRID}, False),
        ({"team_id": OURS, "profile": {"team": GRID}}, False),
        ({"team_id": OURS, "profile": {"team": "T0SISTER"}}, False),
        ({"profile": {"team": "T0OTHER"}}, True),
    ],
)
def test_in_an_enterprise_its_own_id_decides(user, is_other):
    assert is_external_user(user, OURS, GRID) is is_other


@pytest.mark.parametrize(
    ("said", "ours", "is_other"),
    [
        ({}, None, False),
        ({"team": OURS}, None, False),
        ({"team": "T0OTHER"}, None, True),
        ({"source_team": "T0OTHER", "team": OURS}, None, True),
        ({"user_profile": {"team": "T0OTHER"}, "team": OURS}, None, True),
        # The author's own is asked first: somebody of ours in a channel of others.
        ({"user_team": OURS, "source_team": "T0OTHER", "team": "T0OTHER"}, None, False),
        ({"user_team": "E0OTHER", "team": OURS}, None, True),
        ({"user_team": GRID}, GRID, False),
        ({"user_team": "E0OTHER"}, GRID, True),
        # Perhaps another workspace of our enterprise: `users.info` knows.
        ({"user_team": "T0SISTER"}, GRID, False),
    ],
)
def test_a_message_says_whose_its_author_is(said, ours, is_other):
    assert is_external_author(said, OURS, ours) is is_other


@pytest.mark.parametrize(
    ("body", "is_other"),
    [
        ({"command": "/ask", "team_id": OURS, "enterprise_id": GRID}, False),
        ({"command": "/ask", "team_id": OURS, "enterprise_id": "E0OTHER"}, True),
        ({"command": "/ask", "team_id": "T0SISTER", "enterprise_id": GRID}, False),
        ({"user": {"id": "U1", "team_id": OURS}, "enterprise": None}, False),
        ({"user": {"id": "U1", "team_id": "E0OTHER"}}, True),
        ({"user": {"id": "U1"}, "enterprise": {"id": "E0OTHER"}}, True),
        ({"user": {"id": "U1"}}, False),
        ({}, False),
    ],
)
def test_a_click_says_whose_its_sender_is(body, is_other):
    assert is_external_request(body, OURS, GRID) is is_other
