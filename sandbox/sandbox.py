"""The pretend Slack: one object that builds, serves, acts and shows a workspace."""

import json
import secrets
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.routing import BaseRoute

from sandbox import control, page, server
from sandbox.clock import TravelClock, utc_now
from sandbox.deeds import Deeds
from sandbox.deliveries import Deliveries
from sandbox.events import Events
from sandbox.faults import Faults
from sandbox.files import Files
from sandbox.gestures import Gestures
from sandbox.manifests import Manifest
from sandbox.messages import Messages
from sandbox.places import Places
from sandbox.rates import Rates
from sandbox.records import Json
from sandbox.response_urls import ResponseUrls
from sandbox.sights import Sights
from sandbox.sockets import Sockets
from sandbox.transports import ACK_SECONDS, EVENT, HttpTransport, Transport
from sandbox.views import Views
from sandbox.web_api.calls import Calls, Tokens
from sandbox.web_api.methods import Slack
from sandbox.workspace import Workspace


class Sandbox(Places, Deeds, Sights):
    def __init__(
        self,
        manifest: Mapping[str, Any],
        *,
        clock: Callable[[], datetime] = utc_now,
        strict_rate: bool = False,
        history_limit: int | None = None,
    ) -> None:
        self.clock = clock
        self.bot_token = f"xoxb-{secrets.randbelow(10**12)}-{secrets.token_hex(12)}"
        self.app_token = f"xapp-1-{secrets.randbelow(10**12)}-{secrets.token_hex(32)}"
        self.signing_secret = secrets.token_hex(16)
        self.strict_rate = strict_rate
        # Slack's three seconds; tests of what is late may shorten them.
        self.ack_seconds = ACK_SECONDS
        self.url = ""
        # What somebody who looks in for the first time may try.
        self.hints: list[str] = []
        self.workspace = workspace = Workspace(Manifest.read(manifest), clock)
        self.faults = Faults(clock)
        self._seed: Callable[[], object] | None = None
        self._http: HttpTransport | None = None
        self.sockets = Sockets(workspace.app_id, lambda: self.ack_seconds)
        self.deliveries_desk = Deliveries(clock, self._transport, self.faults)
        self.events = Events(workspace, self.deliveries_desk.put)
        self.messages_desk = Messages(workspace, self.events)
        self.files = Files(workspace, self.messages_desk)
        self.views = Views(workspace)
        self.response_urls = ResponseUrls(workspace, self.messages_desk)
        self.gestures = Gestures(
            workspace,
            self.events,
            self.views,
            self.response_urls,
            self.deliveries_desk,
            self._transport,
            self.faults,
        )
        self._tokens = Tokens(self.bot_token, self.app_token)
        self._rates = Rates(clock)
        slack = Slack(
            workspace,
            self.messages_desk,
            self.files,
            self.views,
            url=lambda: self.url,
            open_socket=self.sockets.open,
            history_limit=history_limit,
        )
        self.calls_desk = Calls(
            slack,
            self._tokens,
            lambda: self._rates if self.strict_rate else None,
            self.faults,
        )
        self._server = server.Server(self._routes)
        if isinstance(clock, TravelClock):
            clock.on_move(self._moved)

    # Identity

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def team_id(self) -> str:
        return self.workspace.team_id

    @property
    def app_id(self) -> str:
        return self.workspace.app_id

    @property
    def bot_id(self) -> str:
        return self.workspace.bot_id

    @property
    def bot_user_id(self) -> str:
        return self.workspace.bot_user_id

    @property
    def scopes(self) -> set[str]:
        """What the app was granted; take one away to see it refused."""
        return self.workspace.scopes

    # Life

    def start(self, listening: socket.socket | None = None) -> None:
        """Serve on a socket of this machine's own, or on any free port."""
        self.url = f"http://127.0.0.1:{self._server.start(listening)}"
        self.response_urls.base = self.url
        self.sockets.start()
        self.deliveries_desk.start()

    def stop(self) -> None:
        self.sockets.stop()
        self.deliveries_desk.stop()
        self._server.stop()

    def _routes(self) -> list[BaseRoute]:
        return [
            server.web_api(self.calls_desk),
            server.upload(self.workspace, self.files),
            *server.response_url(self.workspace, self.response_urls),
            *control.routes(self),
            *page.routes(),
        ]

    def connect_http(self, request_url: str) -> None:
        """Events, commands and interactions are POSTed there from now on.

        WebSockets that the app opens take over, as in Slack; connecting again
        switches back.
        """
        self.sockets.was_used = False
        self._http = HttpTransport(
            request_url, self.signing_secret, patience=lambda: self.ack_seconds
        )

    def _transport(self) -> Transport | None:
        return self.sockets if self.sockets.was_used else self._http

    # Deliveries

    def settle(self, timeout: float = 10) -> None:
        self.deliveries_desk.settle(timeout)

    def tick(self) -> int:
        return self.deliveries_desk.tick()

    def _moved(self) -> None:
        self.tick()

    def envelope(self, event: Json) -> Json:
        """An inner event in a new Events API envelope."""
        return self.events.envelope(event)

    def deliver(
        self,
        body: Mapping[str, Any] | bytes,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> int | None:
        """Sends exactly this, signed unless `headers` say otherwise; the status."""
        if self._http is None:
            raise ConnectionError("no request URL: call connect_http first")
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        merged = {"Content-Type": "application/json"} | dict(headers or {})
        reply = self._http.post(raw, merged)
        shown = (
            {"raw": body.decode(errors="replace")}
            if isinstance(body, bytes)
            else dict(body)
        )
        self.deliveries_desk.record(EVENT, shown, None, reply)
        return reply.status

    def redeliver(self, event_id: str, *, retry_num: int = 1) -> int | None:
        """Sends a known event once more, as Slack's retry would."""
        for delivery in self.deliveries:
            if delivery.payload.get("event_id") == event_id:
                headers = {
                    "X-Slack-Retry-Num": str(retry_num),
                    "X-Slack-Retry-Reason": "http_timeout",
                }
                return self.deliver(delivery.payload, headers=headers)
        raise LookupError(f"no delivery of {event_id}")

    # Files

    def file(self, person: str, file: str) -> tuple[str, bytes]:
        """Give the name and the content of a file that the person can see.

        Raises LookupError for no such file, PermissionError where it is not theirs.
        """
        with self.workspace.lock:
            upload = self.files.uploads.get(file)
            if upload is None or upload.content is None:
                raise LookupError(f"no file {file}")
            if not any(
                person in self.workspace.channel(message.channel).members
                for message in upload.messages
                if not message.deleted
            ):
                raise PermissionError("that file is not shown to them")
            return upload.name, upload.content

    # Installation

    def uninstall(self) -> None:
        """The admin removes the app: two events, then its token is dead."""
        with self.workspace.lock:
            for event in (
                {"type": "tokens_revoked", "tokens": {"bot": [self.bot_user_id]}},
                {"type": "app_uninstalled"},
            ):
                self.events.emit(event)
            self._tokens.dead = "account_inactive"

    def reinstall(self) -> None:
        with self.workspace.lock:
            self._tokens.dead = None

    def on_reset(self, seed: Callable[[], object]) -> None:
        """What fills the workspace again after a reset."""
        self._seed = seed

    def reset(self) -> None:
        """An empty workspace, seeded again; the app stays installed and connected."""
        with self.workspace.lock:
            self.workspace.clear()
            self.calls_desk.history.clear()
            self.deliveries_desk.history.clear()
        self.faults.clear()
        if self._seed:
            self._seed()
        self.workspace.changed("reset")
