"""Socket Mode with Slack's own client: refreshed, stalled, switched off."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError

import app
from handlers.socket import STALLED, SWITCHED_OFF, SocketMode
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
        bolt = App(
            authorize=lambda: AuthorizeResult(
                enterprise_id=None,
                team_id=slack.team_id,
                bot_id=slack.bot_id,
                bot_user_id=slack.bot_user_id,
                bot_token=slack.bot_token,
            ),
            process_before_response=True,
        )
        bolt.event("reaction_added")(self._reacted)
        bolt.event("message")(lambda: None)
        self.socket = SocketMode(
            bolt,
            token or slack.app_token,
            api_url=slack.api_url,
            give_up=self._give_up,
            ping_seconds=0.2,
            patience_seconds=patience,
        )

    def _reacted(self, event: dict[str, str]) -> None:
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
    end = time.monotonic() + 15
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


def test_a_socket_in_good_health_is_left_alone(line: Line) -> None:
    assert not line.over.wait(3)


def test_a_silent_stall_is_noticed(slack: Sandbox) -> None:
    line = Line(slack, patience=2)
    line.socket.connect()
    time.sleep(0.5)
    slack.sockets.stall()
    assert line.over.wait(30)
    assert line.gave_up == [STALLED]
    line.socket.close()


def test_socket_mode_switched_off_is_said_clearly(slack: Sandbox, line: Line) -> None:
    slack.sockets.disconnect("link_disabled")
    assert line.over.wait(15)
    assert line.gave_up == [SWITCHED_OFF]


def test_a_wrong_app_token_does_not_connect(slack: Sandbox) -> None:
    made = Line(slack, token="xapp-1-A0-wrong")
    with pytest.raises(SlackApiError):
        made.socket.connect()
    made.socket.close()
