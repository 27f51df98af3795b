"""Listen on the operator's ports, or name the process that has them."""

import errno
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.errors import SettingsError

# The most connections that wait to be accepted, as in uvicorn.
BACKLOG = 2048
# Ports to try if no fixed port is set.
NEARBY_PORTS = 50


class PortInUse(SettingsError):
    """Another process listens on the port."""


@dataclass(frozen=True, slots=True)
class ListeningSockets:
    """Sockets that listen on one port, until the `with` ends."""

    sockets: Sequence[socket.socket]

    @property
    def port(self) -> int:
        return int(self.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Return a URL that works on this machine."""
        host = self.sockets[0].getsockname()[0]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only a client
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self.sockets:
            listener.close()


def listen(host: str, port: int, *, setting: str = "PORT") -> ListeningSockets:
    """Listen on each of the host's addresses, on any free port for 0.

    Raises SettingsError, with a sentence that names `setting` or HOST.
    """
    if not host.strip():
        raise SettingsError("HOST is empty. Give it an address, or remove it.")
    try:
        addresses = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError):
        raise SettingsError(
            f"HOST is “{host}”, which is not an address of this machine."
        ) from None
    listening: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(addresses):
            chosen = listening[0].getsockname()[1] if listening else port
            listening.append(_bind(family, (address[0], chosen, *address[2:])))
    except OSError as error:
        if not (listening and error.errno == errno.EADDRNOTAVAIL):
            for listener in listening:
                listener.close()
            raise _to_settings_error(error, host, port, setting) from None
        # A name such as localhost may have an IPv6 address that the machine lacks.
    return ListeningSockets(listening)


def listen_near(
    host: str, port: int, *, setting: str, is_fixed: bool
) -> ListeningSockets:
    """Call `listen` on the port, or on the next free one unless it `is_fixed`."""
    for near in range(port, min(port + NEARBY_PORTS, 65536)) if port else ():
        try:
            return listen(host, near, setting=setting)
        except PortInUse:
            if is_fixed:
                raise
    return listen(host, 0, setting=setting)


def _bind(family: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Connections of an ended process must not block the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _to_settings_error(
    error: OSError, host: str, port: int, setting: str
) -> SettingsError:
    match error.errno:
        case errno.EADDRINUSE:
            return PortInUse(f"{setting} {port} is already used by {_owner(port)}.")
        case errno.EADDRNOTAVAIL:
            return SettingsError(
                f"HOST is “{host}”, which is not an address of this machine."
            )
        case errno.EACCES:
            return SettingsError(
                f"This user can't use {setting} {port}. Choose 1024 or higher."
            )
    return SettingsError(f"{setting} {port} can't be used ({error.strerror}).")


def _owner(port: int) -> str:
    """Name the process that listens on the port, if Linux shows it to us."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for file in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        # Processes may end meanwhile, and those of other users are unreadable.
        with suppress(OSError):
            if str(file.readlink()) in sockets:
                process = file.parent.parent
                name = (process / "comm").read_text(encoding="utf-8", errors="replace")
                return f"process {process.name} ({name.strip()})"
    return "another process"


def _listening_inodes(port: int) -> set[str]:
    """Return the inodes of the sockets that listen on the port (Linux only)."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            is_listening = fields[3] == "0A"
            if is_listening and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
