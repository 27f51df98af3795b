"""Socket Mode: receive Slack's requests over a WebSocket that we open."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from slack_bolt import BoltRequest, BoltResponse
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect

from bot.slack.api import (
    REVOKED_TOKEN_ERRORS,
    NotSent,
    RateLimited,
    Rejected,
    SlackError,
)
from bot.slack.http import is_loopback, open_socket_url
from handlers.batching import BATCHED_EVENTS, EventBatcher, event_type
from handlers.bolt_app import BoltApp, parse_object, parse_request

log = logging.getLogger(__name__)

# The interval of pings; without a pong for this long, we reconnect.
PING_SECONDS = 10
# Without a connection for longer, the process gives up.
MAX_DISCONNECTED_SECONDS = 90
# Slack's largest payloads are far smaller.
MAX_MESSAGE_BYTES = 1024 * 1024
# Threads for commands, clicks and forms, whose listeners may wait for Slack.
MAX_DISPATCHERS = 16
# Slack sends without waiting for acknowledgements; this limits the memory for it.
MAX_WAITING = 4096
_MAX_UNREAD = 1024
# The time that `connect` waits for the first connection; the watchdog covers the rest.
CONNECT_TIMEOUT_SECONDS = 10.0
_STOP_TIMEOUT_SECONDS = 1
_MAX_PAUSE = 10.0
_OK = 200

SOCKET_MODE_DISABLED = (
    "SLACK_APP_TOKEN: Socket Mode is off for this app. Turn it on under Settings,"
    " Socket Mode, or serve over HTTP with SLACK_SIGNING_SECRET."
)
DISCONNECTED_TOO_LONG = (
    "Slack has sent nothing over Socket Mode for too long. Start the bot again."
)
REJECTED_BY_SLACK = "Slack no longer accepts SLACK_APP_TOKEN."
_DISABLED_ERRORS = {"link_disabled", "socket_mode_not_enabled"}


@dataclass(frozen=True, slots=True, eq=False)
class _Envelope:
    """A request's envelope id, and the connection that it arrived on."""

    id: str
    connection: ClientConnection


class SocketMode:
    """A client of Socket Mode that reconnects.

    It calls `on_fatal` once, with a sentence for the operator, if it can't go on.

    It replaces the SDK's client, which reads a burst of messages recursively until
    Python's stack is full, and queues commands behind events.
    """

    def __init__(
        self,
        bolt: BoltApp,
        app_token: str,
        *,
        api_url: str,
        on_fatal: Callable[[str], None],
        ping_seconds: float = PING_SECONDS,
        max_disconnected_seconds: float = MAX_DISCONNECTED_SECONDS,
        on_refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Call `on_refused` with "full" or "late" for each request not acknowledged."""
        self._bolt = bolt
        self._token = app_token
        self._api_url = api_url
        self._on_fatal = on_fatal
        self._ping_seconds = ping_seconds
        self._max_disconnected_seconds = max_disconnected_seconds
        self._on_refused = on_refused
        self.batcher = EventBatcher(
            bolt.dispatch_batch,
            self._acknowledge_all,
            max_waiting=MAX_WAITING,
            on_refused=on_refused,
        )
        self._dispatchers = ThreadPoolExecutor(MAX_DISPATCHERS, "socket-dispatch")
        self._free_slots = threading.Semaphore(MAX_WAITING)
        self._connection_lock = threading.Lock()
        self._connection: ClientConnection | None = None
        # The connection that has received Slack's "hello".
        self._greeted: ClientConnection | None = None
        self._opened_at = 0.0
        self._pause = 0.0
        # Reads from the newest connection, or reconnects.
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def connect(self) -> None:
        """Open the first connection; after other errors, go on trying in a thread.

        Raises Rejected if Slack does not accept the token. A response that takes too
        long is left to the thread.
        """
        first: Future[None] = Future()
        thread = threading.Thread(target=self._open_first, args=(first,), daemon=True)
        self._thread = thread
        thread.start()
        with suppress(TimeoutError):
            first.result(CONNECT_TIMEOUT_SECONDS)

    def _open_first(self, first: Future[None]) -> None:
        pause = 0.0
        try:
            self._use(*self._open())
        except Rejected as error:
            first.set_exception(error)
            return
        except SlackError as error:
            log.warning("not connected", extra={"error": error.code})
            pause = _backoff(error, 0)
        first.set_result(None)
        if pause:
            self._reconnect(pause)

    def close(self) -> None:
        """Accept nothing more, and serve waiting requests for about two seconds."""
        self._closed.set()
        self.batcher.stop(_STOP_TIMEOUT_SECONDS)
        # When each thread has run an empty task, all requests before it are done.
        last = [self._dispatchers.submit(lambda: None) for _ in range(MAX_DISPATCHERS)]
        wait(last, _STOP_TIMEOUT_SECONDS)
        self._dispatchers.shutdown(wait=False, cancel_futures=True)
        if self._connection is not None:
            self._connection.close()

    def is_connected(self) -> bool:
        """True if there is a connection and Slack answers its pings."""
        return self._connection is not None and self._connection.state is State.OPEN

    def is_greeted(self) -> bool:
        """True if the current connection works and has received Slack's "hello"."""
        return self.is_connected() and self._connection is self._greeted

    def is_dead(self) -> bool:
        """True if no thread reads from a connection or reconnects."""
        if self._closed.is_set() or self._thread is None:
            return False
        return not self._thread.is_alive()

    # Connections

    def _open(self) -> tuple[ClientConnection, ExitStack]:
        """Return a new connection, and a stack that closes it. Raises SlackError."""
        url = open_socket_url(self._token, self._api_url)
        closing = ExitStack()
        try:
            connection = closing.enter_context(
                connect(
                    url,
                    compression=None,
                    proxy=None if is_loopback(url) else True,
                    ping_interval=self._ping_seconds,
                    ping_timeout=self._ping_seconds,
                    close_timeout=_STOP_TIMEOUT_SECONDS,
                    max_size=MAX_MESSAGE_BYTES,
                    max_queue=_MAX_UNREAD,
                )
            )
        except (WebSocketException, OSError, ValueError) as error:
            raise NotSent("web socket", type(error).__name__) from error
        return connection, closing

    def _use(self, connection: ClientConnection, closing: ExitStack) -> None:
        self._connection, self._opened_at = connection, monotonic()
        self._start_thread(self._read, connection, closing)

    def _start_thread(self, work: Callable[..., None], *args: Any) -> None:
        """Start a thread that replaces the calling thread, if that is one of ours."""
        thread = threading.Thread(target=work, args=args, name="socket", daemon=True)
        thread.start()
        self._thread = thread

    def _read(self, connection: ClientConnection, closing: ExitStack) -> None:
        with closing:
            try:
                for text in connection:
                    if self._closed.is_set():
                        return
                    self._on_message(connection, text)
            except ConnectionClosed as error:
                log.warning("connection lost", extra={"error": type(error).__name__})
        self._replace(connection)

    def _replace(self, connection: ClientConnection) -> None:
        """Open a new connection; messages on the old one are still handled."""
        with self._connection_lock:
            if connection is not self._connection:
                return
            # If connections end soon after they open, the pauses grow.
            is_brief = monotonic() - self._opened_at < self._ping_seconds
            self._pause = _next_pause(self._pause) if is_brief else 0.0
            self._reconnect(self._pause)

    def _reconnect(self, pause: float) -> None:
        """Try to connect until it works, or fail with a reason for the operator."""
        until = monotonic() + self._max_disconnected_seconds
        while not self._closed.wait(min(pause, max(0.0, until - monotonic()))):
            try:
                self._use(*self._open())
            except SlackError as error:
                log.warning("not connected", extra={"error": error.code})
                if reason := _fatal_reason(error) or (
                    DISCONNECTED_TOO_LONG if monotonic() > until else None
                ):
                    self._fail(reason)
                    return
                pause = _backoff(error, pause)
            else:
                return

    def _fail(self, reason: str) -> None:
        if not self._closed.is_set():
            self._closed.set()
            self._on_fatal(reason)

    # Requests

    def _on_message(self, connection: ClientConnection, text: str | bytes) -> None:
        try:
            message = parse_object(text)
        except (ValueError, RecursionError):
            log.warning("message not understood")
            return
        if message.get("type") == "hello":
            self._greeted = connection
            # The app's open connections, including this one; each gets some events.
            count = message.get("num_connections")
            details = {"connections": count if isinstance(count, int) else None}
            log.info("connected", extra=details)
        if message.get("type") == "disconnect":
            if message.get("reason") in _DISABLED_ERRORS:
                self._fail(SOCKET_MODE_DISABLED)
            else:
                self._replace(connection)
            return
        payload, envelope_id = message.get("payload"), message.get("envelope_id")
        if isinstance(payload, dict) and isinstance(envelope_id, str):
            self._handle(payload, _Envelope(envelope_id, connection))

    def _handle(self, payload: dict[str, Any], envelope: _Envelope) -> None:
        """Queue a request; if the queue is full, Slack delivers it again."""
        try:
            request = parse_request(payload, {})
        except ValueError:
            log.warning("request not understood")
            return
        if event_type(payload) in BATCHED_EVENTS:
            self.batcher.submit(request, envelope)
        elif self._free_slots.acquire(blocking=False):
            self._dispatchers.submit(self._dispatch, request, envelope)
        else:
            self._on_refused("full")

    def _dispatch(self, request: BoltRequest, envelope: _Envelope) -> None:
        try:
            self._acknowledge(envelope, self._bolt.dispatch(request))
        except Exception:
            # Nobody reads the future of this task, so an error would be lost.
            log.exception("request not served")
        finally:
            self._free_slots.release()

    def _acknowledge_all(
        self, envelopes: Sequence[_Envelope], answers: Sequence[BoltResponse]
    ) -> None:
        for envelope, answer in zip(envelopes, answers, strict=True):
            self._acknowledge(envelope, answer)

    def _acknowledge(self, envelope: _Envelope, answer: BoltResponse) -> None:
        if answer.status != _OK:
            return
        message: dict[str, Any] = {"envelope_id": envelope.id}
        if answer.body:
            is_json = "json" in answer.headers.get("content-type", [""])[0]
            message["payload"] = (
                json.loads(answer.body) if is_json else {"text": answer.body}
            )
        text = json.dumps(message)
        try:
            envelope.connection.send(text)
        except ConnectionClosed:
            self._acknowledge_elsewhere(text)

    def _acknowledge_elsewhere(self, text: str) -> None:
        """Acknowledge on the current connection; Slack identifies envelopes by id."""
        try:
            if self._connection is not None:
                self._connection.send(text)
        except ConnectionClosed:
            log.warning("not acknowledged; Slack will resend it")


def _fatal_reason(error: SlackError) -> str | None:
    """Return the reason if another attempt would be useless, else None."""
    if error.code in _DISABLED_ERRORS:
        return SOCKET_MODE_DISABLED
    return REJECTED_BY_SLACK if error.code in REVOKED_TOKEN_ERRORS else None


def _backoff(error: SlackError, pause: float) -> float:
    """Return the seconds until the next attempt: Slack's Retry-After, or growing."""
    if isinstance(error, RateLimited):
        return error.retry_after
    return _next_pause(pause)


def _next_pause(pause: float) -> float:
    return min(max(1.0, pause * 2), _MAX_PAUSE)
