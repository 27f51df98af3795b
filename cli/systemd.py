"""Report the state of the process to systemd, as sd_notify(3) says."""

import logging
import socket

log = logging.getLogger(__name__)

READY = "READY=1"
STOPPING = "STOPPING=1"
WATCHDOG = "WATCHDOG=1"

TIMEOUT_SECONDS = 0.5


class Systemd:
    """Sends datagrams to systemd's socket; without an address it does nothing."""

    def __init__(self, address: str | None) -> None:
        """Take the path of the socket, or its abstract name after an @."""
        self._address = address
        # A problem is logged once, not once a second.
        self._has_failed = False

    def notify(self, *assignments: str) -> None:
        """Send lines such as "READY=1". Nothing depends on them but systemd itself."""
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = f"\0{address[1:]}"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                # A full queue must not stop the event loop.
                sender.settimeout(TIMEOUT_SECONDS)
                sender.connect(address)
                sender.sendall("\n".join(assignments).encode())
        except OSError as error:
            if not self._has_failed:
                log.warning("systemd not notified", extra={"error": error.strerror})
            self._has_failed = True


def status(text: str) -> str:
    """Return the assignment of the text that `systemctl status` shows."""
    return f"STATUS={' '.join(text.split())}"
