"""Files that the app uploads: a slot, its bytes, and the message with it."""

import secrets
from dataclasses import dataclass, field
from typing import Final

from sandbox.platform.messages import MessageStore
from sandbox.platform.payloads import file_object
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Channel, Json, Message
from sandbox.workspace.workspace import Workspace

MAX_FILE_BYTES: Final = 1024**3


@dataclass(slots=True)
class Upload:
    """A file, invisible until its upload is completed."""

    id: str
    name: str
    length: int
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    content: bytes | None = None
    messages: list[Message] = field(default_factory=list)


class FileStore:
    def __init__(self, workspace: Workspace, messages: MessageStore) -> None:
        self._workspace = workspace
        self._messages = messages
        self.uploads: dict[str, Upload] = {}

    def create_upload(self, name: str, length: int) -> Upload:
        if not name:
            raise SlackError("invalid_arguments", "[ERROR] missing required: filename")
        if not 0 < length <= MAX_FILE_BYTES:
            raise SlackError("file_upload_size_restricted")
        upload = Upload(self._workspace.next_id("F"), name, length)
        self.uploads[upload.id] = upload
        return upload

    def store_content(self, key: str, content: bytes) -> bool:
        """Store the bytes for a slot; return False if there is no such slot."""
        for upload in self.uploads.values():
            if upload.key == key and len(content) == upload.length:
                upload.content = content
                return True
        return False

    def complete(
        self, files: list[Json], room: Channel | None, comment: str
    ) -> list[Json]:
        """Show uploaded files in a conversation, in one message."""
        uploads = []
        for file in files:
            upload = self.uploads.get(str(file.get("id")))
            if upload is None or upload.content is None:
                raise SlackError("file_not_found")
            uploads.append((upload, str(file.get("title") or upload.name)))
        if room is not None:
            workspace = self._workspace
            bot = workspace.people[workspace.bot_user_id]
            shown = [
                file_object(
                    workspace,
                    bot,
                    {
                        "id": upload.id,
                        "name": upload.name,
                        "title": title,
                        "size": upload.length,
                    },
                )
                for upload, title in uploads
            ]
            message = self._messages.post(
                room, bot.id, comment, bot_id=workspace.bot_id, files=shown
            )
            for upload, _ in uploads:
                upload.messages.append(message)
        return [{"id": upload.id, "title": title} for upload, title in uploads]

    def delete(self, file_id: str) -> None:
        """Delete a file, and the messages that contain it."""
        upload = self.uploads.pop(file_id, None)
        if upload is None:
            raise SlackError("file_not_found")
        for message in upload.messages:
            if not message.deleted:
                self._messages.delete(message)
