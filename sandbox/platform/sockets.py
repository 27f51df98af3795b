"""Socket Mode: WebSockets that the app opens and the pretend Slack sends into."""

import json
import secrets
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition, Event, Thread

from sandbox.platform.connections import Connection
from sandbox.platform.transports import EVENT, Reply, Retry
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json

MAX_CONNECTIONS = 10
PING_SECONDS = 5.0
_REPORTED_SECONDS = 18_060


@dataclass(slots=True)
class _PendingAck:
    """An envelope in flight; any connection may acknowledge it."""

    done: Event = field(default_factory=Event)
    body: str | None = None


class Sockets:
    """A transport that sends each payload to one connection, in turn."""

    def __init__(self, app_id: str, ack_timeout: Callable[[], float]) -> None:
        self._app_id = app_id
        self._ack_timeout = ack_timeout
        self._lock = Condition()
        self._listener: socket.socket | None = None
        self._tickets: set[str] = set()
        self._pending_acks: dict[str, _PendingAck] = {}
        self._next_index = 0
        self._stopped = Event()
        self._threads: list[Thread] = []
        self.connections: list[Connection] = []
        # Once an app has used Socket Mode, HTTP does not replace it.
        self.is_in_use = False
        self.enabled = True

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        for target in (self._accept, self._keep_pinging):
            thread = Thread(target=target, name="sandbox-socket", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stopped.set()
        if self._listener:
            # Closing alone does not wake a thread that waits in accept().
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for connection in list(self.connections):
            connection.drop()
        # No acknowledgement can come now, so all waits end.
        with self._lock:
            for pending in self._pending_acks.values():
                pending.done.set()
            self._lock.notify_all()
        for thread in self._threads:
            thread.join(2)

    def open(self) -> str:
        """Return the URL for `apps.connections.open`; it works for one connection."""
        if not self.enabled or self._listener is None:
            raise SlackError("socket_mode_not_enabled")
        ticket = secrets.token_urlsafe(18)
        with self._lock:
            self._tickets.add(ticket)
        port = self._listener.getsockname()[1]
        return f"ws://127.0.0.1:{port}/link/?ticket={ticket}&app_id={self._app_id}"

    def _admit(self, path: str) -> bool:
        ticket = path.partition("ticket=")[2].partition("&")[0]
        with self._lock:
            known = ticket in self._tickets
            self._tickets.discard(ticket)
            # Set before the app knows that it is admitted: payloads wait for the
            # connection from now on.
            self.is_in_use = self.is_in_use or known
        return known

    def _accept(self) -> None:
        while self._listener and not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = Thread(target=self._serve, args=(sock,), daemon=True)
            thread.start()

    def _refusal(self) -> str | None:
        """Return the reason not to keep a new connection, if there is one."""
        if not self.enabled:
            # Socket Mode was turned off since the handshake began.
            return "link_disabled"
        is_full = len(self.connections) >= MAX_CONNECTIONS
        return "too_many_websockets" if is_full else None

    def _serve(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        try:
            if not connection.handshake(self._admit):
                return
            with self._lock:
                if self._stopped.is_set():
                    # Nothing would close the connection later.
                    return
                refusal = self._refusal()
                if refusal is None:
                    self.connections.append(connection)
                    self._lock.notify_all()
                count = len(self.connections)
            if refusal is not None:
                connection.send(_disconnect(refusal))
                connection.close()
                return
            connection.send(self._hello(count))
            for text in connection.incoming_texts():
                self._on_text(text)
        except OSError:
            return
        finally:
            self._remove(connection)
            sock.close()

    def _hello(self, count: int) -> Json:
        return {
            "type": "hello",
            "num_connections": count,
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": _REPORTED_SECONDS,
            },
            "connection_info": {"app_id": self._app_id},
        }

    def _on_text(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        with self._lock:
            pending = self._pending_acks.pop(str(message.get("envelope_id")), None)
        if pending:
            payload = message.get("payload")
            pending.body = "" if payload in (None, "", {}) else json.dumps(payload)
            pending.done.set()

    def _remove(self, connection: Connection) -> None:
        with self._lock:
            if connection in self.connections:
                self.connections.remove(connection)

    def _keep_pinging(self) -> None:
        while not self._stopped.wait(PING_SECONDS):
            for connection in list(self.connections):
                connection.ping()

    # Payloads

    def _next_connection(self) -> Connection | None:
        """Return the next connection, or wait for one until the timeout."""

        def available() -> list[Connection]:
            return [c for c in self.connections if c.is_open and not c.is_closing]

        with self._lock:
            self._lock.wait_for(
                lambda: available() or self._stopped.is_set(), self._ack_timeout()
            )
            if not available():
                return None
            self._next_index += 1
            return available()[self._next_index % len(available())]

    def send(self, kind: str, payload: Json, retry: Retry | None) -> Reply:
        started = time.perf_counter()
        connection = self._next_connection()
        if connection is None:
            return Reply(None, failure="connection_failed")
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != EVENT,
        }
        if kind == EVENT:
            envelope["retry_attempt"] = retry.number if retry else 0
            envelope["retry_reason"] = "timeout" if retry else ""
        pending = _PendingAck()
        with self._lock:
            if self._stopped.is_set():
                return Reply(None, failure="connection_failed")
            self._pending_acks[envelope["envelope_id"]] = pending
        if connection.send(envelope) or connection.is_stalled:
            pending.done.wait(self._ack_timeout())
        with self._lock:
            self._pending_acks.pop(envelope["envelope_id"], None)
        seconds = time.perf_counter() - started
        if pending.body is None:
            return Reply(None, failure="timeout", seconds=seconds)
        return Reply(200, pending.body, seconds=seconds)

    # Slack's effects on connections

    def disconnect(self, reason: str, *, all_connections: bool = True) -> None:
        """Send `warning`, `refresh_requested` or `link_disabled`, as Slack does."""
        with self._lock:
            chosen = list(self.connections) if all_connections else self.connections[:1]
            if reason == "link_disabled":
                self.enabled = False
        for connection in chosen:
            # It may still acknowledge earlier envelopes, but gets no new ones.
            connection.is_closing = reason != "warning"
            connection.send(_disconnect(reason))
            if reason == "link_disabled":
                connection.close()

    def stall(self) -> None:
        """Stop sending on all connections, but keep them open."""
        for connection in list(self.connections):
            connection.is_stalled = True

    def drop(self) -> None:
        """Drop all connections at once."""
        for connection in list(self.connections):
            self._remove(connection)
            connection.drop()


def _disconnect(reason: str) -> Json:
    return {
        "type": "disconnect",
        "reason": reason,
        "debug_info": {"host": "applink-sandbox"},
    }
