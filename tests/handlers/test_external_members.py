"""External members are recognised by any of Slack's payloads."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

import handlers.bolt_app
from bot.runtime import ServedWorkspaces
from bot.workspace import installations, sync
from models import Member
from tests.conftest import NOW
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, TEAM, user_object

# Membership does not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

ZED, OTHER, GRID = "U9ZED", "T0OTHER", "E0OURS"
THEIRS = [
    {"user_team": OTHER, "source_team": OTHER, "team": TEAM},
    {"source_team": OTHER},
    {"team": OTHER},
    {"team": "E0OTHER"},
    {"user_profile": {"team": OTHER, "real_name": "Zed"}},
]


def find_member(story: Story, user: str = ZED) -> Member | None:
    with story.rt.read_session() as session:
        return session.scalar(select(Member).filter_by(slack_id=user))


@pytest.mark.parametrize("fields", THEIRS)
def test_an_external_members_message_becomes_no_ask(
    story: Story, fields: dict[str, Any]
):
    story.set_up_channel(capture="all")
    story.say(ZED, "How do you x?", **fields)
    assert story.asks() == []
    # Neither after an edit, nor by a champion's conversion.
    ts = story.say(ZED, "Hello", **fields)
    edited = {
        "type": "message",
        "subtype": "message_changed",
        "channel": HELP_CHANNEL,
        "message": {"user": ZED, "text": "How do you y?", "ts": ts, **fields},
        "previous_message": {"user": ZED, "text": "Hello", "ts": ts, **fields},
    }
    assert story.event(edited) == 200
    assert story.asks() == []


def test_a_messages_team_counts_if_slack_returns_none(story: Story):
    """Slack does not find the user, or names no workspace."""
    story.say(ZED, "Hello", user_team=OTHER)
    story.ask()
    for described in ({}, {ZED: {"id": ZED, "name": "zed", "profile": {}}}):
        story.slack.people |= described
        story.advance(days=8)
        sync.refresh(story.rt, story.rt.workspaces.only, users=[ZED])
        member = find_member(story)
        assert member is not None
        assert member.fetched_at is not None
        assert member.is_external
    # A later profile may say that they are internal.
    story.slack.people[ZED] = user_object(ZED, "Zed")
    story.advance(days=8)
    sync.refresh(story.rt, story.rt.workspaces.only, users=[ZED])
    member = find_member(story)
    assert member is not None
    assert not member.is_external


def test_a_profile_of_an_unknown_user_may_name_no_workspace(story: Story):
    bare = {"id": ZED, "name": "zed", "profile": {}}
    assert story.event({"type": "user_change", "user": bare}) == 200
    assert find_member(story) is None


def test_an_internal_member_may_turn_out_to_be_external(story: Story):
    story.set_up_channel(capture="all")
    story.slack.people[ZED] = user_object(ZED, "Zed")
    sync.refresh(story.rt, story.rt.workspaces.only, users=[ZED])
    before = story.say(ZED, "How do you x?")
    assert len(story.asks()) == 1
    story.say(ZED, "Anybody?", thread_ts=before, user_team=OTHER)
    assert [ask.state for ask in story.asks()] == ["deleted"]


def test_an_internal_member_stays_internal_in_a_shared_channel(story: Story):
    story.set_up_channel(capture="all")
    story.say(ASKER, "How do I x?", user_team=TEAM, source_team=OTHER, team=OTHER)
    assert [ask.asker for ask in story.asks()] == [ASKER]


def test_external_members_may_still_answer(story: Story):
    ask = story.ask()
    story.say(ZED, "So.", thread_ts=ask.ts, user_team=OTHER)
    assert [answer.author for answer in story.answers()] == [ZED]


def sent_by_zed(story: Story, body: dict[str, Any]) -> str:
    """Return a payload in which only the team shows that Zed is external."""
    story.slack.people[ZED] = user_object(ZED, "Zed", is_admin=True)
    story.slack.responses.clear()
    answer = story.dispatch(body)
    return f"{answer.body}{story.slack.responses}{story.slack.views}"


def click(**of_user: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": ZED, "team_id": TEAM, **of_user},
        "trigger_id": "t",
        "response_url": "https://hooks.slack.test/click",
        "channel": {"id": HELP_CHANNEL, "name": "help"},
        "actions": [
            {"action_id": "ask_same", "value": "1", "action_ts": "1772442100.1"}
        ],
    }


@pytest.mark.parametrize(
    "body",
    [
        click(team_id=OTHER),
        click(team_id="E0OTHER"),
        {
            "type": "shortcut",
            "callback_id": "ask",
            "team": {"id": TEAM},
            "user": {"id": ZED, "team_id": OTHER},
            "trigger_id": "t",
        },
        {
            "type": "message_action",
            "callback_id": "make_ask",
            "team": {"id": TEAM},
            "user": {"id": ZED, "team_id": OTHER},
            "trigger_id": "t",
            "response_url": "https://hooks.slack.test/shortcut",
        },
    ],
)
def test_external_members_clicks_and_shortcuts_have_no_effect(
    story: Story, body: dict[str, Any]
):
    story.ask()
    mentions = sent_by_zed(story, body)
    assert "members of the workspace" in mentions or story.slack.views == []
    assert story.only_ask().state == "open"
    member = find_member(story)
    assert member is not None
    assert member.is_external


def test_external_members_forms_have_no_effect(story: Story):
    story.command(ASKER, "/ask")
    view = story.slack.views[-1][1]
    values = {"channel": HELP_CHANNEL, "title": "How do you x?"}
    state = {
        block["block_id"]: {
            block["element"]["action_id"]: {
                "type": "x",
                "value": values.get(block["block_id"]),
                "selected_conversation": values.get(block["block_id"]),
            }
        }
        for block in view["blocks"]
        if block["type"] == "input"
    }
    mentions = sent_by_zed(
        story,
        {
            "type": "view_submission",
            "team": {"id": TEAM},
            "user": {"id": ZED, "team_id": OTHER},
            "view": {**view, "id": "V9", "state": {"values": state}},
        },
    )
    assert "members of the workspace" in mentions
    assert story.asks() == []


def test_an_external_member_who_joins_is_not_greeted(story: Story):
    bot_came = {
        "type": "member_joined_channel",
        "user": story.rt.workspaces.only.bot_user_id,
        "channel": HELP_CHANNEL,
    }
    assert story.event(bot_came) == 200
    story.advance(hours=1)
    story.slack.people[ZED] = user_object(ZED, "Zed")
    came = {"type": "member_joined_channel", "user": ZED, "channel": HELP_CHANNEL}
    assert story.event({**came, "team": OTHER}) == 200
    member = find_member(story)
    assert member is not None
    assert member.is_external


# In an organisation of several workspaces


@pytest.fixture
def grid(story: Story) -> Story:
    """Our workspace belongs to an organisation of several."""
    story.slack.bot_identity = {
        "team_id": TEAM,
        "enterprise_id": GRID,
        "user_id": story.rt.workspaces.only.bot_user_id,
        "bot_id": story.rt.workspaces.only.bot_id,
        "url": "https://peers.slack.com/",
    }
    workspace = installations.install(story.rt.write_session, story.slack, now=NOW)
    assert workspace.enterprise_id == GRID
    rt = replace(story.rt, workspaces=ServedWorkspaces([(workspace, story.slack)]))
    return Story(
        handlers.bolt_app.create_app(rt),
        rt,
        story.worker,
        story.slack,
        story.clock,
    )


def of_grid(enterprise: str, *teams: str) -> dict[str, Any]:
    return {"id": ZED, "enterprise_id": enterprise, "teams": list(teams)}


@pytest.mark.parametrize(
    ("facts_", "is_other"),
    [
        ({"team_id": "T0SISTER", "enterprise_user": of_grid(GRID, "T0SISTER")}, False),
        ({"team_id": OTHER, "enterprise_user": of_grid("E0OTHER", OTHER)}, True),
        ({"team_id": "E0OTHER", "enterprise_user": of_grid("E0OTHER", OTHER)}, True),
    ],
)
def test_membership_of_the_enterprise_is_compared(
    grid: Story, facts_: dict[str, Any], is_other: bool
):
    grid.slack.people[ZED] = user_object(ZED, "Zed", **facts_)
    sync.refresh(grid.rt, grid.rt.workspaces.only, users=[ZED])
    member = find_member(grid)
    assert member is not None
    assert member.is_external is is_other
    # The same for profiles that Slack sends by itself.
    assert grid.event({"type": "user_change", "user": grid.slack.people[ZED]}) == 200
    member = find_member(grid)
    assert member is not None
    assert member.is_external is is_other


def test_a_command_of_another_enterprise_is_external(grid: Story):
    body = {
        "command": "/ask",
        "text": "How do you x?",
        "user_id": ZED,
        "channel_id": HELP_CHANNEL,
        "channel_name": "help",
        "team_id": TEAM,
        "trigger_id": "t",
    }
    mentions = sent_by_zed(grid, {**body, "enterprise_id": "E0OTHER"})
    assert "members of the workspace" in mentions
    assert grid.asks() == []
    grid.slack.people[PEER] = user_object(PEER)
    grid.dispatch({**body, "user_id": PEER, "enterprise_id": GRID})
    assert [ask.asker for ask in grid.asks()] == [PEER]


def test_people_of_a_sister_workspace_stay_internal_until_slack_says_more(grid: Story):
    grid.set_up_channel(capture="all")
    grid.say(HELPER, "How do I x?", user_team="T0SISTER")
    assert [ask.asker for ask in grid.asks()] == [HELPER]
