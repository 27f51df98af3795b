"""The interface to Slack's Web API, and its errors."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

# A longer Retry-After is cut to this.
MAX_RETRY_AFTER = timedelta(hours=1)
# With these errors, the workspace no longer accepts any call with our token.
REVOKED_TOKEN_ERRORS = {
    "account_inactive",
    "invalid_auth",
    "not_authed",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
}
# The error for a reply to a thread that was deleted.
THREAD_NOT_FOUND = "thread_not_found"


class SlackError(Exception):
    """A call to Slack failed. `code` is Slack's error code, or one of ours."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"{method}: {code}")
        self.method = method
        self.code = code


class RateLimited(SlackError):
    """Not done; call the method again after `retry_after` seconds."""

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(method, "ratelimited")
        self.retry_after = retry_after


class NotSent(SlackError):
    """Certainly not done; may be tried again."""


class HashConflict(NotSent):
    """Not done: the view was changed since it was rendered (`hash_conflict`)."""


class OutcomeUnknown(SlackError):
    """Done or not: unknown until it is looked up."""


class Rejected(SlackError):
    """Slack will never accept this call.

    `date` is the `Date` header of its answer, which is by Slack's clock; "" if missing.
    """

    def __init__(self, method: str, code: str, *, date: str = "") -> None:
        super().__init__(method, code)
        self.date = date


class OrganisationApi(Protocol):
    """The methods for an organisation's token. Both raise SlackError."""

    def auth_test(self) -> dict[str, Any]: ...
    def teams(self) -> Iterator[tuple[str, str]]:
        """Yield the id and name of each workspace to which the app was added."""


class SlackApi(Protocol):
    """Slack's methods. All raise SlackError. Channels and members are Slack's ids.

    A client makes each call once; the caller decides about retries.
    """

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Block],
        *,
        metadata_token: str,
        thread_ts: str | None = None,
    ) -> tuple[str, str]:
        """Post a message; return its channel (for a DM, the conversation) and ts."""

    def update(
        self, channel: str, ts: str, text: str, blocks: Sequence[Block]
    ) -> None: ...
    def delete(self, channel: str, ts: str) -> None: ...
    def post_ephemeral(
        self,
        channel: str,
        member: str,
        text: str,
        blocks: Sequence[Block],
        *,
        thread_ts: str | None = None,
    ) -> None:
        """Show a message to one member only, until they reload Slack."""

    def add_reaction(self, channel: str, ts: str, emoji: str) -> None: ...
    def remove_reaction(self, channel: str, ts: str, emoji: str) -> None: ...
    def find_by_metadata(
        self,
        channel: str,
        metadata_token: str,
        *,
        since: float,
        thread_ts: str | None = None,
    ) -> tuple[str, str] | None:
        """Return the channel and ts of the message with this token, or a file's id.

        `since` is Unix time in seconds.
        """

    def open_group(self, members: Sequence[str]) -> str:
        """Open the direct messages of a group with the bot; return their id.

        For the same people it is always the same conversation.
        """

    def open_channel(self, name: str, *, creator: str) -> str:
        """Make a private channel, or find the one of this name; return its id.

        `creator` is the bot's id as a person: it takes no channel of someone else.
        """

    def invite(self, channel: str, members: Sequence[str]) -> Sequence[str]:
        """Bring members, a hundred at most, into a channel; return those Slack takes.

        It can be repeated.
        """

    def remove(self, channel: str, member: str) -> None:
        """Take a member out of a channel. It can be repeated."""

    def upload_file(
        self, member: str, *, name: str, title: str, comment: str, content: bytes
    ) -> tuple[str, str]:
        """Send a file to one member; return the conversation's and the file's id."""

    def delete_file(self, file: str) -> None: ...
    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        """Yield the messages of a thread, its parent first."""

    def reply(self, channel: str, thread_ts: str, ts: str) -> dict[str, Any] | None:
        """Return one message of a thread; None if Slack no longer shows it."""

    def reactions_of(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """Return a message's reactions with all members who reacted."""

    def open_view(self, trigger_id: str, view: View) -> None: ...
    def push_view(self, trigger_id: str, view: View) -> None: ...
    def update_view(self, view_id: str, view: View, *, hash: str | None) -> None: ...  # noqa: A002 - Slack's name
    def publish_home(self, member: str, view: View, *, hash: str | None) -> str:  # noqa: A002
        """Publish a member's Home tab; return the new view's hash.

        Raises HashConflict if `hash` is given and is not the current view's.
        """

    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block],
        *,
        replace: bool = False,
    ) -> None:
        """Answer a click or a message shortcut with an ephemeral message."""

    def user_info(self, member: str) -> dict[str, Any]:
        """Return Slack's user object."""

    def profile_fields(self) -> Mapping[str, str]:
        """Return the ids of the workspace's own fields of profiles, by label."""

    def profile_values(self, member: str) -> Mapping[str, str]:
        """Return the texts of such fields of a member, by the field's id."""

    def conversation_info(self, channel: str) -> dict[str, Any]:
        """Return Slack's conversation object."""

    def own_conversations(self) -> Iterator[dict[str, Any]]:
        """Yield each public or private channel that the bot is a member of."""

    def conversations_of(
        self, member: str, *, is_urgent: bool = False
    ) -> Iterator[str]:
        """Yield the ids of the channels that a member is in.

        Private channels are included only if the bot is in them, too.
        """

    def private_conversations_of(
        self, member: str, *, is_urgent: bool
    ) -> Iterator[str]:
        """Yield the ids of the private channels that both a member and the bot are in.

        `is_urgent`: use a short timeout, since a member waits for it.
        """

    def conversation_members(self, channel: str) -> Iterator[str]:
        """Yield the ids of all members of a channel that the bot is in."""

    def auth_test(self) -> dict[str, Any]:
        """Call `auth.test`: return the bot's identity and workspace.

        Includes the headers for granted scopes as `scopes`, and the response's date as
        `date`, each "" if it is missing.
        """
