"""Socket Mode: WebSockets that the app opens and the pretend Slack speaks into."""

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
    """An envelope on its way; any connection may acknowledge it."""

    done: Event = field(default_factory=Event)
    body: str | None = None


class Sockets:
    """A transport: each payload goes to one connection, in turn."""

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
        # Once an app spoke Socket Mode, HTTP is not tried in its place.
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
        # Nobody will acknowledge any more, so nobody need wait for it.
        with self._lock:
            for waiting in self._pending_acks.values():
                waiting.done.set()
            self._lock.notify_all()
        for thread in self._threads:
            thread.join(2)

    def open(self) -> str:
        """What `apps.connections.open` answers: good for one connection."""
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
            # Before the app knows that it is let in: what comes from now on waits for
            # the connection to be made.
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

    def _serve(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        try:
            if not connection.handshake(self._admit):
                return
            with self._lock:
                if self._stopped.is_set():
                    # Nobody would ever end it.
                    return
                full = len(self.connections) >= MAX_CONNECTIONS
                if not full:
                    self.connections.append(connection)
                    self._lock.notify_all()
                count = len(self.connections)
            if full:
                connection.send(_disconnect("too_many_websockets"))
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
            said = json.loads(text)
        except ValueError:
            return
        if not isinstance(said, dict):
            return
        with self._lock:
            waiting = self._pending_acks.pop(str(said.get("envelope_id")), None)
        if waiting:
            payload = said.get("payload")
            waiting.body = "" if payload in (None, "", {}) else json.dumps(payload)
            waiting.done.set()

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
        """The connection whose turn it is; one that comes in time will do."""

        def there() -> list[Connection]:
            return [c for c in self.connections if c.is_open and not c.is_closing]

        with self._lock:
            self._lock.wait_for(
                lambda: there() or self._stopped.is_set(), self._ack_timeout()
            )
            if not there():
                return None
            self._next_index += 1
            return there()[self._next_index % len(there())]

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
        waiting = _PendingAck()
        with self._lock:
            if self._stopped.is_set():
                return Reply(None, failure="connection_failed")
            self._pending_acks[envelope["envelope_id"]] = waiting
        if connection.send(envelope) or connection.is_stalled:
            waiting.done.wait(self._ack_timeout())
        with self._lock:
            self._pending_acks.pop(envelope["envelope_id"], None)
        seconds = time.perf_counter() - started
        if waiting.body is None:
            return Reply(None, failure="timeout", seconds=seconds)
        return Reply(200, waiting.body, seconds=seconds)

    # What Slack's side does to connections

    def disconnect(self, reason: str, *, all_connections: bool = True) -> None:
        """`warning`, `refresh_requested` or `link_disabled`, as Slack sends them."""
        with self._lock:
            chosen = list(self.connections) if all_connections else self.connections[:1]
        if reason == "link_disabled":
            self.enabled = False
        for connection in chosen:
            # It may still acknowledge what it has, but gets nothing new.
            connection.is_closing = reason != "warning"
            connection.send(_disconnect(reason))
            if reason == "link_disabled":
                connection.close()

    def stall(self) -> None:
        """All connections fall silent and stay open."""
        for connection in list(self.connections):
            connection.is_stalled = True

    def drop(self) -> None:
        """All connections are gone at once."""
        for connection in list(self.connections):
            self._remove(connection)
            connection.drop()


def _disconnect(reason: str) -> Json:
    return {
        "type": "disconnect",
        "reason": reason,
        "debug_info": {"host": "applink-sandbox"},
    }
