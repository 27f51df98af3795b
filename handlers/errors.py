"""Tell the person that a rule refused or something broke, where Slack shows it."""

import json
import logging
from typing import Any

from pydantic import ValidationError
from slack_bolt import App, BoltContext, BoltResponse

from bot import visibility
from bot.db.retry import is_retryable
from bot.errors import UserError
from bot.runtime import Runtime
from bot.slack.api import SlackError
from bot.slack.blocks import message_modal
from bot.slack.text import escape, sanitize, to_plain, truncate
from bot.visibility import MembershipUnknown
from handlers.requests import Request, request_of, workspace_of

log = logging.getLogger(__name__)

INTERNAL_ERROR = "Something went wrong on my side. Nothing was saved. Please try again."
MODAL_EXPIRED = (
    "Slack didn't open the form in time. Nothing was saved. Please try again."
)
# In a request's context: it may be dispatched once more. False: it must be.
RETRYABLE = "backswing.repeatable"
# Slack may be asked who is in a private channel. False: it was, so dispatch again.
CAN_FETCH_MEMBERSHIPS = "backswing.askable"
_ERROR_TITLE = "That didn't work"
_DENIED_TITLE = "Not possible"
# Commands after which people write something of their own.
_FREE_TEXT_COMMANDS = frozenset({"/ask", "/kudos"})
_MAX_ECHO_LENGTH = 3000


def register(bolt: App, rt: Runtime) -> None:
    @bolt.error
    def explain(
        error: Exception, body: dict[str, Any], context: BoltContext
    ) -> BoltResponse | None:
        """Answer for, in this order: a rule, a malformed event, Slack, a bug."""
        if _should_retry(rt, error, context):
            return None
        if isinstance(error, MembershipUnknown):
            error = UserError(visibility.SLACK_UNREACHABLE)
        is_event = body.get("type") == "event_callback"
        request = request_of(rt, context, body)
        if isinstance(error, UserError):
            return _ok() if is_event else _reply(request, error, _DENIED_TITLE)
        if isinstance(error, ValidationError) and is_event:
            # It would not become valid by being delivered again.
            log.warning("event not understood", extra={"event": _event_type(body)})
            return _ok()
        if isinstance(error, SlackError) and not is_event:
            log.warning(
                "Slack refused", extra={"method": error.method, "error": error.code}
            )
            return _reply(request, UserError(MODAL_EXPIRED), _ERROR_TITLE)
        log.error("unhandled error", exc_info=error, extra={"event": _event_type(body)})
        if is_event:
            return None  # 500: not acknowledged, so Slack delivers it again.
        return _reply(request, UserError(INTERNAL_ERROR), _ERROR_TITLE)


def _should_retry(rt: Runtime, error: Exception, context: BoltContext) -> bool:
    """Prepare another run of the listener from its first line; False: no other run.

    If it is not known who is in a private channel, Slack is asked here.
    """
    if is_retryable(error) and context.get(RETRYABLE):
        log.warning("tried again", exc_info=error)
        context[RETRYABLE] = False
        return True
    if isinstance(error, MembershipUnknown) and context.get(CAN_FETCH_MEMBERSHIPS):
        try:
            visibility.fetch_memberships(
                rt, workspace_of(context), error, is_urgent=True
            )
        except SlackError as failed:
            log.warning("members not fetched", extra={"error": failed.code})
            return False
        context[CAN_FETCH_MEMBERSHIPS] = False
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


def _reply(request: Request, user_error: UserError, title: str) -> BoltResponse:
    body, text = request.body, str(user_error)
    if "command" in body:
        return _ok({"response_type": "ephemeral", "text": text + _typed_text(body)})
    if body.get("type") == "view_submission":
        return _ok(_view_response(body["view"], user_error, title))
    try:
        if body.get("response_url"):
            request.reply(text)
        elif body.get("trigger_id"):
            request.open_view(message_modal(title, text))
    except SlackError as error:
        log.warning("user not told", extra={"error": error.code})
    return _ok()


def _typed_text(body: dict[str, Any]) -> str:
    """Give the words back: they are gone from Slack's box."""
    typed = to_plain(sanitize(str(body.get("text") or "")))
    if body["command"] not in _FREE_TEXT_COMMANDS or not typed:
        return ""
    return f"\nYou typed: {escape(truncate(typed, _MAX_ECHO_LENGTH))}"


def _view_response(
    view: dict[str, Any], user_error: UserError, title: str
) -> dict[str, Any]:
    """Keep the form and what was typed, or replace a form without fields."""
    fields = [b["block_id"] for b in view.get("blocks", []) if b["type"] == "input"]
    if not fields:
        shown = message_modal(title, str(user_error)).to_dict()
        return {"response_action": "update", "view": shown}
    errors = {
        name: why for name, why in user_error.field_errors.items() if name in fields
    }
    first = user_error.field if user_error.field in fields else fields[0]
    return {
        "response_action": "errors",
        "errors": errors or {first: str(user_error)},
    }
