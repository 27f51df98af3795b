"""Each role and each action, compared with an independent table."""

import itertools

import pytest

from bot.anonymity.permissions import (
    ACT_AS_ASKER,
    LOOK_AFTER,
    REPORT,
    STOP_EVERYWHERE,
)
from bot.asks.permissions import (
    CLOSE,
    DELETE,
    EDIT,
    MAKE_ASK,
    MARK_HELPFUL,
    MARK_SOLUTION,
    OFFER_HELP,
    REMOVE_CAPTURED_ASK,
    REOPEN,
    SAME_PROBLEM,
    SET_WHAT_WORKED,
    SOLVE_BY_REFERENCE,
)
from bot.buddies.permissions import HAVE_BUDDY, SEE_BUDDIES
from bot.checkins.permissions import CHECK_IN
from bot.circles.permissions import MEET, RUN_SEASON, SIGN_UP, START_CIRCLE
from bot.errors import UserError
from bot.exchange.permissions import COUNT_EXCHANGES, LEARN_TOGETHER
from bot.features import FEATURES
from bot.knowledge.permissions import FIND, POINT, REVIEW
from bot.kudos.permissions import GIVE_KUDOS, TAKE_BACK_KUDOS
from bot.mentors.permissions import SEE_MENTORS
from bot.onboarding.permissions import INTRODUCE
from bot.pairs.permissions import SEE_PAIRS, TAKE_PART
from bot.permissions import (
    ASK,
    DENIED_ROLES,
    EDIT_OWN_SETTINGS,
    MANAGE_CHANNEL,
    MANAGE_OWN_DATA,
    MANAGE_WORKSPACE,
    NAME_PROGRAM_LEADS,
    Role,
    is_allowed,
    require,
)
from bot.programs.permissions import INVITE, JOIN, MAKE_PROGRAM, RUN_PROGRAM

EACH_ROLE = ("member", "guest", "author", "champion", "admin", "program lead")
TABLE = {
    ASK: "yes yes no no no no",
    MAKE_ASK: "no no yes yes no no",
    OFFER_HELP: "yes yes no no no no",
    SAME_PROBLEM: "yes yes no no no no",
    MARK_HELPFUL: "yes yes no no no no",
    MARK_SOLUTION: "no no yes yes yes no",
    EDIT: "no no yes no no no",
    SET_WHAT_WORKED: "no no yes no no no",
    CLOSE: "no no yes yes yes no",
    REOPEN: "no no yes yes yes no",
    DELETE: "no no yes yes yes no",
    REMOVE_CAPTURED_ASK: "yes yes no no no no",
    CHECK_IN: "yes yes no no no no",
    MEET: "yes yes no no no no",
    MANAGE_CHANNEL: "no no no yes yes no",
    INTRODUCE: "no no yes yes yes no",
    MANAGE_WORKSPACE: "no no no no yes yes",
    EDIT_OWN_SETTINGS: "yes yes no no no no",
    MANAGE_OWN_DATA: "yes yes no no no no",
    NAME_PROGRAM_LEADS: "no no no no yes no",
    SOLVE_BY_REFERENCE: "no no yes no no no",
    FIND: "yes yes no no no no",
    REVIEW: "yes yes no no no no",
    POINT: "yes yes no no no no",
    SEE_MENTORS: "no no no no yes yes",
    GIVE_KUDOS: "yes yes no no no no",
    TAKE_BACK_KUDOS: "no no yes no yes no",
    INVITE: "no no no yes yes yes",
    JOIN: "yes yes no no no no",
    MAKE_PROGRAM: "no no no no yes yes",
    RUN_PROGRAM: "no no no no yes yes",
    RUN_SEASON: "no no no no yes yes",
    SIGN_UP: "yes yes no no no no",
    START_CIRCLE: "yes yes no no no no",
    LEARN_TOGETHER: "yes yes no no no no",
    COUNT_EXCHANGES: "no no no no yes yes",
    HAVE_BUDDY: "yes yes no no no no",
    SEE_BUDDIES: "no no no no yes yes",
    ACT_AS_ASKER: "no no yes no no no",
    REPORT: "yes yes no no no no",
    LOOK_AFTER: "no no no yes yes yes",
    STOP_EVERYWHERE: "no no no no yes yes",
    TAKE_PART: "yes yes no no no no",
    SEE_PAIRS: "no no no no yes yes",
}
PAIRS = [
    (action, Role(role), answer == "yes")
    for action, answers in TABLE.items()
    for role, answer in zip(EACH_ROLE, answers.split(), strict=True)
]


def test_each_action_and_each_role_is_in_the_table():
    assert list(TABLE)
    assert TABLE.keys() == set(FEATURES.permissions)
    assert {role for _, role, _ in PAIRS} | DENIED_ROLES == set(Role)


def test_a_role_alone_allows_what_the_table_says():
    allowed = {
        (action, role): is_allowed(action, frozenset({role}))
        for action, role, _ in PAIRS
    }
    assert allowed == {(action, role): expected for action, role, expected in PAIRS}


def test_a_person_without_a_role_may_do_nothing():
    for action in FEATURES.permissions:
        assert not is_allowed(action, frozenset()), action


def test_no_other_role_overrides_a_denied_one():
    for action, out in itertools.product(FEATURES.permissions, DENIED_ROLES):
        roles = frozenset(set(Role) - DENIED_ROLES | {out})
        assert not is_allowed(action, roles), (action, out)


def test_an_additional_role_removes_nothing():
    for action, role, expected in PAIRS:
        for more in set(Role) - DENIED_ROLES:
            both = is_allowed(action, frozenset({role, more}))
            alone = is_allowed(action, frozenset({more}))
            assert both is (expected or alone), (action, role, more)


@pytest.mark.parametrize("action", FEATURES.permissions)
def test_a_denial_is_worded_for_the_person(action):
    with pytest.raises(UserError) as refusal:
        require(action, frozenset())
    message = str(refusal.value)
    assert message[0].isupper()
    assert message.endswith(".")


def test_an_external_member_gets_the_reason():
    with pytest.raises(UserError, match="members of the workspace"):
        require(ASK, frozenset({Role.MEMBER, Role.EXTERNAL}))


# Membership of an organisation
