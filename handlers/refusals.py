"""A rule said no, or something broke: tell the person where Slack shows it."""

import json
import logging
from typing import Any

from pydantic import ValidationError
from slack_bolt import App, BoltContext, BoltResponse

from bot import visibility
from bot.asks.forms import told
from bot.db import was_given_up
from bot.errors import Refusal
from bot.runtime import Runtime
from bot.slack import SlackError
from bot.text import clean, escape, plain, shorten
from bot.visibility import MembershipUnknown
from handlers.courtesy import answer

log = logging.getLogger(__name__)

BROKEN = "Something went wrong on my side, and nothing was saved. Please try again."
TOO_LATE = "Slack did not open the form in time. Nothing was saved; please try again."
# In a request's context: it can be dispatched once more. False: it is to be.
REPEATABLE = "backswing.repeatable"
# Slack can be asked who is in a private channel. False: it was, so dispatch once more.
ASKABLE = "backswing.askable"
_BROKEN_TITLE = "That didn't work"
_REFUSED_TITLE = "Not possible"
# Commands after which people write something of their own.
_WITH_WORDS = frozenset({"/ask", "/kudos"})
_LONGEST_ECHO = 3000


def register(bolt: App, rt: Runtime) -> None:
    @bolt.error
    def explain(
        error: Exception, body: dict[str, Any], context: BoltContext
    ) -> BoltResponse | None:
        """The order matters: a rule's no, a request that is none, Slack's no, a bug."""
        if _is_to_be_repeated(rt, error, context):
            return None
        if isinstance(error, MembershipUnknown):
            error = Refusal(visibility.UNREACHABLE)
        is_event = body.get("type") == "event_callback"
        if isinstance(error, Refusal):
            return _ok() if is_event else _tell(rt, body, error, _REFUSED_TITLE)
        if isinstance(error, ValidationError) and is_event:
            # It would not become valid by being delivered again.
            log.warning("event not understood", extra={"event": _event_type(body)})
            return _ok()
        if isinstance(error, SlackError) and not is_event:
            log.warning(
                "Slack refused", extra={"method": error.method, "error": error.code}
            )
            return _tell(rt, body, Refusal(TOO_LATE), _BROKEN_TITLE)
        log.error("unhandled error", exc_info=error, extra={"event": _event_type(body)})
        if is_event:
            return None  # 500: not acknowledged, so Slack delivers it again.
        return _tell(rt, body, Refusal(BROKEN), _BROKEN_TITLE)


def _is_to_be_repeated(rt: Runtime, error: Exception, context: BoltContext) -> bool:
    """Whether the listener is to run once more, from its first line.

    Where it is not known who is in a private channel, Slack is asked here.
    """
    if was_given_up(error) and context.get(REPEATABLE):
        log.warning("tried again", exc_info=error)
        context[REPEATABLE] = False
        return True
    if isinstance(error, MembershipUnknown) and context.get(ASKABLE):
        try:
            visibility.ask(rt, error, is_urgent=True)
        except SlackError as failed:
            log.warning("members not seen", extra={"error": failed.code})
            return False
        context[ASKABLE] = False
        return True
    return False


def _event_type(body: dict[str, Any]) -> str:
    event = body.get("event")
    return str(event.get("type")) if isinstance(event, dict) else str(body.get("type"))


def _ok(answer: dict[str, Any] | None = None) -> BoltResponse:
    if answer is None:
        return BoltResponse(status=200)
    return BoltResponse(
        status=200,
        body=json.dumps(answer),
        headers={"content-type": "application/json"},
    )


def _tell(
    rt: Runtime, body: dict[str, Any], refusal: Refusal, title: str
) -> BoltResponse:
    text = str(refusal)
    if "command" in body:
        return _ok({"response_type": "ephemeral", "text": text + _typed(body)})
    if body.get("type") == "view_submission":
        return _ok(_beside_field(body["view"], refusal, title))
    try:
        if body.get("response_url"):
            answer(rt, body, text)
        elif body.get("trigger_id"):
            in_modal = (body.get("view") or {}).get("type") == "modal"
            show = rt.slack.push_view if in_modal else rt.slack.open_view
            show(body["trigger_id"], told(title, text))
    except SlackError as error:
        log.warning("could not tell", extra={"error": error.code})
    return _ok()


def _typed(body: dict[str, Any]) -> str:
    """Give the words back: they are gone from Slack's box."""
    typed = plain(clean(str(body.get("text") or "")))
    if body["command"] not in _WITH_WORDS or not typed:
        return ""
    return f"\nYou typed: {escape(shorten(typed, _LONGEST_ECHO))}"


def _beside_field(view: dict[str, Any], refusal: Refusal, title: str) -> dict[str, Any]:
    """What was typed stays; a form without fields is replaced by the message."""
    fields = [b["block_id"] for b in view.get("blocks", []) if b["type"] == "input"]
    if not fields:
        shown = told(title, str(refusal)).to_dict()
        return {"response_action": "update", "view": shown}
    errors = {name: why for name, why in refusal.fields.items() if name in fields}
    first = refusal.field if refusal.field in fields else fields[0]
    return {
        "response_action": "errors",
        "errors": errors or {first: str(refusal)},
    }
