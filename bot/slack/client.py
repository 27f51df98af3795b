"""The client for Slack's Web API. Only it and its bases call Slack."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack.api import (
    THREAD_NOT_FOUND,
    HashConflict,
    NotSent,
    OutcomeUnknown,
    Rejected,
    SlackError,
)
from bot.slack.channel_calls import ChannelCalls
from bot.slack.http import (
    call_method,
    is_outside_thread,
    require_field,
    send_file,
    send_json,
    to_json,
)

METADATA_EVENT = "backswing_operation"
# The most seconds that Slack's clock may be behind ours. If it were behind by more than
# five minutes, we would refuse all of Slack's signatures.
_MAX_CLOCK_SKEW_SECONDS = 330


class SlackClient(ChannelCalls):
    """Slack's Web API with the token of one workspace.

    Each call is made once: the outbox decides what to do if it fails.
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
        answer = call_method(
            self._background,
            "chat.postMessage",
            channel=channel,
            text=text,
            blocks=to_json(blocks),
            thread_ts=thread_ts,
            unfurl_links=False,
            unfurl_media=False,
            metadata=json.dumps(
                {
                    "event_type": METADATA_EVENT,
                    "event_payload": {"operation": metadata_token},
                }
            ),
        )
        posted = require_field(answer, "channel"), require_field(answer, "ts")
        if thread_ts and is_outside_thread(answer.get("message")):
            self._delete_stray(posted)
            raise Rejected("chat.postMessage", THREAD_NOT_FOUND)
        return posted

    def _delete_stray(self, posted: tuple[str, str]) -> None:
        """Delete a reply that Slack put in the channel because its thread is gone."""
        try:
            self.delete(*posted)
        except SlackError as error:
            # `find_by_metadata` finds and deletes it later.
            raise OutcomeUnknown("chat.postMessage", error.code) from error

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        call_method(
            self._background,
            "chat.update",
            channel=channel,
            ts=ts,
            text=text,
            blocks=to_json(blocks),
        )

    def delete(self, channel: str, ts: str) -> None:
        call_method(
            self._background,
            "chat.delete",
            ok_errors={"message_not_found"},
            channel=channel,
            ts=ts,
        )

    def post_ephemeral(
        self,
        channel: str,
        member: str,
        text: str,
        blocks: Sequence[Block],
        *,
        thread_ts: str | None = None,
    ) -> None:
        call_method(
            self._background,
            "chat.postEphemeral",
            channel=channel,
            user=member,
            text=text,
            blocks=to_json(blocks),
            thread_ts=thread_ts,
        )

    def add_reaction(self, channel: str, ts: str, emoji: str) -> None:
        call_method(
            self._background,
            "reactions.add",
            ok_errors={"already_reacted"},
            channel=channel,
            timestamp=ts,
            name=emoji,
        )

    def remove_reaction(self, channel: str, ts: str, emoji: str) -> None:
        call_method(
            self._background,
            "reactions.remove",
            ok_errors={"no_reaction", "message_not_found"},
            channel=channel,
            timestamp=ts,
            name=emoji,
        )

    def find_by_metadata(
        self,
        channel: str,
        metadata_token: str,
        *,
        since: float,
        thread_ts: str | None = None,
    ) -> tuple[str, str] | None:
        if channel.startswith(("U", "W")):
            channel = self._open_dm(channel)
        oldest = f"{since - _MAX_CLOCK_SKEW_SECONDS:.6f}"
        if thread_ts is None:
            return self._search(
                channel, metadata_token, "conversations.history", oldest
            )
        method = "conversations.replies"
        try:
            return self._search(channel, metadata_token, method, oldest, ts=thread_ts)
        except Rejected as error:
            if error.code == THREAD_NOT_FOUND:
                stray = self._search(
                    channel, metadata_token, "conversations.history", oldest
                )
                if stray is not None:
                    self.delete(*stray)
            raise

    def _open_dm(self, members: str) -> str:
        """Open the direct messages with a member, or some; return their id."""
        answer = call_method(self._background, "conversations.open", users=members)
        return str(require_field(answer, "channel", dict)["id"])

    def open_group(self, members: Sequence[str]) -> str:
        return self._open_dm(",".join(members))

    def upload_file(
        self, member: str, *, name: str, title: str, comment: str, content: bytes
    ) -> tuple[str, str]:
        channel = self._open_dm(member)
        try:
            slot = call_method(
                self._background,
                "files.getUploadURLExternal",
                filename=name,
                length=len(content),
            )
            file = require_field(slot, "file_id")
            send_file(require_field(slot, "upload_url"), name, content)
        except OutcomeUnknown as error:
            # The file is not visible before its upload is completed.
            raise NotSent(error.method, error.code) from error
        call_method(
            self._background,
            "files.completeUploadExternal",
            files=json.dumps([{"id": file, "title": title}]),
            channel_id=channel,
            initial_comment=comment,
        )
        return channel, file

    def delete_file(self, file: str) -> None:
        call_method(
            self._background, "files.delete", ok_errors={"file_not_found"}, file=file
        )

    def reply(self, channel: str, thread_ts: str, ts: str) -> dict[str, Any] | None:
        try:
            answer = call_method(
                self._background,
                "conversations.replies",
                channel=channel,
                ts=thread_ts,
                oldest=ts,
                latest=ts,
                inclusive=True,
                # Slack adds the thread's first message to each page.
                limit=2,
            )
        except Rejected as error:
            if error.code != THREAD_NOT_FOUND:
                raise
            return None
        messages: list[dict[str, Any]] = require_field(answer, "messages", list)
        return next((each for each in messages if each.get("ts") == ts), None)

    def reactions_of(self, channel: str, ts: str) -> list[dict[str, Any]]:
        try:
            answer = call_method(
                self._background,
                "reactions.get",
                channel=channel,
                timestamp=ts,
                full=True,
            )
        except Rejected as error:
            # The message was just deleted, and its reactions with it.
            if error.code != "message_not_found":
                raise
            return []
        return list(answer["message"].get("reactions") or [])

    def open_view(self, trigger_id: str, view: View) -> None:
        self._show("views.open", view, trigger_id=trigger_id)

    def push_view(self, trigger_id: str, view: View) -> None:
        self._show("views.push", view, trigger_id=trigger_id)

    def update_view(self, view_id: str, view: View, *, hash: str | None) -> None:  # noqa: A002
        self._show("views.update", view, view_id=view_id, hash=hash)

    def _show(self, method: str, view: View, **where: Any) -> None:
        call_method(self._urgent, method, view=json.dumps(view.to_dict()), **where)

    def publish_home(self, member: str, view: View, *, hash: str | None) -> str:  # noqa: A002
        try:
            answer = call_method(
                self._background,
                "views.publish",
                user_id=member,
                hash=hash,
                view=json.dumps(view.to_dict()),
            )
        except Rejected as error:
            if error.code == "hash_conflict":
                raise HashConflict(error.method, error.code) from error
            raise
        return str(require_field(answer, "view", dict)["hash"])

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

    def user_info(self, member: str) -> dict[str, Any]:
        return require_field(
            call_method(self._urgent, "users.info", user=member), "user", dict
        )

    def profile_fields(self) -> Mapping[str, str]:
        answer = call_method(self._background, "team.profile.get")
        profile = require_field(answer, "profile", dict)
        return {
            str(field["label"]): str(field["id"])
            for field in profile.get("fields") or []
        }

    def profile_values(self, member: str) -> Mapping[str, str]:
        answer = call_method(self._background, "users.profile.get", user=member)
        # Without any, it is an empty list.
        fields = require_field(answer, "profile", dict).get("fields") or {}
        return {
            str(field): str(content.get("value") or "")
            for field, content in dict(fields).items()
        }

    def conversation_info(self, channel: str) -> dict[str, Any]:
        answer = call_method(self._urgent, "conversations.info", channel=channel)
        return require_field(answer, "channel", dict)

    def auth_test(self) -> dict[str, Any]:
        answer = call_method(self._background, "auth.test")
        for name in ("team_id", "user_id", "url"):
            require_field(answer, name)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return {
            **dict(answer.data if isinstance(answer.data, dict) else {}),
            "scopes": headers.get("x-oauth-scopes", ""),
            "date": headers.get("date", ""),
        }

    def app_id(self) -> str:
        """Return the id of the app that the bot belongs to."""
        identity = self.auth_test()
        answer = call_method(self._background, "bots.info", bot=identity.get("bot_id"))
        return str(require_field(answer, "bot", dict).get("app_id", ""))
