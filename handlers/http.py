"""The HTTP endpoint for Slack's requests: check each before it is dispatched."""

import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import parse_qs

from slack_sdk.signature import Clock, SignatureVerifier
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from handlers.batching import BATCHED_EVENTS, AsyncEventBatcher, event_type
from handlers.bolt_app import BoltApp, parse_object, parse_request
from handlers.dispatchers import Dispatchers

log = logging.getLogger(__name__)

# Slack's largest payloads are far smaller.
MAX_BODY_BYTES = 1024 * 1024
# Slack's recommendation for signatures, and the limit of the SDK's verifier.
MAX_AGE_SECONDS = 5 * 60
# The time for waiting events during a shutdown.
STOP_TIMEOUT_SECONDS = 1
_TYPES = ("application/json", "application/x-www-form-urlencoded")
_TIMESTAMP, _SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"
_SIGNATURE_PATTERN = re.compile(r"v0=[0-9a-f]{64}")


class _SlackClock(Clock):
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now()


class SlackHttpEndpoint:
    """Answers Slack's requests over HTTP. `now` is Unix time."""

    def __init__(
        self,
        bolt: BoltApp,
        signing_secret: str | None,
        *,
        now: Callable[[], float],
    ) -> None:
        self._bolt = bolt
        self._metrics = bolt.metrics
        self._now = now
        self._verifier = (
            SignatureVerifier(signing_secret, _SlackClock(now))
            if signing_secret
            else None
        )
        self.batcher = AsyncEventBatcher(
            bolt.dispatch_batch,
            on_refused=self._metrics.count_refused,
            is_shared=bolt.serves_several,
        )
        self._dispatchers = Dispatchers(bolt.serves_several)

    def stop(self) -> None:
        self.batcher.stop(STOP_TIMEOUT_SECONDS)

    def routes(self) -> list[Route]:
        if self._verifier is None:
            return []
        return [Route("/slack/events", self.handle, methods=["POST"])]

    def app(self, *extra_routes: Route) -> Starlette:
        """Return an application that stops the endpoint when it shuts down."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            yield
            self.stop()

        return Starlette(routes=[*self.routes(), *extra_routes], lifespan=lifespan)

    async def handle(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        # The headers are checked before the body is read: a request with wrong headers
        # must not keep us waiting for its body.
        if refusal := self._check_headers(request.headers, kind):
            return refusal
        try:
            body = await _read_body(request)
        except ClientDisconnect:
            return self._refuse("incomplete", "incomplete", 400)
        if body is None:
            return self._refuse("size", "too large", 413)
        if not self._is_signed(request.headers, body):
            return self._refuse_unsigned("signature")
        return await self._answer(body, request.headers, is_json=kind == _TYPES[0])

    def _check_headers(self, headers: Headers, content_type: str) -> Response | None:
        """Return a refusal if the headers can't be from Slack, else None."""
        length = headers.get("content-length", "0")
        if content_type not in _TYPES:
            return self._refuse("content type", "unsupported content type", 415)
        if length.isdigit() and int(length[:20]) > MAX_BODY_BYTES:
            return self._refuse("size", "too large", 413)
        if reason := self._signature_problem(headers):
            return self._refuse_unsigned(reason)
        return None

    async def _answer(
        self, body: bytes, headers: Mapping[str, str], *, is_json: bool
    ) -> Response:
        try:
            text = body.decode()
            payload = parse_object(text) if is_json else None
            if not is_json:
                _check_form(text)
        except (ValueError, RecursionError):
            return self._refuse("content", "not understood", 400)
        if payload is not None and payload.get("type") == "url_verification":
            return JSONResponse({"challenge": str(payload.get("challenge", ""))})
        if payload is not None and event_type(payload) is None:
            # Slack's `app_rate_limited`, for example. Without an acknowledgement Slack
            # would deliver it again.
            log.warning("envelope without an event")
            return PlainTextResponse("")
        try:
            request = parse_request(text if payload is None else payload, headers)
        except ValueError:
            return self._refuse("content", "not understood", 400)
        if payload is not None and event_type(payload) in BATCHED_EVENTS:
            answer = await self.batcher.answer(request)
        else:
            team = str(request.context.team_id or "")
            answer = await self._dispatchers.run(
                team, partial(self._bolt.dispatch, request)
            )
        return Response(
            answer.body,
            answer.status,
            {name: values[0] for name, values in answer.headers.items()},
        )

    def _refuse(self, reason: str, text: str, status: int) -> Response:
        self._metrics.count_refused(reason)
        return PlainTextResponse(text, status_code=status)

    def _refuse_unsigned(self, reason: str) -> Response:
        log.warning("request not signed by Slack", extra={"why": reason})
        return self._refuse(reason, "not signed by Slack", 401)

    def _signature_problem(self, headers: Headers) -> str | None:
        """Return the reason why the signature's headers are invalid, or None."""
        timestamps = headers.getlist(_TIMESTAMP)
        signatures = headers.getlist(_SIGNATURE)
        if len(timestamps) != 1 or not _is_timestamp(timestamps[0]):
            return "signature"
        # A replayed request, or a wrong clock.
        if abs(self._now() - int(timestamps[0])) > MAX_AGE_SECONDS:
            return "age"
        if len(signatures) != 1 or not _SIGNATURE_PATTERN.fullmatch(signatures[0]):
            return "signature"
        return None

    def _is_signed(self, headers: Headers, body: bytes) -> bool:
        """Verify the signature over the body's original bytes."""
        if self._verifier is None:
            return False
        try:
            return self._verifier.is_valid(
                body, headers[_TIMESTAMP], headers[_SIGNATURE]
            )
        except UnicodeDecodeError:
            # The SDK decodes the body as UTF-8, which Slack always sends.
            return False


def _is_timestamp(timestamp: str) -> bool:
    return timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12  # noqa: PLR2004


async def _read_body(request: Request) -> bytes | None:
    """Return the body, or None as soon as more than the limit has arrived.

    Raises ClientDisconnect if the body is incomplete or takes too long.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _check_form(text: str) -> None:
    """Raise ValueError unless this is a command or an interaction's `payload`."""
    fields = parse_qs(text, keep_blank_values=True, max_num_fields=100)
    if "payload" in fields:
        parse_object(fields["payload"][0])
    elif "command" not in fields:
        raise ValueError("neither a command nor an interaction")
