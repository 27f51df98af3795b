"""files.*: an upload in three steps, and its end."""

from typing import Final

from sandbox.records import Json
from sandbox.refusals import SlackError
from sandbox.web_api.methods import Args, Method, Slack


def get_upload_url(slack: Slack, args: Args) -> Json:
    upload = slack.files.open(args.text("filename"), args.number("length", 0, 1024**3))
    return {
        "upload_url": f"{slack.url()}/upload/v1/{upload.key}",
        "file_id": upload.id,
    }


def complete_upload(slack: Slack, args: Args) -> Json:
    files = args.body("files", "invalid_arguments")
    if not isinstance(files, list) or not files:
        raise SlackError("invalid_arguments")
    room = None
    if named := args.optional("channel_id"):
        room = slack.workspace.channels.get(named)
        if room is None:
            raise SlackError("channel_not_found")
        if not slack.workspace.has_bot(room):
            raise SlackError("not_in_channel")
    comment = args.text("initial_comment")
    return {"files": slack.files.complete(files, room, comment)}


def delete(slack: Slack, args: Args) -> Json:
    slack.files.delete(args.text("file"))
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
