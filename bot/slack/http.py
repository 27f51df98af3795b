"""HTTP calls to Slack's Web API, with their errors classified."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any, TypeVar, overload
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.models.blocks import Block
from slack_sdk.web import SlackResponse

from bot.slack.api import (
    MAX_RETRY_AFTER,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SlackError,
)

T = TypeVar("T")

# With these errors, Slack did nothing.
_NOT_SENT_ERRORS = {
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "team_added_to_org",
    "org_login_required",
}
# Slack's documentation: "it's possible some aspect of the operation succeeded".
_OUTCOME_UNKNOWN_ERRORS = {"internal_error", "fatal_error", "service_unavailable"}
# Statuses of Slack's API. Others come from a proxy or a gateway.
_API_STATUSES = {200, 400, 401, 403, 404}
# Exceptions for a response that does not come from Slack's API.
_INVALID_RESPONSE_ERRORS = (
    OSError,
    HTTPException,
    SlackClientError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class ProxyAwareClient(WebClient):
    """The SDK's client, but it uses no proxy for loopback addresses."""

    def _perform_urllib_http_request_internal(
        self, url: str, req: Request
    ) -> dict[str, Any]:
        if not is_loopback(url):
            return super()._perform_urllib_http_request_internal(url, req)
        with opener_for(url).open(req, timeout=self.timeout) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            return {
                "status": answer.status,
                "headers": answer.headers,
                "body": answer.read().decode(charset),
            }


def is_loopback(url: str) -> bool:
    """Return True if the URL's host is a loopback address."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def opener_for(url: str) -> OpenerDirector:
    """Return an opener that uses the environment's proxy, except for loopback URLs."""
    return build_opener(*([ProxyHandler({})] if is_loopback(url) else []))


def call_method(
    client: WebClient,
    method: str,
    *,
    ok_errors: set[str] | None = None,
    app_credentials: Mapping[str, str] | None = None,
    **args: object,
) -> SlackResponse:
    """Call a method of Slack's API, without arguments that are None. Raises SlackError.

    With an error in `ok_errors`, the effect exists already: the response is returned.
    `app_credentials` has the app's client_id and client_secret, in place of a token.
    """
    params = {name: value for name, value in args.items() if value is not None}
    auth = dict(app_credentials) if app_credentials else None
    try:
        response = client.api_call(method, params=params, auth=auth)
    except SlackApiError as error:
        response = error.response
        if isinstance(response, SlackResponse) and _error_name(response) in (
            ok_errors or ()
        ):
            return response
        raise _classify_error(method, response) from None
    except _INVALID_RESPONSE_ERRORS as error:
        raise classify_transport_error(method, error) from error
    if not isinstance(response.data, Mapping):
        raise OutcomeUnknown(method, "no_object")
    return response


@overload
def require_field(answer: SlackResponse, name: str) -> str: ...


@overload
def require_field(answer: SlackResponse, name: str, kind: type[T]) -> T: ...


def require_field(answer: SlackResponse, name: str, kind: type[Any] = str) -> Any:
    """Return a field of the response; raises OutcomeUnknown if it is missing.

    A value of another type than `kind`, and an empty string, count as missing.
    """
    value = answer.get(name)
    if not isinstance(value, kind) or value == "":
        method = urlsplit(answer.api_url).path.rpartition("/")[2]
        raise OutcomeUnknown(method, f"no_{name}")
    return value


def send_file(url: str, name: str, content: bytes) -> None:
    """Upload a file to the URL that Slack gave for it. Raises SlackError."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    _send("upload_url", url, content, headers, timeout=10)


def send_json(method: str, url: str, body: Mapping[str, Any]) -> None:
    """Post JSON to a URL that Slack gave. Raises SlackError.

    `method` names the URL in errors. The timeout is short, since a member waits for it.
    """
    headers = {"Content-Type": "application/json; charset=utf-8"}
    _send(method, url, json.dumps(body).encode(), headers, timeout=1)


def _send(
    method: str, url: str, content: bytes, headers: Mapping[str, str], *, timeout: float
) -> None:
    try:
        request = Request(url, content, dict(headers))  # noqa: S310 - Slack named it
        with opener_for(url).open(request, timeout=timeout) as response:
            response.read()
    except HTTPError as error:
        raise OutcomeUnknown(method, f"http_{error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise classify_transport_error(method, error) from error


def _error_name(response: SlackResponse) -> str:
    """Return Slack's error code; "" if the response is not from Slack's API."""
    if not isinstance(response.data, Mapping) or response.get("ok") is not False:
        return ""
    name = str(response.get("error", ""))
    return name if re.fullmatch(r"[a-z0-9_.]{1,80}", name) else ""


def _classify_error(method: str, response: SlackResponse) -> SlackError:
    code = _error_name(response)
    if response.status_code == 429 or code in {"ratelimited", "rate_limited"}:  # noqa: PLR2004
        return RateLimited(method, _retry_after(response.headers))
    if code in _NOT_SENT_ERRORS:
        return NotSent(method, code)
    if (
        response.status_code not in _API_STATUSES
        or code in _OUTCOME_UNKNOWN_ERRORS
        or not code
    ):
        return OutcomeUnknown(method, code or f"http_{response.status_code}")
    return Rejected(method, code, date=_header(response.headers, "date"))


def _header(headers: Mapping[str, Any], name: str) -> str:
    """Return a header, which the SDK may have as a list; "" if it is missing."""
    value = next((v for k, v in headers.items() if k.lower() == name), "")
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value)


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Return the seconds to wait; 60 if Slack's header is missing or invalid."""
    try:
        seconds = float(_header(headers, "retry-after"))
    except ValueError:
        return 60.0
    if math.isnan(seconds):
        return 60.0
    return min(max(seconds, 1.0), MAX_RETRY_AFTER.total_seconds())


def classify_transport_error(method: str, error: Exception) -> SlackError:
    """Return NotSent if no connection was made, else OutcomeUnknown."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ConnectionRefusedError) or type(reason).__name__ in {
        "gaierror",
        "SSLCertVerificationError",
    }:
        return NotSent(method, "not_connected")
    return OutcomeUnknown(method, type(reason).__name__)


def open_socket_url(token: str, base_url: str) -> str:
    """Ask Slack for a Socket Mode URL; raises SlackError."""
    client = ProxyAwareClient(token, base_url=base_url, timeout=8, retry_handlers=[])
    return require_field(call_method(client, "apps.connections.open"), "url")


def to_json(blocks: Sequence[Block]) -> str:
    return json.dumps([block.to_dict() for block in blocks])


def is_outside_thread(message: object) -> bool:
    """Return True if a message that should be a reply is outside its thread."""
    return isinstance(message, dict) and not message.get("thread_ts")
