"""Socket Mode: Slack's requests over a WebSocket that we open, and a watch over it."""

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.clock import Clock, utc_now
from bot.slack import web_client

log = logging.getLogger(__name__)

# The client pings this often; Slack answers at once.
PING_SECONDS = 10
# The client mends what it notices. After this long nobody should wait for it.
PATIENCE_SECONDS = 90
_LINK_DISABLED = "link_disabled"

SWITCHED_OFF = (
    "SLACK_APP_TOKEN: Socket Mode was switched off for this app. Switch it on under"
    " Settings, Socket Mode, or serve over HTTP with SLACK_SIGNING_SECRET."
)
STALLED = "Slack has not been heard over Socket Mode for too long; start again."


class SocketMode:
    """`give_up` is told once, in a sentence, when there is no use in going on."""

    def __init__(
        self,
        bolt: App,
        app_token: str,
        *,
        api_url: str,
        give_up: Callable[[str], None],
        ping_seconds: float = PING_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Clock = utc_now,
    ) -> None:
        self._handler = SocketModeHandler(
            bolt,
            app_token,
            web_client=web_client(app_token, api_url),
            ping_interval=ping_seconds,
        )
        self._handler.client.on_message_listeners.append(self._heard)
        self._give_up = give_up
        self._ping_seconds = ping_seconds
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._closed = threading.Event()
        self._watch = threading.Thread(
            target=self._keep_watch, name="socket-watch", daemon=True
        )

    def connect(self) -> None:
        """Raises the SDK's SlackClientError where Slack does not let us in."""
        self._handler.connect()
        self._watch.start()

    def close(self) -> None:
        self._closed.set()
        # The client trips over a socket that its own threads have just let go of;
        # then it is closed all the same.
        with suppress(AttributeError):
            self._handler.close()

    def _heard(self, message: str) -> None:
        if _LINK_DISABLED not in message:
            return
        said = json.loads(message)
        if (said.get("type"), said.get("reason")) == ("disconnect", "link_disabled"):
            self._end(SWITCHED_OFF)

    def _end(self, why: str) -> None:
        if not self._closed.is_set():
            self._closed.set()
            self._give_up(why)

    def _keep_watch(self) -> None:
        well_at = time.monotonic()
        while not self._closed.wait(self._ping_seconds / 2):
            if self._is_well():
                well_at = time.monotonic()
            elif time.monotonic() - well_at > self._patience_seconds:
                self._end(STALLED)

    def _is_well(self) -> bool:
        """Whether Slack has answered one of the last few pings."""
        session = self._handler.client.current_session
        if session is None or not self._handler.client.is_connected():
            return False
        answered = session.last_ping_pong_time
        now = self._clock().timestamp()
        return answered is not None and now - answered < 4 * self._ping_seconds
