"""Socket Mode with Slack's own client: refreshed, stalled, switched off."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.errors import SlackApiError

import app
from bot.runtime import Workspace
from handlers.bolt import bare
from handlers.socket import REFUSED, STALLED, SWITCHED_OFF, SocketMode
from sandbox import Sandbox

MANIFEST = Path(app.__file__).parent / "manifest.yml"


@pytest.fixture
def slack() -> Iterator[Sandbox]:
    made = Sandbox(yaml.safe_load(MANIFEST.read_text()))
    made.start()
    yield made
    made.stop()


class Line:
    """A connection that hears reactions, and why it gave up."""

    def __init__(
        self, slack: Sandbox, *, token: str | None = None, patience: float = 30
    ) -> None:
        self.heard: list[str] = []
        self.gave_up: list[str] = []
        self.over = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        bolt = bare(
            Workspace(1, slack.team_id, slack.bot_id, slack.bot_user_id, "https://x/"),
            slack.bot_token,
        )
        bolt.event("reaction_added")(self._reacted)
        bolt.event("message")(lambda: None)
        bolt.command("/ask")(lambda ack: ack("Heard"))
        self.socket = SocketMode(
            bolt,
            token or slack.app_token,
            api_url=slack.api_url,
            give_up=self._give_up,
            ping_seconds=0.2,
            patience_seconds=patience,
        )

    def _reacted(self, event: dict[str, str]) -> None:
        self.may_go_on.wait(10)
        self.heard.append(event["reaction"])

    def _give_up(self, why: str) -> None:
        self.gave_up.append(why)
        self.over.set()


@pytest.fixture
def line(slack: Sandbox) -> Iterator[Line]:
    made = Line(slack)
    made.socket.connect()
    yield made
    made.socket.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_a_refresh_in_mid_traffic_loses_nothing(slack: Sandbox, line: Line) -> None:
    ana = slack.person("ana")
    here = slack.channel("help", ana)
    emoji = [f"e{n}" for n in range(30)]
    ts = slack.say(ana.id, here.id, "hello")
    for n, name in enumerate(emoji):
        slack.react(ana.id, here.id, ts, name)
        if n in {10, 20}:
            slack.sockets.disconnect("refresh_requested")
    until(lambda: set(line.heard) == set(emoji))
    assert line.gave_up == []


def test_a_command_does_not_wait_behind_events(slack: Sandbox, line: Line) -> None:
    ana = slack.person("ana")
    here = slack.channel("help", ana)
    ts = slack.say(ana.id, here.id, "hello")
    line.may_go_on.clear()
    for n in range(30):
        slack.react(ana.id, here.id, ts, f"e{n}")
    ack = slack.command(ana.id, here.id, "/ask", "How is it done?")
    assert (ack.status, ack.text) == (200, "Heard")
    assert line.heard == []
    line.may_go_on.set()
    until(lambda: len(line.heard) == 30)


def test_what_is_no_request_is_passed_over(slack: Sandbox, line: Line) -> None:
    ana = slack.person("ana")
    here = slack.channel("help", ana)
    until(lambda: len(slack.sockets.connections) == 1)
    connection = slack.sockets.connections[0]
    nonsense: list[Any] = [[], None, {"type": 5}, {"envelope_id": "x", "payload": []}]
    stumbled_over = {"type": "block_actions", "user": False, "actions": None}
    nonsense.append({"envelope_id": "y", "payload": stumbled_over})
    for one in nonsense:
        connection.send(one)
    slack.react(ana.id, here.id, slack.say(ana.id, here.id, "hello"), "heart")
    until(lambda: line.heard == ["heart"])


def test_a_socket_in_good_health_is_left_alone(line: Line) -> None:
    assert not line.over.wait(3)
    assert line.socket.is_well()


def test_after_a_silent_stall_there_is_another_connection(
    slack: Sandbox, line: Line
) -> None:
    ana = slack.person("ana")
    here = slack.channel("help", ana)
    ts = slack.say(ana.id, here.id, "hello")
    until(lambda: len(slack.sockets.connections) == 1)
    slack.sockets.stall()
    slack.react(ana.id, here.id, ts, "heart")
    until(lambda: line.heard == ["heart"])
    assert line.gave_up == []


def test_a_connection_that_is_cut_is_made_again(slack: Sandbox, line: Line) -> None:
    ana = slack.person("ana")
    here = slack.channel("help", ana)
    ts = slack.say(ana.id, here.id, "hello")
    slack.sockets.cut()
    slack.react(ana.id, here.id, ts, "heart")
    until(lambda: line.heard == ["heart"])


def test_where_slack_is_out_of_reach_for_too_long_it_ends(slack: Sandbox) -> None:
    line = Line(slack, patience=1)
    line.socket.connect()
    assert line.socket.is_well()
    slack.stop()
    assert line.over.wait(30)
    assert line.gave_up == [STALLED]
    assert not line.socket.is_well()
    line.socket.close()


def test_a_token_that_is_revoked_meanwhile_ends_it(slack: Sandbox, line: Line) -> None:
    slack._tokens.app = "xapp-1-A0-another"
    slack.sockets.cut()
    assert line.over.wait(15)
    assert line.gave_up == [REFUSED]


def test_socket_mode_switched_off_is_said_clearly(slack: Sandbox, line: Line) -> None:
    slack.sockets.disconnect("link_disabled")
    assert line.over.wait(15)
    assert line.gave_up == [SWITCHED_OFF]


def test_a_wrong_app_token_does_not_connect(slack: Sandbox) -> None:
    made = Line(slack, token="xapp-1-A0-wrong")
    with pytest.raises(SlackApiError):
        made.socket.connect()
    made.socket.close()
