"""External members, in Slack's payloads."""

import pytest

from bot.workspace.external import (
    is_external_author,
    is_external_request,
    is_external_user,
)

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
        # An organisation's id in a profile, while our own is unknown.
        ({"team_id": OURS, "profile": {"team": "E0SOME"}}, False),
        ({"enterprise_user": {"enterprise_id": "E0OTHER", "teams": [OURS]}}, False),
        ({"enterprise_user": {"enterprise_id": "E0OTHER", "teams": ["T0X"]}}, True),
        ({"team_id": OURS, "enterprise_user": {"teams": None}}, False),
    ],
)
def test_a_user_object_identifies_the_workspace(user, is_other):
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
    ("payload", "ours", "is_other"),
    [
        ({}, None, False),
        ({"team": OURS}, None, False),
        ({"team": "T0OTHER"}, None, True),
        ({"source_team": "T0OTHER", "team": OURS}, None, True),
        ({"user_profile": {"team": "T0OTHER"}, "team": OURS}, None, True),
        # The author's own team comes first: one of our members in a shared channel.
        ({"user_team": OURS, "source_team": "T0OTHER", "team": "T0OTHER"}, None, False),
        ({"user_team": "E0OTHER", "team": OURS}, None, True),
        ({"user_team": GRID}, GRID, False),
        ({"user_team": "E0OTHER"}, GRID, True),
        # It may be another workspace of our enterprise: `users.info` knows.
        ({"user_team": "T0SISTER"}, GRID, False),
    ],
)
def test_a_message_identifies_its_authors_workspace(payload, ours, is_other):
    assert is_external_author(payload, OURS, ours) is is_other


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
def test_a_click_identifies_its_senders_workspace(body, is_other):
    assert is_external_request(body, OURS, GRID) is is_other
