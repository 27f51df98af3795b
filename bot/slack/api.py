"""What we ask of Slack, and what can come of it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Protocol

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

# What Slack says of how long it wants to be left alone is believed up to this.
MAX_RETRY_AFTER = timedelta(hours=1)
# The workspace as a whole no longer takes anything from us.
REVOKED_TOKEN_ERRORS = {
    "account_inactive",
    "invalid_auth",
    "not_authed",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
}


# Of a reply whose thread is gone.
THREAD_NOT_FOUND = "thread_not_found"


class SlackError(Exception):
    """Slack did not do what was asked. `code` is its error name, or ours."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"{method}: {code}")
        self.method = method
        self.code = code


class RateLimited(SlackError):
    """Not done; not to be asked again with this method for `seconds`."""

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(method, "ratelimited")
        self.retry_after = retry_after


class NotSent(SlackError):
    """Certainly not done; may be tried again."""


class HashConflict(NotSent):
    """Not done: somebody else changed the view since it was drawn (`hash_conflict`)."""


class OutcomeUnknown(SlackError):
    """Done or not: nobody knows before having looked."""


class Rejected(SlackError):
    """Slack will not do it, however often it is asked."""


class SlackApi(Protocol):
    """Every method raises SlackError. Channels and people are Slack's ids."""

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Block],
        *,
        metadata_token: str,
        thread_ts: str | None = None,
    ) -> tuple[str, str]:
        """Post a message; the channel it went to (a DM's own id) and its ts."""

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
        """Show a message to one person only, until they reload."""

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
        """Where the message of an operation stands, or which file it is.

        `since`: Unix time.
        """

    def upload_file(
        self, member: str, *, name: str, title: str, comment: str, content: bytes
    ) -> tuple[str, str]:
        """Give one person a file; the conversation it is in, and the file's id."""

    def delete_file(self, file: str) -> None: ...
    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        """The messages of a thread, its parent first."""

    def reactions_of(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """Return a message's reactions with everybody who reacted."""

    def open_view(self, trigger_id: str, view: View) -> None: ...
    def push_view(self, trigger_id: str, view: View) -> None: ...
    def update_view(self, view_id: str, view: View, *, hash: str | None) -> None: ...  # noqa: A002 - Slack's name
    def publish_home(self, member: str, view: View, *, hash: str | None) -> str:  # noqa: A002
        """Show somebody's Home tab; the new view's hash.

        Raises Outdated where a `hash` is given, and is not that of what is shown.
        """

    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block],
        *,
        replace: bool = False,
    ) -> None:
        """Answer a click or a message shortcut, to nobody else's eyes."""

    def user_info(self, member: str) -> dict[str, Any]:
        """Slack's user object."""

    def conversation_info(self, channel: str) -> dict[str, Any]:
        """Slack's conversation object."""

    def own_conversations(self) -> Iterator[dict[str, Any]]:
        """Each public or private channel that the bot is a member of."""

    def conversations_of(self, member: str) -> Iterator[str]:
        """The ids of the channels that somebody is in.

        Of private ones Slack tells only those that the bot is in, too.
        """

    def private_conversations_of(
        self, member: str, *, is_urgent: bool
    ) -> Iterator[str]:
        """The ids of the private channels that both somebody and the bot are in.

        `is_urgent`: somebody's three seconds wait for the answer.
        """

    def conversation_members(self, channel: str) -> Iterator[str]:
        """The ids of everybody in a channel that the bot is in."""

    def auth_test(self) -> dict[str, Any]:
        """Who we are, and where: `auth.test`.

        With the headers that tell the granted scopes as `scopes`, and when Slack
        answered as `date`, each "" where it is missing.
        """
