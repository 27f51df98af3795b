"""Calls to Slack whose results come in pages: messages, channels, members."""

from collections.abc import Iterator
from typing import Any

from bot.slack.api import Rejected
from bot.slack.http import ProxyAwareClient, call_method, require_field


class PagedReads:
    """The part of the client that reads lists page by page."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str = ProxyAwareClient.BASE_URL,
        timeout: int = 8,
        team_id: str | None = None,
    ) -> None:
        """Take a workspace's id, which some methods need with an organisation's token.

        With a workspace's own token, Slack ignores it.
        """
        self._team_id = team_id
        # Without the SDK's retries: after a connection reset, it would send a POST
        # again, and a message could be posted twice.
        self._background = ProxyAwareClient(
            token, base_url=base_url, timeout=timeout, retry_handlers=[]
        )
        # For calls that a member waits for: Slack allows three seconds.
        self._urgent = ProxyAwareClient(
            token, base_url=base_url, timeout=1, retry_handlers=[]
        )

    def _search(
        self, channel: str, metadata_token: str, method: str, oldest: str, **args: Any
    ) -> tuple[str, str] | None:
        """Return the channel and ts of the message with this token, or a file's id."""
        for message in self._pages(
            method,
            "messages",
            channel=channel,
            oldest=oldest,
            include_all_metadata=True,
            limit=100,
            **args,
        ):
            metadata = message.get("metadata") or {}
            if (metadata.get("event_payload") or {}).get("operation") == metadata_token:
                return channel, str(message["ts"])
            for file in message.get("files") or []:
                if metadata_token in str(file.get("name")):
                    return channel, str(file["id"])
        return None

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        return self._pages(
            "conversations.replies", "messages", channel=channel, ts=ts, limit=200
        )

    def own_conversations(self) -> Iterator[dict[str, Any]]:
        return self._list_conversations(None)

    def conversations_of(
        self, member: str, *, is_urgent: bool = False
    ) -> Iterator[str]:
        channels = self._list_conversations(member, is_urgent=is_urgent)
        return (str(channel["id"]) for channel in channels)

    def _list_conversations(
        self, member: str | None, *, is_urgent: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Yield the channels that a member is in; None: the bot's."""

        def pages(types: str) -> Iterator[dict[str, Any]]:
            return self._pages(
                "users.conversations",
                "channels",
                client=self._urgent if is_urgent else self._background,
                types=types,
                limit=200,
                user=member,
                team_id=self._team_id,
            )

        try:
            yield from pages("public_channel,private_channel")
        except Rejected as error:
            # The app may be installed without the scope for private channels.
            if error.code != "missing_scope":
                raise
            yield from pages("public_channel")

    def private_conversations_of(
        self, member: str, *, is_urgent: bool
    ) -> Iterator[str]:
        try:
            for channel in self._pages(
                "users.conversations",
                "channels",
                client=self._urgent if is_urgent else self._background,
                types="private_channel",
                limit=200,
                user=member,
                team_id=self._team_id,
            ):
                yield str(channel["id"])
        except Rejected as error:
            # Without the scope for private channels, the bot is in none.
            if error.code != "missing_scope":
                raise

    def teams(self) -> Iterator[tuple[str, str]]:
        """Yield the id and name of each workspace that has the organisation's app."""
        for team in self._pages("auth.teams.list", "teams", limit=200):
            yield str(team["id"]), str(team.get("name") or "")

    def conversation_members(self, channel: str) -> Iterator[str]:
        yield from self._pages(
            "conversations.members", "members", channel=channel, limit=1000
        )

    def _pages(
        self,
        method: str,
        key: str,
        *,
        client: ProxyAwareClient | None = None,
        **args: Any,
    ) -> Iterator[Any]:
        cursor = ""
        while True:
            page = call_method(
                client or self._background, method, cursor=cursor or None, **args
            )
            if page[key] is not None:
                yield from require_field(page, key, list)
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
