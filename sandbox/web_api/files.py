"""files.*: an upload in three steps, and deletion."""

from typing import Final

from sandbox.web_api.methods import Args, Method, Platform
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json


def get_upload_url(platform: Platform, args: Args) -> Json:
    upload = platform.files.create_upload(
        args.text("filename"), args.number("length", 0, 1024**3)
    )
    return {
        "upload_url": f"{platform.url()}/upload/v1/{upload.key}",
        "file_id": upload.id,
    }


def complete_upload(platform: Platform, args: Args) -> Json:
    files = args.structure("files", "invalid_arguments")
    if not isinstance(files, list) or not files:
        raise SlackError("invalid_arguments")
    room = None
    if named := args.optional("channel_id"):
        room = platform.workspace.channels.get(named)
        if room is None:
            raise SlackError("channel_not_found")
        if not platform.workspace.has_bot(room):
            raise SlackError("not_in_channel")
    comment = args.text("initial_comment")
    return {"files": platform.files.complete(files, room, comment)}


def delete(platform: Platform, args: Args) -> Json:
    platform.files.delete(args.text("file"))
    return {}


METHODS: Final = {
    "files.completeUploadExternal": Method(
        complete_upload, ("files:write",), per_minute=100
    ),
    "files.delete": Method(delete, ("files:write",)),
    "files.getUploadURLExternal": Method(
        get_upload_url, ("files:write",), per_minute=100
    ),
}
