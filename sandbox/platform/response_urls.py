"""Posts to a `response_url`: five times in half an hour."""

import secrets
from datetime import timedelta
from typing import Any

from sandbox.block_kit.validate import add_defaults, check_blocks
from sandbox.platform.messages import MessageStore
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Channel, Json, Message, ResponseUrl
from sandbox.workspace.workspace import Workspace

MAX_USES = 5
LIFETIME = timedelta(minutes=30)


class ResponseUrls:
    def __init__(self, workspace: Workspace, messages: MessageStore) -> None:
        self._workspace = workspace
        self._messages = messages
        self.base = ""

    def create(
        self,
        kind: str,
        channel: str,
        person: str,
        message_ts: str | None = None,
        thread_ts: str | None = None,
    ) -> str:
        token = secrets.token_urlsafe(18)
        key = f"{kind}/{self._workspace.team_id}/{token}"
        self._workspace.response_urls[key] = ResponseUrl(
            channel, person, self._workspace.clock(), message_ts, thread_ts
        )
        return f"{self.base}/{key}"

    def use(self, key: str, body: Json) -> None:
        workspace = self._workspace
        url = workspace.response_urls.get(key)
        if url is None:
            raise SlackError("no_such_response_url")
        if url.uses >= MAX_USES or workspace.clock() - url.created_at > LIFETIME:
            raise SlackError("used_url" if url.uses >= MAX_USES else "expired_url")
        url.uses += 1
        self.respond(url, body)

    def respond(self, url: ResponseUrl, body: Json) -> Message | None:
        """Post, update or delete by `body`; also used for an acknowledgement's body."""
        workspace = self._workspace
        room = workspace.channel(url.channel)
        old = self._original(url, room)
        if body.get("delete_original"):
            self._delete(old)
            return None
        blocks = body.get("blocks") or []
        text = str(body.get("text") or "")
        if not text and not blocks and not body.get("attachments"):
            raise SlackError("no_text")
        if problems := check_blocks(blocks):
            raise SlackError("invalid_blocks", *problems)
        if body.get("replace_original") and old is not None:
            return self._replace(old, text, blocks)
        thread = body.get("thread_ts") or (url.thread_ts if old is not None else None)
        fields: Json = {"blocks": blocks, "attachments": body.get("attachments") or []}
        if body.get("response_type") == "in_channel":
            return self._messages.post(
                room,
                workspace.bot_user_id,
                text,
                bot_id=workspace.bot_id,
                thread_ts=thread,
                metadata=body.get("metadata"),
                **fields,
            )
        return self._messages.post_ephemeral(
            room, url.person, text, thread_ts=thread, **fields
        )

    def _original(self, url: ResponseUrl, room: Channel) -> Message | None:
        if url.message_ts is None:
            return None
        if url.message_ts in room.messages:
            return room.messages[url.message_ts]
        mine = self._workspace.ephemerals.get(url.person, [])
        return next((m for m in mine if m.ts == url.message_ts), None)

    def _delete(self, original: Message | None) -> None:
        if original is None:
            raise SlackError("message_not_found")
        if original.visible_to:
            self._workspace.ephemerals[original.visible_to].remove(original)
            self._workspace.notify("ephemeral", person=original.visible_to)
        elif original.bot_id == self._workspace.bot_id:
            self._messages.delete(original)
        else:
            raise SlackError("cant_delete_message")

    def _replace(self, original: Message, text: str, blocks: list[Any]) -> Message:
        if original.visible_to:
            original.text, original.blocks = text, add_defaults(blocks)
            self._workspace.notify("ephemeral", person=original.visible_to)
        elif original.bot_id == self._workspace.bot_id:
            self._messages.update(original, text=text, blocks=blocks)
        else:
            raise SlackError("cant_update_message")
        return original
