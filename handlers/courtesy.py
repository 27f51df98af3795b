"""What is shown after the change is made: if it fails, the change stands."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from slack_sdk.models.blocks import Block

from bot.runtime import Runtime
from bot.slack import SlackError

log = logging.getLogger(__name__)


@contextmanager
def best_effort() -> Iterator[None]:
    """An error would say that nothing was saved, and that would not be true."""
    try:
        yield
    except SlackError as error:
        log.warning("not shown", extra={"method": error.method, "error": error.code})


def send_reply(
    rt: Runtime,
    body: dict[str, Any],
    text: str,
    blocks: Sequence[Block] = (),
    *,
    replace: bool = False,
) -> None:
    """Answer a click or a message shortcut, for the person's eyes only.

    In a thread it is shown there: Slack itself would show it in the channel.
    """
    if not body.get("response_url"):
        return
    thread_ts = None if replace else _thread_ts(body)
    with best_effort():
        if thread_ts is not None:
            try:
                rt.slack.post_ephemeral(
                    body["channel"]["id"],
                    body["user"]["id"],
                    text,
                    blocks,
                    thread_ts=thread_ts,
                )
            except SlackError:
                log.info("not answered in the thread")
            else:
                return
        rt.slack.respond(body["response_url"], text, list(blocks), replace=replace)


def _thread_ts(body: dict[str, Any]) -> str | None:
    """The thread in which the person was, if it was one."""
    message = body.get("message") or {}
    thread_ts = message.get("thread_ts") or (body.get("container") or {}).get(
        "thread_ts"
    )
    is_parent = thread_ts == message.get("ts")
    known = (body.get("channel") or {}).get("id")
    return str(thread_ts) if thread_ts and known and not is_parent else None
