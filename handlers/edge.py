"""The HTTP edge: what is checked before a request may come in."""

import json
import logging
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.signature import Clock, SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

log = logging.getLogger(__name__)

# Slack's largest payloads are a small part of this.
LARGEST_BODY = 1024 * 1024
# More than run at once: those that wait for a turn to write share its commit.
DISPATCHERS = 32
_TYPES = ("application/json", "application/x-www-form-urlencoded")


class _SlackClock(Clock):
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now()


class Edge:
    """Answers Slack's requests over HTTP. `now` is Unix time, `is_ready` quick."""

    def __init__(
        self,
        bolt: App | None,
        signing_secret: str | None,
        *,
        now: Callable[[], float],
        is_ready: Callable[[], bool],
    ) -> None:
        self._bolt = bolt
        self._verifier = (
            SignatureVerifier(signing_secret, _SlackClock(now))
            if signing_secret
            else None
        )
        self._is_ready = is_ready
        self._dispatchers = CapacityLimiter(DISPATCHERS)

    def routes(self) -> list[Route]:
        routes = [
            Route("/healthz", self.healthy, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
        ]
        if self._verifier is not None:
            routes.append(Route("/slack/events", self.slack, methods=["POST"]))
        return routes

    def app(self) -> Starlette:
        return Starlette(routes=self.routes())

    async def healthy(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(self, _: Request) -> Response:
        if await to_thread.run_sync(self._is_ready):
            return PlainTextResponse("ready")
        return PlainTextResponse("not ready", status_code=503)

    async def slack(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _TYPES:
            return PlainTextResponse("unsupported content type", status_code=415)
        body = await _read(request)
        if body is None:
            return PlainTextResponse("too large", status_code=413)
        if not self._is_signed(request, body):
            log.warning("request with a wrong signature")
            return PlainTextResponse("not signed by Slack", status_code=401)
        return await self._answer(body, request.headers, is_json=kind == _TYPES[0])

    async def _answer(
        self, body: bytes, headers: Mapping[str, str], *, is_json: bool
    ) -> Response:
        try:
            text = body.decode()
            payload = _json(text) if is_json else None
            if not is_json:
                _check_form(text)
        except (ValueError, RecursionError):
            return PlainTextResponse("not understood", status_code=400)
        if payload is not None and payload.get("type") == "url_verification":
            return JSONResponse({"challenge": str(payload.get("challenge", ""))})
        if payload is not None and not _is_event(payload):
            # Nothing for us (Slack's `app_rate_limited` has no event inside), but
            # acknowledged, or it would come again and again.
            log.warning("envelope without an event")
            return PlainTextResponse("")
        answer = await to_thread.run_sync(
            self._dispatch, text, dict(headers), limiter=self._dispatchers
        )
        return Response(
            answer.body,
            answer.status,
            {name: values[0] for name, values in answer.headers.items()},
        )

    def _dispatch(self, body: str, headers: dict[str, str]) -> BoltResponse:
        assert self._bolt is not None  # noqa: S101 - there is no route without it
        return self._bolt.dispatch(BoltRequest(body=body, headers=dict(headers)))

    def _is_signed(self, request: Request, body: bytes) -> bool:
        """Slack's signature over the bytes as they came, at most five minutes old."""
        timestamps = request.headers.getlist("x-slack-request-timestamp")
        signatures = request.headers.getlist("x-slack-signature")
        if len(timestamps) != 1 or len(signatures) != 1:
            return False
        timestamp, signature = timestamps[0], signatures[0]
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):  # noqa: PLR2004
            return False
        if not signature.isascii() or self._verifier is None:
            return False
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:
            # The SDK builds the signed string from text; Slack sends UTF-8 only.
            return False


async def _read(request: Request) -> bytes | None:
    """The body; None if it is too large, found out without holding all of it."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length[:20]) > LARGEST_BODY:
        return None
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                return None
    except ClientDisconnect:
        return b""
    return bytes(body)


def _json(text: str) -> dict[str, object]:
    payload = json.loads(text)
    if not isinstance(payload, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for all of it
    return payload


def _check_form(text: str) -> None:
    """A command's fields, or an interaction's `payload`; else raises ValueError."""
    fields = parse_qs(text, keep_blank_values=True, max_num_fields=100)
    if "payload" in fields:
        _json(fields["payload"][0])
    elif "command" not in fields:
        raise ValueError("neither a command nor an interaction")


def _is_event(payload: dict[str, object]) -> bool:
    event = payload.get("event")
    return (
        payload.get("type") == "event_callback"
        and isinstance(event, dict)
        and isinstance(event.get("type"), str)
    )
