"""Takes one call from the wire to its method and back: token, scopes, rate, answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from sandbox.faults import Fault, Faults
from sandbox.rates import Rates
from sandbox.records import Call, Json
from sandbox.refusals import SlackError, missing_scope
from sandbox.web_api import METHODS
from sandbox.web_api.methods import Args, Method, Slack

_STRUCTURES: Final = ("blocks", "attachments", "view", "metadata")


@dataclass(slots=True)
class Tokens:
    bot: str
    app: str
    # Slack's error for the bot token once the app is uninstalled or revoked.
    dead: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    body: Json
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None


class Calls:
    def __init__(
        self,
        slack: Slack,
        tokens: Tokens,
        rates: Callable[[], Rates | None],
        faults: Faults,
    ) -> None:
        self._slack = slack
        self._faults = faults
        self._tokens = tokens
        self._rates = rates
        self.history: list[Call] = []

    def handle(
        self, name: str, headers: Mapping[str, str], query: str, body: bytes
    ) -> Answer:
        workspace = self._slack.workspace
        given: Json = {}
        fault = self._faults.of_call(name)
        with workspace.lock:
            try:
                given = arguments(headers.get("content-type", ""), query, body)
                token = _token(headers, given)
                answer = _spoiled(fault) or self._answer(name, token, Args(given))
            except SlackError as no:
                answer = Answer({"ok": False, "error": no.error, **no.extra})
            took_effect = bool(answer.body["ok"])
            if fault and fault.kind == "internal_error":
                answer = Answer({"ok": False, "error": "internal_error"})
            self.history.append(
                Call(
                    name,
                    readable(given),
                    answer.body,
                    workspace.clock(),
                    answer.status,
                    fault.kind if fault else None,
                    took_effect,
                )
            )
            workspace.changed("call", method=name, ok=answer.body["ok"])
        scopes = {"x-oauth-scopes": ",".join(sorted(workspace.scopes))}
        return Answer(answer.body, answer.status, scopes | dict(answer.headers), fault)

    def _answer(self, name: str, token: str, args: Args) -> Answer:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authenticate(method, token)
        if wait := self._must_wait(name, method, args):
            return _later(wait)
        scopes = self._slack.workspace.scopes
        if method.scopes and not scopes & set(method.scopes):
            raise missing_scope(",".join(method.scopes), scopes)
        return Answer({"ok": True, **method.handler(self._slack, args)})

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
        if tokens.dead:
            raise SlackError(tokens.dead)

    def _must_wait(self, name: str, method: Method, args: Args) -> int:
        rates = self._rates()
        if rates is None:
            return 0
        channel = args.text("channel") if name == "chat.postMessage" else None
        return rates.wait(name, method.per_minute, channel)


def _later(seconds: int) -> Answer:
    refused = {"ok": False, "error": "ratelimited"}
    return Answer(refused, 429, {"retry-after": str(seconds)})


def _spoiled(fault: Fault | None) -> Answer | None:
    """The answer to a call that a fault keeps from having any effect."""
    if fault is None:
        return None
    if fault.kind == "ratelimited":
        return _later(fault.retry_after)
    if fault.after or fault.kind in ("slow", "truncated"):
        return None
    status = 503 if fault.kind == "server_error" else 200
    return Answer({"ok": False, "error": fault.kind}, status)


def arguments(content_type: str, query: str, body: bytes) -> Json:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise SlackError("invalid_charset") from None
    given: Json = dict(parse_qsl(query))
    if content_type.startswith("application/json"):
        if not text:
            return given
        try:
            sent = json.loads(text)
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(sent, dict):
            raise SlackError("json_not_object")
        return given | sent
    return given | dict(parse_qsl(text, keep_blank_values=True))


def _token(headers: Mapping[str, str], given: Json) -> str:
    sent = str(given.pop("token", "") or "")
    kind, _, bearer = headers.get("authorization", "").partition(" ")
    return bearer.strip() if kind.lower() == "bearer" else sent


def readable(given: Json) -> Json:
    """Arguments for the record, with the structures in a form's text unpacked."""

    def unpacked(name: str, value: Any) -> Any:
        if name in _STRUCTURES and isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return value
        return value

    return {n: unpacked(n, v) for n, v in given.items() if v is not None}
