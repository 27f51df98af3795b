"""Handle a listener's error: tell the person, or let Slack deliver the event again."""

import json
import logging
from typing import Any

from pydantic import ValidationError
from slack_bolt import App, BoltContext, BoltResponse

from bot.db.retry import is_retryable
from bot.errors import UserError
from bot.outbox import refusals
from bot.runtime import Runtime
from bot.slack.api import SlackError
from bot.slack.blocks import message_modal
from bot.slack.text import escape, sanitize, to_plain, truncate
from bot.workspace import visibility
from bot.workspace.visibility import MembershipUnknown
from handlers.requests import Request, request_of, workspace_of

log = logging.getLogger(__name__)

INTERNAL_ERROR = "Something went wrong on my side. Nothing was saved. Please try again."
MODAL_EXPIRED = (
    "Slack didn't open the form in time. Nothing was saved. Please try again."
)
# Keys in a request's context, both read by `BoltApp`.
# True if the request may be dispatched again; set to False to have it dispatched again.
RETRYABLE = "backswing.retryable"
# True if a private channel's members may be fetched from Slack; set to False after a
# fetch, to have the request dispatched again.
CAN_FETCH_MEMBERSHIPS = "backswing.can_fetch_memberships"
_ERROR_TITLE = "That didn't work"
_DENIED_TITLE = "Not possible"
# The command whose text is a subcommand; others have the person's own text.
_SUBCOMMANDS = "/backswing"
_MAX_ECHO_LENGTH = 3000


def register(bolt: App, rt: Runtime) -> None:
    @bolt.error
    def explain(
        error: Exception, body: dict[str, Any], context: BoltContext
    ) -> BoltResponse | None:
        """Have an expired token renewed, and do the first of these that applies.

        1. A rule said no (`UserError`): the person reads the reason.
        2. A malformed event is acknowledged; a retry would not make it valid.
        3. Slack refused or did not answer: the person reads that the form expired.
        4. A bug: it is logged. The person reads that something went wrong; an event is
           not acknowledged, so Slack delivers it again.
        """
        if _should_retry(rt, error, context):
            return None
        _renew_if_expired(rt, error, context)
        if isinstance(error, MembershipUnknown):
            error = UserError(visibility.SLACK_UNREACHABLE)
        is_event = body.get("type") == "event_callback"
        request = request_of(rt, context, body)
        if isinstance(error, UserError):
            return _ok() if is_event else _reply(request, error, _DENIED_TITLE)
        if isinstance(error, ValidationError) and is_event:
            log.warning("event not understood", extra={"event": _event_type(body)})
            return _ok()
        if isinstance(error, SlackError) and not is_event:
            log.warning(
                "Slack refused", extra={"method": error.method, "error": error.code}
            )
            return _reply(request, UserError(MODAL_EXPIRED), _ERROR_TITLE)
        log.error("unhandled error", exc_info=error, extra={"event": _event_type(body)})
        if is_event:
            return None  # Bolt responds with a 500.
        return _reply(request, UserError(INTERNAL_ERROR), _ERROR_TITLE)


def _should_retry(rt: Runtime, error: Exception, context: BoltContext) -> bool:
    """Return True if the listener should run again from its first line.

    If a private channel's members are unknown, this fetches them first.
    """
    if is_retryable(error) and context.get(RETRYABLE):
        log.warning("tried again", exc_info=error)
        context[RETRYABLE] = False
        return True
    if isinstance(error, MembershipUnknown) and context.get(CAN_FETCH_MEMBERSHIPS):
        try:
            error.fetch(rt, workspace_of(context), is_urgent=True)
        except SlackError as slack_error:
            log.warning("members not fetched", extra={"error": slack_error.code})
            _renew_if_expired(rt, slack_error, context)
            return False
        context[CAN_FETCH_MEMBERSHIPS] = False
        return True
    return False


def _renew_if_expired(rt: Runtime, error: Exception, context: BoltContext) -> None:
    """Have the workspace's token renewed next if Slack says that it has expired."""
    # A rule that needs Slack says no without it.
    refusal = error.__cause__ if isinstance(error, UserError) else error
    token = rt.workspaces.token_of(workspace_of(context).id)
    is_expired = (
        isinstance(refusal, SlackError) and refusal.code == refusals.TOKEN_EXPIRED
    )
    if is_expired and token is not None:
        with rt.write_session.begin() as session:
            refusals.renew_first(session, token)


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
    """Return a line with the typed text, which Slack has removed from its text box."""
    typed = to_plain(sanitize(str(body.get("text") or "")))
    if body["command"] == _SUBCOMMANDS or not typed:
        return ""
    return f"\nYou typed: {escape(truncate(typed, _MAX_ECHO_LENGTH))}"


def _view_response(
    view: dict[str, Any], user_error: UserError, title: str
) -> dict[str, Any]:
    """Show the error in the form and keep its values; replace a form without fields."""
    fields = [b["block_id"] for b in view.get("blocks", []) if b["type"] == "input"]
    if not fields:
        message_view = message_modal(title, str(user_error)).to_dict()
        return {"response_action": "update", "view": message_view}
    errors = {
        name: text for name, text in user_error.field_errors.items() if name in fields
    }
    first = user_error.field if user_error.field in fields else fields[0]
    return {
        "response_action": "errors",
        "errors": errors or {first: str(user_error)},
    }
