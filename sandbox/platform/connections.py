"""A WebSocket of Socket Mode, on the server's side."""

import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Lock

from websockets.exceptions import InvalidState
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from sandbox.workspace.records import Json

_CHUNK_BYTES = 65_536


class Connection:
    """One connection; a stalled one keeps its TCP connection and sends nothing."""

    def __init__(self, sock: socket.socket) -> None:
        self.id = secrets.token_hex(4)
        self.is_stalled = False
        # A connection with a disconnect message gets no more envelopes.
        self.is_closing = False
        self.pongs = 0
        self._socket = sock
        self._protocol = ServerProtocol()
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        return self._protocol.state is State.OPEN

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)
            else:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_WR)

    def send(self, message: Json) -> bool:
        with self._lock:
            if not self.is_open or self.is_stalled:
                return False
            try:
                self._protocol.send_text(json.dumps(message).encode())
                self._flush()
            except (OSError, InvalidState):
                return False
            return True

    def ping(self) -> None:
        with self._lock:
            if self.is_open and not self.is_stalled:
                with suppress(OSError, InvalidState):
                    self._protocol.send_ping(f"Ping from {self.id}".encode())
                    self._flush()

    def close(self) -> None:
        with self._lock, suppress(OSError, InvalidState):
            self._protocol.send_close(1000)
            self._flush()

    def drop(self) -> None:
        """End the TCP connection without a close frame."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def handshake(self, is_admitted: Callable[[str], bool]) -> bool:
        while data := self._socket.recv(_CHUNK_BYTES):
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    response = self._protocol.accept(event)
                    if not is_admitted(event.path):
                        response = self._protocol.reject(404, "no such link\n")
                    self._protocol.send_response(response)
                    self._flush()
                    return self.is_open
        return False

    def incoming_texts(self) -> Iterator[str]:
        """Yield the app's messages until it disconnects."""
        while True:
            try:
                data = self._socket.recv(_CHUNK_BYTES)
            except OSError:
                return
            with self._lock:
                if data:
                    self._protocol.receive_data(data)
                else:
                    self._protocol.receive_eof()
                events = self._protocol.events_received()
                if not self.is_stalled:
                    with suppress(OSError):
                        self._flush()
            for event in events:
                opcode = getattr(event, "opcode", None)
                self.pongs += opcode is Opcode.PONG
                if opcode is Opcode.TEXT and not self.is_stalled:
                    yield bytes(getattr(event, "data", b"")).decode(errors="replace")
            if not data:
                return
