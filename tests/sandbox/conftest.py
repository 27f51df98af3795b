"""A sandbox, and a small Bolt app on the other side of real HTTP."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.starlette.handler import (
    to_bolt_request,
    to_starlette_response,
)
from slack_sdk import WebClient  # noqa: TID251  # Here it calls the sandbox.
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import Channel, Person, Sandbox
from sandbox.web_ui.server import Server
from sandbox.workspace.clock import TravelClock

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Parrot"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "Parrot"},
        "slash_commands": [
            {"command": "/parrot", "should_escape": True},
            {"command": "/plain", "should_escape": False},
        ],
        "shortcuts": [
            {"name": "Squawk", "type": "global", "callback_id": "squawk"},
            {"name": "Repeat", "type": "message", "callback_id": "repeat"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "channels:history",
                "channels:read",
                "chat:write",
                "commands",
                "groups:history",
                "groups:read",
                "im:history",
                "im:read",
                "im:write",
                "metadata.message:read",
                "reactions:read",
                "reactions:write",
                "team:read",
                "users:read",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "app_uninstalled",
                "channel_archive",
                "channel_deleted",
                "channel_id_changed",
                "channel_left",
                "channel_rename",
                "channel_shared",
                "channel_unarchive",
                "channel_unshared",
                "group_archive",
                "group_deleted",
                "group_left",
                "group_rename",
                "member_joined_channel",
                "member_left_channel",
                "message.channels",
                "message.groups",
                "message.im",
                "reaction_added",
                "reaction_removed",
                "team_join",
                "tokens_revoked",
                "user_change",
            ]
        },
        "interactivity": {"is_enabled": True},
    },
}


@dataclass
class RecordingApp:
    """The app's received requests, and its replaceable response."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, list[str]]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], BoltResponse | None] = lambda _body: None
    lock: Lock = field(default_factory=Lock)

    def events(self, kind: str) -> list[dict[str, Any]]:
        inner = [body["event"] for body in self.bodies if body.get("event")]
        return [event for event in inner if event["type"] == kind]

    @property
    def interactions(self) -> list[dict[str, Any]]:
        return [body for body in self.bodies if "event" not in body]

    def attach(self, bolt: App) -> None:
        @bolt.middleware
        def hear(body, request, next_):
            with self.lock:
                self.bodies.append(body)
                self.headers.append(request.headers)
            answer = self.answer(body)
            return answer if answer is not None else BoltResponse(status=200)


@dataclass
class BoltServer:
    """One HTTP server for all tests, since each takes a moment to stop."""

    bolt: App | None = None
    url: str = ""

    async def serve(self, request: Request) -> Response:
        assert self.bolt is not None
        bolt_request = to_bolt_request(request, await request.body())
        answer = await run_in_threadpool(self.bolt.dispatch, bolt_request)
        return to_starlette_response(answer)


@pytest.fixture(scope="session")
def front_door() -> Iterator[BoltServer]:
    door = BoltServer()
    server = Server(lambda: [Route("/slack", door.serve, methods=["POST"])])
    door.url = f"http://127.0.0.1:{server.start()}/slack"
    yield door
    server.stop()


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
def slack(clock: TravelClock, closing: ThreadPoolExecutor) -> Iterator[Sandbox]:
    sandbox = Sandbox(MANIFEST, clock=clock)
    sandbox.start()
    yield sandbox
    closing.submit(sandbox.stop)


def client_of(slack: Sandbox, token: str | None = None) -> WebClient:
    token = slack.bot_token if token is None else token
    return WebClient(token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def client(slack: Sandbox) -> WebClient:
    return client_of(slack)


@pytest.fixture
def recording_app(
    slack: Sandbox, client: WebClient, front_door: BoltServer
) -> RecordingApp:
    recording_app = RecordingApp()
    front_door.bolt = App(
        client=client,
        signing_secret=slack.signing_secret,
        process_before_response=True,
        ignoring_self_events_enabled=False,
    )
    recording_app.attach(front_door.bolt)
    slack.connect_http(front_door.url)
    return recording_app


@pytest.fixture
def ana(slack: Sandbox) -> Person:
    return slack.add_person("ana")


@pytest.fixture
def ben(slack: Sandbox) -> Person:
    return slack.add_person("ben")


@pytest.fixture
def room(slack: Sandbox, ana: Person, ben: Person) -> Channel:
    return slack.add_channel("help", ana, ben)
