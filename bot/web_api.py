"""One call to Slack's Web API, and what its answer means."""

import re
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.slack import LONGEST_PAUSE, NotDone, RateLimited, Refused, SlackError, Unsure

# A message that Slack cannot have shown: it said so before it began.
_NOT_DONE = {
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "team_added_to_org",
    "org_login_required",
}
# Slack's own words: "it's possible some aspect of the operation succeeded".
_UNSURE = {"internal_error", "fatal_error", "service_unavailable"}


def call(
    client: WebClient, method: str, *, done: set[str] | None = None, **args: object
) -> SlackResponse:
    """`done`: errors that say that the effect is there already."""
    params = {name: value for name, value in args.items() if value is not None}
    try:
        return client.api_call(method, params=params)
    except SlackApiError as error:
        answer = error.response
        if isinstance(answer, SlackResponse) and _name(answer) in (done or ()):
            return answer
        raise _meaning(method, answer) from None
    except (OSError, HTTPException, ValueError, SlackClientError) as error:
        raise broken(method, error) from error


def send_file(url: str, name: str, content: bytes) -> None:
    """Send a file to the address that Slack gave for it. Raises SlackError."""
    method = "upload_url"
    request = Request(  # noqa: S310 - Slack's own answer named it
        url,
        data=content,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            answer.read()
    except HTTPError as error:
        failed = Unsure if error.code >= 500 else Refused  # noqa: PLR2004
        raise failed(method, f"http_{error.code}") from error
    except (OSError, HTTPException) as error:
        raise broken(method, error) from error


def _name(answer: SlackResponse) -> str:
    """Slack's error name; empty where the answer was no answer of Slack's API."""
    name = str(answer.get("error", "")) if isinstance(answer.data, Mapping) else ""
    return name if re.fullmatch(r"[a-z0-9_.]{1,80}", name) else ""


def _meaning(method: str, answer: SlackResponse) -> SlackError:
    code = _name(answer)
    if answer.status_code == 429 or code in {"ratelimited", "rate_limited"}:  # noqa: PLR2004
        return RateLimited(method, _retry_after(answer.headers))
    if code in _NOT_DONE:
        return NotDone(method, code)
    if answer.status_code >= 500 or code in _UNSURE or not code:  # noqa: PLR2004
        return Unsure(method, code or f"http_{answer.status_code}")
    return Refused(method, code)


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds to wait: a minute where Slack's header is missing or makes no sense."""
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    if isinstance(value, list):
        value = value[0] if value else ""
    try:
        return min(max(float(value), 1.0), LONGEST_PAUSE.total_seconds())
    except ValueError:
        return 60.0


def broken(method: str, error: Exception) -> SlackError:
    """A connection that never came about did nothing; any other may have."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ConnectionRefusedError) or type(reason).__name__ in {
        "gaierror",
        "SSLCertVerificationError",
    }:
        return NotDone(method, "not_connected")
    return Unsure(method, type(reason).__name__)
