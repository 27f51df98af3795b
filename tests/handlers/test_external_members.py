"""People from other organisations are known by whatever Slack says of them."""

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

# Whose somebody is, is no question for the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

ZED, OTHER, GRID = "U9ZED", "T0OTHER", "E0OURS"
THEIRS = [
    {"user_team": OTHER, "source_team": OTHER, "team": TEAM},
    {"source_team": OTHER},
    {"team": OTHER},
    {"team": "E0OTHER"},
    {"user_profile": {"team": OTHER, "real_name": "Zed"}},
]


def known(story: Story, who: str = ZED) -> Member | None:
    with story.rt.read_session() as session:
        return session.scalar(select(Member).filter_by(slack_id=who))


@pytest.mark.parametrize("said", THEIRS)
def test_a_message_of_theirs_becomes_no_ask(story: Story, said: dict[str, Any]):
    story.set_up_channel(capture="all")
    story.say(ZED, "How do you x?", **said)
    assert story.asks() == []
    # Nor after an edit, nor by a champion's hand.
    ts = story.say(ZED, "Hello", **said)
    edited = {
        "type": "message",
        "subtype": "message_changed",
        "channel": HELP_CHANNEL,
        "message": {"user": ZED, "text": "How do you y?", "ts": ts, **said},
        "previous_message": {"user": ZED, "text": "Hello", "ts": ts, **said},
    }
    assert story.event(edited) == 200
    assert story.asks() == []


def test_what_a_message_said_stands_where_slack_says_nothing(story: Story):
    """Slack does not find them, or names no workspace."""
    story.say(ZED, "Hello", user_team=OTHER)
    story.ask()
    for described in ({}, {ZED: {"id": ZED, "name": "zed", "profile": {}}}):
        story.slack.people |= described
        story.advance(days=8)
        sync.refresh(story.rt, story.rt.workspaces.only, users=[ZED])
        member = known(story)
        assert member is not None
        assert member.fetched_at is not None
        assert member.is_external
    # Until it says that they are one of us.
    story.slack.people[ZED] = user_object(ZED, "Zed")
    story.advance(days=8)
    sync.refresh(story.rt, story.rt.workspaces.only, users=[ZED])
    member = known(story)
    assert member is not None
    assert not member.is_external


def test_a_change_of_somebody_unknown_may_name_no_workspace(story: Story):
    bare = {"id": ZED, "name": "zed", "profile": {}}
    assert story.event({"type": "user_change", "user": bare}) == 200
    assert known(story) is None


def test_who_passed_for_one_of_us_is_one_no_more(story: Story):
    story.set_up_channel(capture="all")
    story.slack.people[ZED] = user_object(ZED, "Zed")
    sync.refresh(story.rt, story.rt.workspaces.only, users=[ZED])
    before = story.say(ZED, "How do you x?")
    assert len(story.asks()) == 1
    story.say(ZED, "Anybody?", thread_ts=before, user_team=OTHER)
    assert [ask.state for ask in story.asks()] == ["deleted"]


def test_one_of_us_stays_one_in_a_channel_of_theirs(story: Story):
    story.set_up_channel(capture="all")
    story.say(ASKER, "How do I x?", user_team=TEAM, source_team=OTHER, team=OTHER)
    assert [ask.asker for ask in story.asks()] == [ASKER]


def test_they_may_still_answer(story: Story):
    ask = story.ask()
    story.say(ZED, "So.", thread_ts=ask.ts, user_team=OTHER)
    assert [answer.author for answer in story.answers()] == [ZED]


def sent_by_zed(story: Story, body: dict[str, Any]) -> str:
    """All that is said about a payload in which Zed looks like one of us."""
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
def test_no_click_and_no_shortcut_of_theirs_does_anything(
    story: Story, body: dict[str, Any]
):
    story.ask()
    told = sent_by_zed(story, body)
    assert "members of the workspace" in told or story.slack.views == []
    assert story.only_ask().state == "open"
    member = known(story)
    assert member is not None
    assert member.is_external


def test_no_form_of_theirs_does_anything(story: Story):
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
    told = sent_by_zed(
        story,
        {
            "type": "view_submission",
            "team": {"id": TEAM},
            "user": {"id": ZED, "team_id": OTHER},
            "view": {**view, "id": "V9", "state": {"values": state}},
        },
    )
    assert "members of the workspace" in told
    assert story.asks() == []


def test_who_joins_from_there_is_not_greeted(story: Story):
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
    member = known(story)
    assert member is not None
    assert member.is_external


# In an organisation of several workspaces


@pytest.fixture
def grid(story: Story) -> Story:
    """Our workspace is one of several, as Slack tells at the start."""
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
        story.deliverer,
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
def test_whose_enterprise_somebody_is_of_is_compared(
    grid: Story, facts_: dict[str, Any], is_other: bool
):
    grid.slack.people[ZED] = user_object(ZED, "Zed", **facts_)
    sync.refresh(grid.rt, grid.rt.workspaces.only, users=[ZED])
    member = known(grid)
    assert member is not None
    assert member.is_external is is_other
    # As Slack tells of them by itself.
    assert grid.event({"type": "user_change", "user": grid.slack.people[ZED]}) == 200
    member = known(grid)
    assert member is not None
    assert member.is_external is is_other


def test_a_command_of_another_enterprise_is_not_ours(grid: Story):
    body = {
        "command": "/ask",
        "text": "How do you x?",
        "user_id": ZED,
        "channel_id": HELP_CHANNEL,
        "channel_name": "help",
        "team_id": TEAM,
        "trigger_id": "t",
    }
    told = sent_by_zed(grid, {**body, "enterprise_id": "E0OTHER"})
    assert "members of the workspace" in told
    assert grid.asks() == []
    grid.slack.people[PEER] = user_object(PEER)
    grid.dispatch({**body, "user_id": PEER, "enterprise_id": GRID})
    assert [ask.asker for ask in grid.asks()] == [PEER]


def test_people_of_a_sister_workspace_stay_ours_until_slack_says_more(grid: Story):
    grid.set_up_channel(capture="all")
    grid.say(HELPER, "How do I x?", user_team="T0SISTER")
    assert [ask.asker for ask in grid.asks()] == [HELPER]
