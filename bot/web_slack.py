"""The only code that calls Slack."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk import WebClient
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack import NO_THREAD, NotDone, Outdated, Refused, SlackError, Unsure
from bot.web_api import Client, call, given, send_file, send_json

METADATA_EVENT = "backswing_operation"
# In seconds, by how much Slack's clock may be behind ours: at more than five minutes
# nothing that Slack signs is taken any more.
_CLOCKS_DIFFER = 330


def socket_address(token: str, base_url: str) -> str:
    """Have Slack name an address for Socket Mode; raises SlackError if it won't."""
    client = Client(token, base_url=base_url, timeout=8, retry_handlers=[])
    return given(call(client, "apps.connections.open"), "url")


class WebSlack:
    """Slack's Web API. Each answer is asked for once: the outbox decides what next."""

    def __init__(
        self, token: str, *, base_url: str = WebClient.BASE_URL, timeout: int = 8
    ) -> None:
        # The SDK's default handler sends a POST again after a reset: two messages.
        self._patient = Client(
            token, base_url=base_url, timeout=timeout, retry_handlers=[]
        )
        # For calls that somebody's three seconds are waiting for.
        self._prompt = Client(token, base_url=base_url, timeout=1, retry_handlers=[])

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Block],
        *,
        operation: str,
        thread_ts: str | None = None,
    ) -> tuple[str, str]:
        answer = call(
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
        posted = given(answer, "channel"), given(answer, "ts")
        if thread_ts and _is_astray(answer.get("message")):
            self._take_back(posted)
            raise Refused("chat.postMessage", NO_THREAD)
        return posted

    def _take_back(self, posted: tuple[str, str]) -> None:
        """Delete what Slack put into the channel, since its thread is gone."""
        try:
            self.delete(*posted)
        except SlackError as error:
            # It is found by a look, and deleted then.
            raise Unsure("chat.postMessage", error.code) from error

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        call(
            self._patient,
            "chat.update",
            channel=channel,
            ts=ts,
            text=text,
            blocks=_json(blocks),
        )

    def delete(self, channel: str, ts: str) -> None:
        call(
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
        call(
            self._patient,
            "chat.postEphemeral",
            channel=channel,
            user=member,
            text=text,
            blocks=_json(blocks),
            thread_ts=thread_ts,
        )

    def react(self, channel: str, ts: str, emoji: str) -> None:
        call(
            self._patient,
            "reactions.add",
            done={"already_reacted"},
            channel=channel,
            timestamp=ts,
            name=emoji,
        )

    def unreact(self, channel: str, ts: str, emoji: str) -> None:
        call(
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
            channel = self._conversation(channel)
        oldest = f"{since - _CLOCKS_DIFFER:.6f}"
        if thread_ts is None:
            return self._look(channel, operation, "conversations.history", oldest)
        method = "conversations.replies"
        try:
            return self._look(channel, operation, method, oldest, ts=thread_ts)
        except Refused as error:
            if error.code == NO_THREAD:
                astray = self._look(channel, operation, "conversations.history", oldest)
                if astray is not None:
                    self.delete(*astray)
            raise

    def _look(
        self, channel: str, operation: str, method: str, oldest: str, **where: Any
    ) -> tuple[str, str] | None:
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
            for file in message.get("files") or []:
                if operation in str(file.get("name")):
                    return channel, str(file["id"])
        return None

    def _conversation(self, member: str) -> str:
        """The direct messages with a person."""
        opened = call(self._patient, "conversations.open", users=member)
        return str(given(opened, "channel", dict)["id"])

    def upload(
        self, member: str, *, name: str, title: str, comment: str, content: bytes
    ) -> tuple[str, str]:
        channel = self._conversation(member)
        try:
            slot = call(
                self._patient,
                "files.getUploadURLExternal",
                filename=name,
                length=len(content),
            )
            file = given(slot, "file_id")
            send_file(given(slot, "upload_url"), name, content)
        except Unsure as error:
            # Nobody sees a file before its upload is completed.
            raise NotDone(error.method, error.code) from error
        call(
            self._patient,
            "files.completeUploadExternal",
            files=json.dumps([{"id": file, "title": title}]),
            channel_id=channel,
            initial_comment=comment,
        )
        return channel, file

    def delete_file(self, file: str) -> None:
        call(self._patient, "files.delete", done={"file_not_found"}, file=file)

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        return self._pages(
            "conversations.replies", "messages", channel=channel, ts=ts, limit=200
        )

    def reactions_of(self, channel: str, ts: str) -> list[dict[str, Any]]:
        try:
            answer = call(
                self._patient, "reactions.get", channel=channel, timestamp=ts, full=True
            )
        except Refused as error:
            # Deleted a moment ago, and its reactions with it.
            if error.code != "message_not_found":
                raise
            return []
        return list(answer["message"].get("reactions") or [])

    def open_view(self, trigger_id: str, view: View) -> None:
        call(
            self._prompt,
            "views.open",
            trigger_id=trigger_id,
            view=json.dumps(view.to_dict()),
        )

    def push_view(self, trigger_id: str, view: View) -> None:
        call(
            self._prompt,
            "views.push",
            trigger_id=trigger_id,
            view=json.dumps(view.to_dict()),
        )

    def update_view(self, view_id: str, view: View, *, hash: str | None) -> None:  # noqa: A002
        call(
            self._prompt,
            "views.update",
            view_id=view_id,
            hash=hash,
            view=json.dumps(view.to_dict()),
        )

    def publish_home(self, member: str, view: View, *, hash: str | None) -> str:  # noqa: A002
        try:
            answer = call(
                self._patient,
                "views.publish",
                user_id=member,
                hash=hash,
                view=json.dumps(view.to_dict()),
            )
        except Refused as error:
            if error.code == "hash_conflict":
                raise Outdated(error.method, error.code) from error
            raise
        return str(given(answer, "view", dict)["hash"])

    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block],
        *,
        replace: bool = False,
    ) -> None:
        send_json(
            "response_url",
            response_url,
            {
                "text": text,
                "blocks": [block.to_dict() for block in blocks],
                "response_type": "ephemeral",
                "replace_original": replace,
            },
        )

    def member(self, member: str) -> dict[str, Any]:
        return given(call(self._prompt, "users.info", user=member), "user", dict)

    def channel(self, channel: str) -> dict[str, Any]:
        answer = call(self._prompt, "conversations.info", channel=channel)
        return given(answer, "channel", dict)

    def joined_channels(self) -> Iterator[dict[str, Any]]:
        return self._conversations(None)

    def channels_of(self, member: str) -> Iterator[str]:
        return (str(channel["id"]) for channel in self._conversations(member))

    def _conversations(self, member: str | None) -> Iterator[dict[str, Any]]:
        """The channels that a member is in, the bot itself if none is named."""

        def of(types: str) -> Iterator[dict[str, Any]]:
            return self._pages(
                "users.conversations", "channels", types=types, limit=200, user=member
            )

        try:
            yield from of("public_channel,private_channel")
        except Refused as error:
            # A workspace may have installed us without private channels.
            if error.code != "missing_scope":
                raise
            yield from of("public_channel")

    def private_channels_of(self, member: str, *, is_urgent: bool) -> Iterator[str]:
        try:
            for channel in self._pages(
                "users.conversations",
                "channels",
                client=self._prompt if is_urgent else self._patient,
                types="private_channel",
                limit=200,
                user=member,
            ):
                yield str(channel["id"])
        except Refused as error:
            # Installed without private channels, we are in none.
            if error.code != "missing_scope":
                raise

    def channel_members(self, channel: str) -> Iterator[str]:
        yield from self._pages(
            "conversations.members", "members", channel=channel, limit=1000
        )

    def identity(self) -> dict[str, Any]:
        answer = call(self._patient, "auth.test")
        for name in ("team_id", "user_id", "url"):
            given(answer, name)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return {
            **dict(answer.data if isinstance(answer.data, dict) else {}),
            "scopes": headers.get("x-oauth-scopes", ""),
            "date": headers.get("date", ""),
        }

    def app_id(self) -> str:
        """The id of the app that the bot belongs to."""
        me = self.identity()
        answer = call(self._patient, "bots.info", bot=me.get("bot_id"))
        return str(given(answer, "bot", dict).get("app_id", ""))

    def _pages(
        self, method: str, key: str, *, client: WebClient | None = None, **args: Any
    ) -> Iterator[Any]:
        cursor = ""
        while True:
            page = call(client or self._patient, method, cursor=cursor or None, **args)
            if page[key] is not None:
                yield from given(page, key, list)
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _json(blocks: Sequence[Block]) -> str:
    return json.dumps([block.to_dict() for block in blocks])


def _is_astray(message: object) -> bool:
    """Whether a message that was to be a reply is none."""
    return isinstance(message, dict) and not message.get("thread_ts")
