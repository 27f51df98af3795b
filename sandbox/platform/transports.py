"""Transports to the app: signed HTTP, as Slack sends it."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from slack_sdk.signature import SignatureVerifier

from sandbox.workspace.clock import utc_now
from sandbox.workspace.records import Json

ACK_SECONDS = 3.0
EVENT, COMMAND, INTERACTIVE = "events_api", "slash_commands", "interactive"
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """The app's response; `failure` is Slack's retry reason, None for a success."""

    status: int | None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.failure is None


class Transport(Protocol):
    def send(self, kind: str, payload: Json, retry: "Retry | None") -> Reply: ...


@dataclass(frozen=True, slots=True)
class Retry:
    number: int
    reason: str


class HttpTransport:
    def __init__(
        self,
        request_url: str,
        signing_secret: str,
        *,
        timeout: Callable[[], float] = lambda: ACK_SECONDS,
        now: Callable[[], float] = lambda: utc_now().timestamp(),
    ) -> None:
        self._url = urlsplit(request_url)
        self._signing_secret = signing_secret
        self._timeout = timeout
        # The app checks signatures with the real time, even if the sandbox's travels.
        self._now = now

    def send(self, kind: str, payload: Json, retry: Retry | None) -> Reply:
        if kind == EVENT:
            body, content_type = json.dumps(payload), _JSON
        elif kind == COMMAND:
            body, content_type = urlencode(payload), _FORM
        else:
            body, content_type = urlencode({"payload": json.dumps(payload)}), _FORM
        headers = {"Content-Type": content_type}
        if retry:
            headers["X-Slack-Retry-Num"] = str(retry.number)
            headers["X-Slack-Retry-Reason"] = retry.reason
        return self.post(body.encode(), headers)

    def signature_headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._now()))
        # The signer expects text; bytes that are no text are signed as it decodes them.
        signature = SignatureVerifier(self._signing_secret).generate_signature(
            timestamp=timestamp, body=body
        )
        return {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature or "",
        }

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send one POST; the given headers replace those of the signature."""
        started = time.perf_counter()
        connection = http.client.HTTPConnection(
            self._url.hostname or "", self._url.port, timeout=self._timeout()
        )
        path = self._url.path or "/"
        if self._url.query:
            path += f"?{self._url.query}"
        base = {
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Accept": "application/json,*/*",
        }
        try:
            connection.request(
                "POST", path, body, base | self.signature_headers(body) | {**headers}
            )
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except TimeoutError:
            return self._failure("http_timeout", started)
        except (OSError, http.client.HTTPException):
            return self._failure("connection_failed", started)
        finally:
            connection.close()
        seconds = time.perf_counter() - started
        failure = None
        if seconds > self._timeout():
            failure = "http_timeout"
        elif not 200 <= response.status < 300:  # noqa: PLR2004  # HTTP's own 2xx.
            failure = "http_error"
        answered = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, text, answered, failure, seconds)

    def _failure(self, reason: str, started: float) -> Reply:
        return Reply(None, failure=reason, seconds=time.perf_counter() - started)
