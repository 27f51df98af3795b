"""The pretend Slack: one object that builds, serves, acts in and shows a workspace."""

import json
import secrets
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.routing import BaseRoute

from sandbox.platform.deliveries import DeliveryQueue
from sandbox.platform.events import Events
from sandbox.platform.faults import Faults
from sandbox.platform.files import FileStore
from sandbox.platform.messages import MessageStore
from sandbox.platform.rate_limits import RateLimits
from sandbox.platform.response_urls import ResponseUrls
from sandbox.platform.sockets import Sockets
from sandbox.platform.transports import ACK_SECONDS, EVENT, HttpTransport, Transport
from sandbox.platform.views import ViewStore
from sandbox.users.actions import UserActions
from sandbox.users.interactions import Interactions
from sandbox.users.observations import Observations
from sandbox.users.setup import WorkspaceSetup
from sandbox.web_api.dispatch import ApiDispatcher, Tokens
from sandbox.web_api.methods import Platform
from sandbox.web_ui import control, page, server
from sandbox.workspace.clock import TravelClock, utc_now
from sandbox.workspace.manifests import Manifest
from sandbox.workspace.records import Json
from sandbox.workspace.workspace import Workspace


class Sandbox(WorkspaceSetup, UserActions, Observations):
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
        # Slack's three seconds; tests of late responses may shorten them.
        self.ack_seconds = ACK_SECONDS
        self.url = ""
        # Suggestions on the page for a first visit.
        self.hints: list[str] = []
        self.workspace = workspace = Workspace(Manifest.parse(manifest), clock)
        self._begin_again: Callable[[], object] = workspace.clear
        self.faults = Faults(clock)
        self._http: HttpTransport | None = None
        self.sockets = Sockets(workspace.app_id, lambda: self.ack_seconds)
        self.delivery_queue = DeliveryQueue(clock, self._transport, self.faults)
        self.events = Events(workspace, self.delivery_queue.enqueue)
        self.message_store = MessageStore(workspace, self.events)
        self.files = FileStore(workspace, self.message_store)
        self.views = ViewStore(workspace)
        self.response_urls = ResponseUrls(workspace, self.message_store)
        self.interactions = Interactions(
            workspace,
            self.events,
            self.views,
            self.response_urls,
            self.delivery_queue,
            self._transport,
            self.faults,
        )
        self._tokens = Tokens(self.bot_token, self.app_token)
        self._rate_limits = RateLimits(clock)
        slack = Platform(
            workspace,
            self.message_store,
            self.files,
            self.views,
            url=lambda: self.url,
            open_socket=self.sockets.open,
            history_limit=history_limit,
        )
        self.api_dispatcher = ApiDispatcher(
            slack,
            self._tokens,
            lambda: self._rate_limits if self.strict_rate else None,
            self.faults,
        )
        self._server = server.Server(self._routes)
        if isinstance(clock, TravelClock):
            clock.on_move(self._on_clock_moved)

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
        """The app's granted scopes; remove one to see calls rejected."""
        return self.workspace.scopes

    # Life

    def start(self, listener: socket.socket | None = None) -> None:
        """Serve on a loopback socket, or on any free port."""
        self.url = f"http://127.0.0.1:{self._server.start(listener)}"
        self.response_urls.base = self.url
        self.sockets.start()
        self.delivery_queue.start()

    def stop(self) -> None:
        self.sockets.stop()
        self.delivery_queue.stop()
        self._server.stop()

    def _routes(self) -> list[BaseRoute]:
        return [
            server.web_api_route(self.api_dispatcher),
            server.upload_route(self.workspace, self.files),
            *server.response_url_routes(self.workspace, self.response_urls),
            *control.routes(self),
            *page.routes(),
        ]

    def connect_http(self, request_url: str) -> None:
        """Send events, commands and interactions to this URL by HTTP.

        WebSockets that the app opens take over, as in Slack; calling this again
        switches back.
        """
        self.sockets.is_in_use = False
        self._http = HttpTransport(
            request_url, self.signing_secret, timeout=lambda: self.ack_seconds
        )

    def _transport(self) -> Transport | None:
        return self.sockets if self.sockets.is_in_use else self._http

    # Deliveries

    def wait_for_deliveries(self, timeout: float = 10) -> None:
        self.delivery_queue.wait_until_idle(timeout)

    def tick(self) -> int:
        return self.delivery_queue.enqueue_due()

    def _on_clock_moved(self) -> None:
        self.tick()

    def envelope(self, event: Json) -> Json:
        """Return an inner event in a new Events API envelope."""
        return self.events.envelope(event)

    def deliver(
        self,
        body: Mapping[str, Any] | bytes,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> int | None:
        """Send exactly this body; return the response's status.

        It is signed unless `headers` say otherwise.
        """
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
        self.delivery_queue.record(EVENT, shown, None, reply)
        return reply.status

    def redeliver(self, event_id: str, *, retry_num: int = 1) -> int | None:
        """Send a known event once more, as Slack's retry would."""
        for delivery in self.deliveries:
            if delivery.payload.get("event_id") == event_id:
                headers = {
                    "X-Slack-Retry-Num": str(retry_num),
                    "X-Slack-Retry-Reason": "http_timeout",
                }
                return self.deliver(delivery.payload, headers=headers)
        raise LookupError(f"no delivery of {event_id}")

    # Files

    def file(self, person_id: str, file_id: str) -> tuple[str, bytes]:
        """Return the name and content of a file that the person can see.

        Raises LookupError for an unknown file, PermissionError if they can't see it.
        """
        with self.workspace.lock:
            upload = self.files.uploads.get(file_id)
            if upload is None or upload.content is None:
                raise LookupError(f"no file {file_id}")
            if not any(
                person_id in self.workspace.channel(message.channel).members
                for message in upload.messages
                if not message.deleted
            ):
                raise PermissionError("that person can't see the file")
            return upload.name, upload.content

    # Installation

    def uninstall(self) -> None:
        """Uninstall the app as an admin would: send two events, revoke its token."""
        with self.workspace.lock:
            for event in (
                {"type": "tokens_revoked", "tokens": {"bot": [self.bot_user_id]}},
                {"type": "app_uninstalled"},
            ):
                self.events.emit(event)
            self._tokens.error = "account_inactive"

    def reinstall(self) -> None:
        with self.workspace.lock:
            self._tokens.error = None

    def on_reset(self, begin_again: Callable[[], object]) -> None:
        """Set the function that empties the workspace, and may fill it again."""
        self._begin_again = begin_again

    def reset(self) -> None:
        """Empty the workspace, or what `on_reset` says; the app stays connected."""
        self.faults.clear()
        self._begin_again()
        with self.workspace.lock:
            self.api_dispatcher.history.clear()
            self.delivery_queue.history.clear()
        self.workspace.notify("reset")
