"""What is shown after the change is made: if it fails, the change stands."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from slack_sdk.models.blocks import Block

from bot.asks import service as asks
from bot.errors import UserError
from bot.runtime import Runtime
from bot.slack.api import SlackError

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


def parse_id(value: object) -> int:
    """An id that came back from Slack; raises Refusal for what we never sent."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004
        raise UserError(asks.ASK_GONE)
    return int(text)


HELP_PHRASES = ("help", "help me", "please help", "help please", "?")


_OUTER_PUNCTUATION = re.compile(r"^[\W_]+|[\W_]+$")


def normalize_phrase(text: str) -> str:
    """The words in any case and spacing, without the punctuation around them."""
    typed = " ".join(text.casefold().split())
    return _OUTER_PUNCTUATION.sub("", typed) or typed[:1]


def subcommand(*phrases: str) -> list[Callable[[dict[str, Any]], bool]]:
    """Matchers for one of the phrases; "" is nothing typed.

    Whoever listens to a command for all the rest comes last.
    """

    def is_said(body: dict[str, Any]) -> bool:
        return normalize_phrase(str(body.get("text") or "")) in phrases

    return [is_said]
