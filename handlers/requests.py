"""A person's request: its workspace, and the ways to respond."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from slack_bolt import BoltContext
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.api import SlackApi, SlackError
from bot.slack.blocks import message_modal
from bot.workspace import sync

log = logging.getLogger(__name__)

# The person has closed the view, or it shows something newer.
_CHANGED_MEANWHILE = ("not_found", "hash_conflict")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as Slack sent it, and its workspace."""

    rt: Runtime
    workspace: Workspace
    body: dict[str, Any]

    @property
    def slack(self) -> SlackApi:
        return self.rt.slack_of(self.workspace)

    @property
    def is_in_modal(self) -> bool:
        return bool((self.body.get("view") or {}).get("type") == "modal")

    def write(self) -> AbstractContextManager[Transaction]:
        return self.rt.write(self.workspace)

    def read(self) -> AbstractContextManager[Transaction]:
        return self.rt.read(self.workspace)

    def refresh(
        self,
        *,
        users: Iterable[str] = (),
        channel: str | None = None,
        command_user: str | None = None,
        only_unknown: bool = False,
    ) -> None:
        """Fetch these users and this channel from Slack (see `sync.refresh`)."""
        sync.refresh(
            self.rt,
            self.workspace,
            users=users,
            channel=channel,
            command_user=command_user,
            only_unknown=only_unknown,
        )

    def open_view(self, view: View) -> None:
        """Open a view; after a click in a modal, on top of that modal."""
        show = self.slack.push_view if self.is_in_modal else self.slack.open_view
        show(self.body["trigger_id"], view)

    def update_view(self, view: View, *, hash: str | None = None) -> None:  # noqa: A002
        """Replace the click's view, if there is one."""
        if clicked_view := self.body.get("view"):
            self.slack.update_view(clicked_view["id"], view, hash=hash)

    def reply(
        self, text: str, blocks: Sequence[Block] = (), *, replace: bool = False
    ) -> None:
        """Reply to a click or a message shortcut; only this person sees the reply.

        After a click in a thread, post the reply there: a response URL would post it in
        the channel. With `replace`, it replaces the message that contains the button.
        """
        with best_effort():
            if self.is_in_modal:
                # The first block is the text.
                self.update_view(message_modal("Done", text, *blocks[1:]))
            elif self.body.get("response_url"):
                thread_ts = None if replace else self._thread_ts()
                if thread_ts and self._reply_in_thread(thread_ts, text, blocks):
                    return
                url = self.body["response_url"]
                self.slack.respond(url, text, list(blocks), replace=replace)

    def _reply_in_thread(
        self, thread_ts: str, text: str, blocks: Sequence[Block]
    ) -> bool:
        channel, member = self.body["channel"]["id"], self.body["user"]["id"]
        try:
            self.slack.post_ephemeral(
                channel, member, text, blocks, thread_ts=thread_ts
            )
        except SlackError:
            log.info("not answered in the thread")
            return False
        return True

    def _thread_ts(self) -> str | None:
        """Return the thread of the person's click, if any."""
        message = self.body.get("message") or {}
        container = self.body.get("container") or {}
        thread_ts = message.get("thread_ts") or container.get("thread_ts")
        is_parent = thread_ts == message.get("ts")
        has_channel = (self.body.get("channel") or {}).get("id")
        return str(thread_ts) if thread_ts and has_channel and not is_parent else None


def request_of(rt: Runtime, context: BoltContext, body: dict[str, Any]) -> Request:
    return Request(rt, workspace_of(context), body)


def workspace_of(context: BoltContext) -> Workspace:
    """Return the request's workspace, which `BoltApp` has put into the context."""
    workspace: Workspace = context["workspace"]
    return workspace


@contextmanager
def best_effort() -> Iterator[None]:
    """Only log Slack's errors. The change is saved, and an error would deny that."""
    try:
        yield
    except SlackError as error:
        level = logging.INFO if error.code in _CHANGED_MEANWHILE else logging.WARNING
        extra = {"method": error.method, "error": error.code}
        log.log(level, "not shown", extra=extra)
