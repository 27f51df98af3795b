"""A sandbox, and a small Bolt app on the other side of real HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.starlette.handler import (
    to_bolt_request,
    to_starlette_response,
)
from slack_sdk import WebClient
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import Channel, Person, Sandbox
from sandbox.clock import TravelClock
from sandbox.server import Server

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
class Parrot:
    """What the app was told, and how it answers; `answer` may be replaced."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, list[str]]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], BoltResponse | None] = lambda _body: None
    lock: Lock = field(default_factory=Lock)

    def events(self, kind: str) -> list[dict[str, Any]]:
        inner = [body["event"] for body in self.bodies if body.get("event")]
        return [event for event in inner if event["type"] == kind]

    @property
    def gestures(self) -> list[dict[str, Any]]:
        return [body for body in self.bodies if "event" not in body]

    def hears(self, bolt: App) -> Route:
        @bolt.middleware
        def hear(body, request, next_):
            with self.lock:
                self.bodies.append(body)
                self.headers.append(request.headers)
            answer = self.answer(body)
            return answer if answer is not None else BoltResponse(status=200)

        async def front_door(request: Request) -> Response:
            bolt_request = to_bolt_request(request, await request.body())
            answer = await run_in_threadpool(bolt.dispatch, bolt_request)
            return to_starlette_response(answer)

        return Route("/slack", front_door, methods=["POST"])


def serve(*routes: BaseRoute) -> tuple[Server, str]:
    server = Server(lambda: routes)
    return server, f"http://127.0.0.1:{server.start(0)}/slack"


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
def slack(clock: TravelClock) -> Iterator[Sandbox]:
    sandbox = Sandbox(MANIFEST, clock=clock)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def client(slack: Sandbox) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def parrot(slack: Sandbox, client: WebClient) -> Iterator[Parrot]:
    parrot = Parrot()
    bolt = App(
        client=client,
        signing_secret=slack.signing_secret,
        process_before_response=True,
        request_verification_enabled=True,
        ignoring_self_events_enabled=False,
    )
    server, url = serve(parrot.hears(bolt))
    slack.connect_http(url)
    yield parrot
    server.stop()


@pytest.fixture
def ana(slack: Sandbox) -> Person:
    return slack.person("ana")


@pytest.fixture
def ben(slack: Sandbox) -> Person:
    return slack.person("ben")


@pytest.fixture
def room(slack: Sandbox, ana: Person, ben: Person) -> Channel:
    return slack.channel("help", ana, ben)
