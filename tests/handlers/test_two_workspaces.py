"""Two workspaces in one process and one database: no data of one in the other."""

import logging
from typing import Any

import pytest
from slack_bolt import BoltRequest
from sqlalchemy import select

import handlers.bolt_app
import jobs.mentors
from bot.kudos import parser
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from bot.slack.api import Rejected
from bot.workspace import channels
from handlers.kudos import CommandKudos, give_all
from handlers.payloads import SlashCommand
from handlers.requests import Request
from jobs.each_workspace import each_workspace
from models import Installation, MessageCount
from tests.factories import Clock, Story
from tests.fakes import FakeSlack
from tests.slack_payloads import (
    ASKER,
    BOT,
    HELP_CHANNEL,
    HELPER,
    message_event,
    user_object,
)
from tests.two_workspaces import (
    ALPHA,
    BETA,
    Pair,
    everything_in,
    mixed_rows,
    rows_of,
    serve_two,
)


@pytest.fixture
def pair(rt: Runtime, clock: Clock) -> Pair:
    return serve_two(rt, clock)


# Events


def place(story: Story) -> None:
    """Make the bot a member of a channel that captures all messages."""
    with story.rt.write(story.workspace) as tx:
        channel = channels.get_or_create(tx, HELP_CHANNEL)
        channel.is_joined, channel.capture = True, "all"


def said(story: Story, ts: str, text: str) -> BoltRequest:
    """Return a message event as a request; the ids are the same in each workspace."""
    event = message_event(ASKER, text, ts, team=story.team)
    body = {
        "type": "event_callback",
        "team_id": story.team,
        "authorizations": [{"team_id": story.team, "enterprise_id": None}],
        "event": event,
    }
    return BoltRequest(body=body, mode="socket_mode")


def test_events_in_one_batch_are_each_committed_in_their_workspace(pair: Pair):
    bolt = handlers.bolt_app.create_app(pair.rt)
    for story in (pair.alpha, pair.beta):
        place(story)
    requests = [
        said(story, f"1772442000.00{number}", f"How does {word} {number} work?")
        for number in (100, 200)
        for story, word in ((pair.alpha, ALPHA), (pair.beta, BETA))
    ]
    answers = bolt.dispatch_batch(requests)
    assert {answer.status for answer in answers} == {200}
    for story, word, other in ((pair.alpha, ALPHA, BETA), (pair.beta, BETA, ALPHA)):
        assert [ask.title for ask in story.asks()] == [
            f"How does {word} {number} work?" for number in (100, 200)
        ]
        assert other not in everything_in(story)
    assert mixed_rows(pair.rt) == []


def test_messages_are_counted_in_their_workspace(pair: Pair):
    for story in (pair.alpha, pair.beta):
        place(story)
    # The ids are the same in both; a message that is delivered again counts once.
    for story in (pair.alpha, pair.beta, pair.beta):
        story.say(HELPER, "Good morning", ts="1772442000.000100")
    pair.beta.say(HELPER, "And good night", ts="1772442000.000200")
    jobs.mentors.flush_message_counts(pair.rt, pair.alpha.worker)
    counts = MessageCount.__tablename__
    assert [row[-1] for row in rows_of(pair.alpha)[counts]] == [1]
    assert [row[-1] for row in rows_of(pair.beta)[counts]] == [2]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"bot": [BOT]}},
    ],
)
def test_the_app_is_removed_from_one_workspace_only(pair: Pair, event: dict[str, Any]):
    assert pair.alpha.event(event) == 200
    assert paused(pair.rt) == ["T0ALPHA"]


def paused(rt: Runtime) -> list[str]:
    is_paused = Installation.disabled_reason.is_not(None)
    with rt.read_session() as session:
        return list(session.scalars(select(Installation.team_id).where(is_paused)))


def test_people_are_known_in_the_workspace_of_their_profile(pair: Pair):
    for story in (pair.alpha, pair.beta):
        place(story)
        story.say(ASKER, "How does one x?")
    robot = user_object(ASKER, team_id="T0BETA", is_bot=True)
    pair.beta.event({"type": "user_change", "user": robot})
    assert [ask.state for ask in pair.alpha.asks()] == ["open"]
    assert [ask.state for ask in pair.beta.asks()] == ["deleted"]


# Requests of a workspace that is not served


STRANGE: list[dict[str, Any]] = [
    {
        "type": "event_callback",
        "team_id": "T0OTHER",
        "authorizations": [{"team_id": "T0OTHER", "enterprise_id": None}],
        "event": message_event(ASKER, "How does one x?", "1772442000.000100"),
    },
    {
        "type": "event_callback",
        "team_id": "T0OTHER",
        "event": {"type": "app_uninstalled"},
    },
    {
        "command": "/ask",
        "text": "How does one x?",
        "user_id": ASKER,
        "channel_id": HELP_CHANNEL,
        "channel_name": "help",
        "team_id": "T0OTHER",
        "trigger_id": "t",
        "response_url": "https://hooks.slack.test/command",
    },
    {
        "type": "block_actions",
        "team": {"id": "T0OTHER"},
        "user": {"id": ASKER, "team_id": "T0OTHER"},
        "trigger_id": "t",
        "response_url": "https://hooks.slack.test/click",
        "actions": [{"action_id": "ask_close", "value": "1", "action_ts": "1.1"}],
    },
]


@pytest.mark.parametrize("body", STRANGE)
def test_a_request_of_an_unserved_workspace_changes_nothing(
    pair: Pair, body: dict[str, Any], caplog: pytest.LogCaptureFixture
):
    for story in (pair.alpha, pair.beta):
        place(story)
    before = rows_of(pair.alpha), rows_of(pair.beta)
    with caplog.at_level(logging.WARNING):
        answer = pair.alpha.dispatch(body)
    assert (answer.status, answer.body) == (200, "")
    assert "workspace not served" in caplog.messages
    assert (rows_of(pair.alpha), rows_of(pair.beta)) == before
    assert paused(pair.rt) == []
    assert pair.alpha.slack.calls == pair.beta.slack.calls == []


def test_a_request_without_a_team_belongs_to_the_only_workspace(
    story: Story, pair: Pair
):
    """With several workspaces it belongs to none."""
    for told in (story, pair.alpha):
        place(told)
    event = message_event(ASKER, "How does one x?", "1772442000.000100")
    body = {"type": "event_callback", "event": {**event, "team": None}}
    assert story.dispatch(body).status == pair.alpha.dispatch(body).status == 200
    assert len(story.asks()) == 1
    assert pair.alpha.asks() == pair.beta.asks() == []


def workspace(number: int, team: str, enterprise: str | None = None) -> Workspace:
    return Workspace(number, team, "B0", BOT, "https://peers.slack.com/", enterprise)


@pytest.mark.parametrize(
    ("team", "enterprise", "found"),
    [
        ("T1", None, 1),
        ("T2", "E0", 2),
        # The team decides, whichever enterprise Slack names with it.
        ("T1", "E0", 1),
        ("T9", None, None),
        ("T9", "E0", None),
        (None, "E0", 2),
        (None, None, None),
        ("", None, None),
    ],
)
def test_a_workspace_is_found_by_slacks_ids(
    slack: FakeSlack, team: str | None, enterprise: str | None, found: int | None
):
    served = ServedWorkspaces(
        [
            (workspace(2, "T2", "E0"), slack),
            (workspace(1, "T1", "E1"), slack),
        ]
    )
    known = served.find(team, enterprise)
    assert (known and known.id) == found
    assert served.ids == [1, 2]


def test_a_workspace_whose_enterprise_is_unknown_may_be_part_of_it(slack: FakeSlack):
    unknown, other = workspace(1, "T1"), workspace(2, "T2", "E1")
    served = ServedWorkspaces([(unknown, slack), (other, slack)])
    assert served.find(None, "E0") == unknown
    # Either may be meant.
    assert served.find(None, "E1") is None


def test_no_other_organisations_payload_is_one_of_a_workspace_that_was_installed(
    slack: FakeSlack,
):
    served = ServedWorkspaces(
        [(workspace(1, "T1"), slack)], look_up=lambda _team, _is_new: None
    )
    assert served.find(None, "E0") is None
    assert served.find(None) == workspace(1, "T1")


def test_a_workspace_can_be_added_while_the_others_are_served(slack: FakeSlack):
    served = ServedWorkspaces([(workspace(1, "T1"), slack)])
    assert served.only == served.find(None) == workspace(1, "T1")
    other = FakeSlack()
    served.add_all([(workspace(2, "T2"), other, None)])
    assert [each.team_id for each in served] == ["T1", "T2"]
    assert served.slack_of(2) is other
    assert served.find(None) is None
    # Installed again: another token, and perhaps another bot.
    again = workspace(1, "T1", "E0")
    served.add_all([(again, other, None)])
    assert served.find("T1") == again
    assert served.slack_of(1) is other
    assert len(served) == 2
    with pytest.raises(KeyError):
        served.get(3)
    with pytest.raises(ValueError, match="too many"):
        _ = served.only


# Jobs


def test_a_failing_workspace_does_not_keep_others_from_being_served(pair: Pair):
    done: list[str] = []

    @each_workspace
    def job(_rt: Runtime, workspace: Workspace) -> None:
        if workspace.team_id == "T0ALPHA":
            raise Rejected("team.info", "broken")
        done.append(workspace.team_id)

    with pytest.raises(Rejected):
        job(pair.rt, pair.alpha.worker)
    assert done == ["T0BETA"]


def test_all_errors_are_raised(pair: Pair):
    @each_workspace
    def job(_rt: Runtime, workspace: Workspace) -> None:
        raise Rejected("team.info", workspace.team_id)

    with pytest.raises(ExceptionGroup) as failed:
        job(pair.rt, pair.alpha.worker)
    assert [str(error) for error in failed.value.exceptions] == [
        str(Rejected("team.info", team)) for team in ("T0ALPHA", "T0BETA")
    ]


# Commands


def test_kudos_committed_together_are_each_given_in_their_workspace(
    pair: Pair,
):
    batch = [
        kudos_command(pair.alpha, f"<@{HELPER}> for the {ALPHA} help of today"),
        kudos_command(pair.beta, f"<@{HELPER}> for the {BETA} help of today"),
        kudos_command(pair.beta, f"<@{ASKER}> for my own {BETA} help of today"),
    ]
    give_all(batch)
    assert [given.error is None for given in batch] == [True, True, False]
    for story, word, other in ((pair.alpha, ALPHA, BETA), (pair.beta, BETA, ALPHA)):
        assert [word in str(row) for row in rows_of(story)["kudos"]] == [True]
        assert other not in everything_in(story)
    assert mixed_rows(pair.rt) == []


def kudos_command(story: Story, text: str) -> CommandKudos:
    place(story)
    request = Request(story.rt, story.workspace, {})
    request.refresh(users=[ASKER, HELPER], channel=HELP_CHANNEL)
    command = SlashCommand(
        user_id=ASKER,
        channel_id=HELP_CHANNEL,
        channel_name="help",
        text=text,
        trigger_id=text,
    )
    return CommandKudos(request, command, parser.parse(text))
