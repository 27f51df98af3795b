"""The only code that calls Slack: what we ask of it, and what its answers mean."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

METADATA_EVENT = "backswing_operation"

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
# The workspace as a whole no longer takes anything from us.
REVOKED = {
    "account_inactive",
    "invalid_auth",
    "not_authed",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
}


class SlackError(Exception):
    """Slack did not do what was asked. `code` is its error name, or ours."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"{method}: {code}")
        self.method = method
        self.code = code


class RateLimited(SlackError):
    """Not done; not to be asked again with this method for `seconds`."""

    def __init__(self, method: str, seconds: float) -> None:
        super().__init__(method, "ratelimited")
        self.seconds = seconds


class NotDone(SlackError):
    """Certainly not done; may be tried again."""


class Unsure(SlackError):
    """Done or not: nobody knows before having looked."""


class Refused(SlackError):
    """Slack will not do it, however often it is asked."""


class Slack(Protocol):
    """Every method raises SlackError. Channels and people are Slack's ids."""

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Block],
        *,
        operation: str,
        thread_ts: str | None = None,
    ) -> tuple[str, str]:
        """Post a message; the channel it went to (a DM's own id) and its ts."""

    def update(
        self, channel: str, ts: str, text: str, blocks: Sequence[Block]
    ) -> None: ...
    def delete(self, channel: str, ts: str) -> None: ...
    def whisper(
        self,
        channel: str,
        member: str,
        text: str,
        blocks: Sequence[Block],
        *,
        thread_ts: str | None = None,
    ) -> None:
        """Show a message to one person only, until they reload."""

    def react(self, channel: str, ts: str, emoji: str) -> None: ...
    def unreact(self, channel: str, ts: str, emoji: str) -> None: ...
    def find_posted(
        self,
        channel: str,
        operation: str,
        *,
        since: float,
        thread_ts: str | None = None,
    ) -> tuple[str, str] | None:
        """Where the message of an operation stands, if it does. `since`: Unix time."""

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        """The messages of a thread, its parent first."""

    def open_view(self, trigger_id: str, view: View) -> None: ...
    def push_view(self, trigger_id: str, view: View) -> None: ...
    def update_view(self, view_id: str, view: View, *, hash: str | None) -> None: ...  # noqa: A002 - Slack's name
    def publish_home(self, member: str, view: View) -> None: ...
    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block],
        *,
        replace: bool = False,
    ) -> None:
        """Answer a click or a message shortcut, to nobody else's eyes."""

    def member(self, member: str) -> dict[str, Any]:
        """Slack's user object."""

    def channel(self, channel: str) -> dict[str, Any]:
        """Slack's conversation object."""

    def joined_channels(self) -> Iterator[dict[str, Any]]:
        """Each public or private channel that the bot is a member of."""

    def identity(self) -> dict[str, Any]:
        """Who we are, and where: `auth.test`, with the scopes under `scopes`."""


def web_client(token: str, base_url: str) -> WebClient:
    """For the Socket Mode client, which asks Slack itself where to connect."""
    return WebClient(token, base_url=base_url, timeout=8, retry_handlers=[])


class WebSlack:
    """Slack's Web API. Each answer is asked for once: the outbox decides what next."""

    def __init__(
        self, token: str, *, base_url: str = WebClient.BASE_URL, timeout: int = 8
    ) -> None:
        # The SDK's default handler sends a POST again after a reset: two messages.
        self._patient = WebClient(
            token, base_url=base_url, timeout=timeout, retry_handlers=[]
        )
        # For calls that somebody's three seconds are waiting for.
        self._prompt = WebClient(token, base_url=base_url, timeout=1, retry_handlers=[])

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Block],
        *,
        operation: str,
        thread_ts: str | None = None,
    ) -> tuple[str, str]:
        answer = _call(
            self._patient,
            "chat.postMessage",
            channel=channel,
            text=text,
            blocks=_json(blocks),
            thread_ts=thread_ts,
            unfurl_links=False,
            unfurl_media=False,
            metadata=json.dumps(
                {
                    "event_type": METADATA_EVENT,
                    "event_payload": {"operation": operation},
                }
            ),
        )
        return str(answer["channel"]), str(answer["ts"])

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        _call(
            self._patient,
            "chat.update",
            channel=channel,
            ts=ts,
            text=text,
            blocks=_json(blocks),
        )

    def delete(self, channel: str, ts: str) -> None:
        _call(
            self._patient,
            "chat.delete",
            done={"message_not_found"},
            channel=channel,
            ts=ts,
        )

    def whisper(
        self,
        channel: str,
        member: str,
        text: str,
        blocks: Sequence[Block],
        *,
        thread_ts: str | None = None,
    ) -> None:
        _call(
            self._patient,
            "chat.postEphemeral",
            channel=channel,
            user=member,
            text=text,
            blocks=_json(blocks),
            thread_ts=thread_ts,
        )

    def react(self, channel: str, ts: str, emoji: str) -> None:
        _call(
            self._patient,
            "reactions.add",
            done={"already_reacted"},
            channel=channel,
            timestamp=ts,
            name=emoji,
        )

    def unreact(self, channel: str, ts: str, emoji: str) -> None:
        _call(
            self._patient,
            "reactions.remove",
            done={"no_reaction", "message_not_found"},
            channel=channel,
            timestamp=ts,
            name=emoji,
        )

    def find_posted(
        self,
        channel: str,
        operation: str,
        *,
        since: float,
        thread_ts: str | None = None,
    ) -> tuple[str, str] | None:
        if channel.startswith(("U", "W")):
            channel = str(
                _call(self._patient, "conversations.open", users=channel)["channel"][
                    "id"
                ]
            )
        # Slack's clock and ours may differ by this much.
        oldest = f"{since - 60:.6f}"
        method = "conversations.replies" if thread_ts else "conversations.history"
        where: dict[str, Any] = {"ts": thread_ts} if thread_ts else {}
        for message in self._pages(
            method,
            "messages",
            channel=channel,
            oldest=oldest,
            include_all_metadata=True,
            limit=100,
            **where,
        ):
            metadata = message.get("metadata") or {}
            if (metadata.get("event_payload") or {}).get("operation") == operation:
                return channel, str(message["ts"])
        return None

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        return self._pages(
            "conversations.replies", "messages", channel=channel, ts=ts, limit=200
        )

    def open_view(self, trigger_id: str, view: View) -> None:
        _call(
            self._prompt,
            "views.open",
            trigger_id=trigger_id,
            view=json.dumps(view.to_dict()),
        )

    def push_view(self, trigger_id: str, view: View) -> None:
        _call(
            self._prompt,
            "views.push",
            trigger_id=trigger_id,
            view=json.dumps(view.to_dict()),
        )

    def update_view(self, view_id: str, view: View, *, hash: str | None) -> None:  # noqa: A002
        _call(
            self._prompt,
            "views.update",
            view_id=view_id,
            hash=hash,
            view=json.dumps(view.to_dict()),
        )

    def publish_home(self, member: str, view: View) -> None:
        _call(
            self._patient,
            "views.publish",
            user_id=member,
            view=json.dumps(view.to_dict()),
        )

    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block],
        *,
        replace: bool = False,
    ) -> None:
        hook = WebhookClient(response_url, timeout=1, retry_handlers=[])
        try:
            answer = hook.send(
                text=text,
                blocks=[block.to_dict() for block in blocks],
                response_type="ephemeral",
                replace_original=replace,
            )
        except (OSError, HTTPException) as error:
            raise _broken("response_url", error) from error
        if answer.status_code != 200:  # noqa: PLR2004
            raise Refused("response_url", f"http_{answer.status_code}")

    def member(self, member: str) -> dict[str, Any]:
        return dict(_call(self._prompt, "users.info", user=member)["user"])

    def channel(self, channel: str) -> dict[str, Any]:
        return dict(
            _call(self._prompt, "conversations.info", channel=channel)["channel"]
        )

    def joined_channels(self) -> Iterator[dict[str, Any]]:
        def of(types: str) -> Iterator[dict[str, Any]]:
            return self._pages(
                "users.conversations", "channels", types=types, limit=200
            )

        try:
            yield from of("public_channel,private_channel")
        except Refused as error:
            # A workspace may have installed us without private channels.
            if error.code != "missing_scope":
                raise
            yield from of("public_channel")

    def identity(self) -> dict[str, Any]:
        answer = _call(self._patient, "auth.test")
        scopes = next(
            (
                value
                for name, value in answer.headers.items()
                if name.lower() == "x-oauth-scopes"
            ),
            "",
        )
        return {
            **dict(answer.data if isinstance(answer.data, dict) else {}),
            "scopes": scopes,
        }

    def _pages(self, method: str, key: str, **args: Any) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = _call(self._patient, method, cursor=cursor or None, **args)
            yield from page[key]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _json(blocks: Sequence[Block]) -> str:
    return json.dumps([block.to_dict() for block in blocks])


def _call(
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
        raise _broken(method, error) from error


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
        return min(max(float(value), 1.0), 3600.0)
    except ValueError:
        return 60.0


def _broken(method: str, error: Exception) -> SlackError:
    """A connection that never came about did nothing; any other may have."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ConnectionRefusedError) or type(reason).__name__ in {
        "gaierror",
        "SSLCertVerificationError",
    }:
        return NotDone(method, "not_connected")
    return Unsure(method, type(reason).__name__)
