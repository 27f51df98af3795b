"""Views of the workspace: channels, threads, direct messages, modals, Home tabs."""

import copy
import json
from pathlib import Path

from sandbox.platform import payloads
from sandbox.platform.deliveries import DeliveryQueue
from sandbox.platform.views import ViewStore
from sandbox.web_api.dispatch import ApiDispatcher
from sandbox.workspace.records import Call, Delivery, Json, Message
from sandbox.workspace.workspace import Workspace, ts_micros


class Observations:
    """Mixed into Sandbox. It returns copies, safe to keep."""

    workspace: Workspace
    views: ViewStore
    api_dispatcher: ApiDispatcher
    delivery_queue: DeliveryQueue

    def messages(self, channel: str) -> list[Message]:
        """Return a channel's messages without thread replies, the oldest first."""
        with self.workspace.lock:
            room = self.workspace.channel(channel)
            visible = [
                m for m in room.messages.values() if m.is_parent or m.is_broadcast
            ]
            return _copies(visible)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Return the parent and its replies."""
        with self.workspace.lock:
            room = self.workspace.channel(channel)
            parent = self.workspace.message(room.id, ts)
            return _copies([parent, *self.workspace.replies(room, ts)])

    def message(self, channel: str, ts: str) -> Message:
        with self.workspace.lock:
            return copy.deepcopy(self.workspace.message(channel, ts))

    def dm(self, person: str) -> list[Message]:
        """Return all messages between the app and the person, threads included."""
        with self.workspace.lock:
            return _copies(list(self.workspace.im(person).messages.values()))

    def dm_channel(self, person: str) -> str:
        with self.workspace.lock:
            return self.workspace.im(person).id

    def ephemerals(self, person: str) -> list[Message]:
        with self.workspace.lock:
            return _copies(self.workspace.ephemerals.get(person, []))

    def forget_ephemerals(self, person: str) -> None:
        """Forget ephemeral messages, as a reload of Slack's client does."""
        with self.workspace.lock:
            self.workspace.ephemerals.pop(person, None)

    def view(self, person: str) -> Json | None:
        with self.workspace.lock:
            top = self.views.top(person)
            return copy.deepcopy(payloads.view(self.workspace, top)) if top else None

    def home(self, person: str) -> Json | None:
        with self.workspace.lock:
            home = self.workspace.homes.get(person)
            return copy.deepcopy(payloads.view(self.workspace, home)) if home else None

    @property
    def calls(self) -> list[Call]:
        with self.workspace.lock:
            return list(self.api_dispatcher.history)

    @property
    def deliveries(self) -> list[Delivery]:
        return list(self.delivery_queue.history)

    def dump_calls(self, path: str | Path) -> None:
        """Write one `{"method", "args"}` per line."""
        with Path(path).open("w", encoding="utf-8") as out:
            for call in self.calls:
                line = {"method": call.method, "args": call.args}
                out.write(json.dumps(line, ensure_ascii=False) + "\n")


def _copies(messages: list[Message]) -> list[Message]:
    return copy.deepcopy(sorted(messages, key=lambda m: ts_micros(m.ts)))
