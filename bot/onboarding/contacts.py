"""Note the people that others write to, until a job stores it for newcomers.

The bot sees that a member mentions a person, replies in a thread that they began, or
reacts to their message, in channels that it is in. It does not see direct messages,
other channels, and answers below a message that name nobody.
"""

import threading
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Set as AbstractSet

# Slack's ids of the channel and of the person.
Contact = tuple[str, str]


class ContactCollector:
    """Thread-safe. Contacts that are not stored are lost when the process dies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By the id of the installation.
        self._contacts: defaultdict[int, set[Contact]] = defaultdict(set)

    def record(
        self, installation_id: int, channel: str, people: Collection[str]
    ) -> None:
        """Note that a member wrote to these people, or reacted to them."""
        if not people:
            return
        with self._lock:
            self._contacts[installation_id].update(
                (channel, person) for person in people
            )

    def drain(self, installation_id: int) -> AbstractSet[Contact]:
        """Return the contacts since the last drain, and forget them."""
        with self._lock:
            return self._contacts.pop(installation_id, set())

    def restore(self, installation_id: int, contacts: AbstractSet[Contact]) -> None:
        """Add contacts back that could not be stored; the next drain returns them."""
        with self._lock:
            self._contacts[installation_id] |= contacts
