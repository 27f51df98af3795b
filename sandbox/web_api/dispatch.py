"""Handle a Web API call: token, scopes, rate limit, method, response."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from sandbox.platform.faults import Fault, Faults
from sandbox.platform.rate_limits import RateLimits
from sandbox.web_api import METHODS
from sandbox.web_api.methods import Args, Method, Platform
from sandbox.workspace.errors import SlackError, missing_scope
from sandbox.workspace.records import Call, Json

_STRUCTURED_ARGUMENTS: Final = ("blocks", "attachments", "view", "metadata")


@dataclass(slots=True)
class Tokens:
    bot: str
    app: str
    # Slack's error for the bot token after the app was uninstalled or revoked.
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ApiResponse:
    body: Json
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None


class ApiDispatcher:
    def __init__(
        self,
        platform: Platform,
        tokens: Tokens,
        rate_limits: Callable[[], RateLimits | None],
        faults: Faults,
    ) -> None:
        self._platform = platform
        self._faults = faults
        self._tokens = tokens
        self._rate_limits = rate_limits
        self.history: list[Call] = []

    def handle(
        self, name: str, headers: Mapping[str, str], query: str, body: bytes
    ) -> ApiResponse:
        workspace = self._platform.workspace
        call_args: Json = {}
        fault = self._faults.next_for_call(name)
        with workspace.lock:
            try:
                call_args = arguments(headers.get("content-type", ""), query, body)
                token = _token(headers, call_args)
                response = fault_response(fault) or self._call_method(
                    name, token, Args(call_args)
                )
            except SlackError as no:
                response = ApiResponse({"ok": False, "error": no.error, **no.extra})
            took_effect = bool(response.body["ok"])
            if fault and fault.kind == "internal_error":
                response = ApiResponse({"ok": False, "error": "internal_error"})
            self.history.append(
                Call(
                    name,
                    unpack_structures(call_args),
                    response.body,
                    workspace.clock(),
                    response.status,
                    fault.kind if fault else None,
                    took_effect,
                )
            )
            workspace.notify("call", method=name, ok=response.body["ok"])
        headers = {
            "x-oauth-scopes": ",".join(sorted(workspace.scopes)),
            "date": http_date(workspace.clock()),
        }
        return ApiResponse(
            response.body, response.status, headers | dict(response.headers), fault
        )

    def _call_method(self, name: str, token: str, args: Args) -> ApiResponse:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authenticate(method, token)
        if wait := self._seconds_to_wait(name, method, args):
            return _rate_limited(wait)
        scopes = self._platform.workspace.scopes
        if method.scopes and not scopes & set(method.scopes):
            raise missing_scope(",".join(method.scopes), scopes)
        return ApiResponse({"ok": True, **method.handler(self._platform, args)})

    def _authenticate(self, method: Method, token: str) -> None:
        if not token:
            raise SlackError("not_authed")
        tokens = self._tokens
        right, other = tokens.bot, tokens.app
        if method.with_app_token:
            right, other = other, right
        if token == other:
            raise SlackError("not_allowed_token_type")
        if token != right:
            raise SlackError("invalid_auth")
        if tokens.error:
            raise SlackError(tokens.error)

    def _seconds_to_wait(self, name: str, method: Method, args: Args) -> int:
        rates = self._rate_limits()
        if rates is None:
            return 0
        channel = args.text("channel") if name == "chat.postMessage" else None
        return rates.seconds_to_wait(name, method.per_minute, channel)


def http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _rate_limited(seconds: int) -> ApiResponse:
    refused = {"ok": False, "error": "ratelimited"}
    return ApiResponse(refused, 429, {"retry-after": str(seconds)})


def fault_response(fault: Fault | None) -> ApiResponse | None:
    """Return the response of a fault that keeps the call from having any effect."""
    if fault is None:
        return None
    if fault.kind == "ratelimited":
        return _rate_limited(fault.retry_after)
    if fault.after or fault.kind in ("slow", "truncated"):
        return None
    status = 503 if fault.kind == "server_error" else 200
    return ApiResponse({"ok": False, "error": fault.kind}, status)


def arguments(content_type: str, query: str, body: bytes) -> Json:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise SlackError("invalid_charset") from None
    call_args: Json = dict(parse_qsl(query))
    if content_type.startswith("application/json"):
        if not text:
            return call_args
        try:
            sent = json.loads(text)
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(sent, dict):
            raise SlackError("json_not_object")
        return call_args | sent
    return call_args | dict(parse_qsl(text, keep_blank_values=True))


def _token(headers: Mapping[str, str], call_args: Json) -> str:
    sent = str(call_args.pop("token", "") or "")
    kind, _, bearer = headers.get("authorization", "").partition(" ")
    return bearer.strip() if kind.lower() == "bearer" else sent


def unpack_structures(call_args: Json) -> Json:
    """Return arguments for the history, with JSON in forms' texts unpacked."""

    def unpacked(name: str, value: Any) -> Any:
        if name in _STRUCTURED_ARGUMENTS and isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return value
        return value

    return {n: unpacked(n, v) for n, v in call_args.items() if v is not None}
