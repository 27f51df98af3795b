"""chat.*: posting, updating and deleting the app's messages."""

from typing import Any, Final

from sandbox.block_kit.validate import MAX_MESSAGE_TEXT, check_blocks, text_length
from sandbox.platform import payloads
from sandbox.web_api.methods import Args, Method, Platform
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Channel, Json, Message

SPLIT_AT: Final = 4_000
TRUNCATE_AT: Final = 40_000
_MAX_METADATA: Final = 8_000


def _target(platform: Platform, args: Args, *, to_people: bool = False) -> Channel:
    workspace = platform.workspace
    name = args.text("channel")
    if not name:
        raise SlackError("channel_not_found")
    if to_people and name in workspace.people:
        return _dm(platform, name)
    room = workspace.channels.get(name)
    if room is None and name.startswith("#"):
        room = next(
            (c for c in workspace.channels.values() if c.name == name[1:]), None
        )
    if room is None or (room.is_private and not workspace.has_bot(room)):
        raise SlackError("channel_not_found")
    if room.is_im:
        other = next(m for m in room.members if m != workspace.bot_user_id)
        _dm(platform, other)
    return room


def _dm(platform: Platform, person_id: str) -> Channel:
    person = platform.workspace.person(person_id)
    if person.deleted:
        raise SlackError("user_disabled")
    if person.is_bot:
        raise SlackError("cannot_dm_bot")
    if not platform.workspace.manifest.messages_tab:
        raise SlackError("messages_tab_disabled")
    return platform.workspace.im(person_id)


def _require_can_post(platform: Platform, room: Channel) -> None:
    if room.is_archived:
        raise SlackError("is_archived")
    if not platform.workspace.has_bot(room) and (
        "chat:write.public" not in platform.workspace.scopes
    ):
        raise SlackError("not_in_channel")
    if room.read_only:
        raise SlackError("restricted_action")


def _blocks(args: Args) -> list[Json]:
    blocks = args.structure("blocks", "invalid_blocks_format")
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := check_blocks(blocks):
        raise SlackError("invalid_blocks", *problems)
    if text_length(blocks) > MAX_MESSAGE_TEXT:
        raise SlackError("msg_blocks_too_long")
    return blocks


def _attachments(args: Args) -> list[Json]:
    attachments = args.structure("attachments", "invalid_attachments") or []
    if not isinstance(attachments, list):
        raise SlackError("invalid_attachments")
    if len(attachments) > 100:  # noqa: PLR2004  # Slack's limit.
        raise SlackError("too_many_attachments")
    for attachment in attachments:
        problems = check_blocks(attachment.get("blocks") or [])
        if problems:
            raise SlackError("invalid_blocks", *problems)
    return attachments


def _metadata(args: Args) -> Json | None:
    metadata = args.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or (
        metadata
        and not (
            isinstance(metadata.get("event_type"), str)
            and isinstance(metadata.get("event_payload"), dict)
        )
    ):
        raise SlackError("invalid_metadata_schema")
    if len(str(metadata)) > _MAX_METADATA:
        raise SlackError("metadata_too_large")
    return metadata


def _thread_ts(room: Channel, args: Args) -> str | None:
    ts = args.optional("thread_ts")
    if ts is None:
        return None
    if ts in room.deleted_parents:
        # As Slack does: a reply to a deleted thread goes to the channel.
        return None
    root = room.messages.get(ts)
    if root is None:
        raise SlackError("thread_not_found")
    if not root.is_parent:
        raise SlackError("cannot_reply_to_message")
    return ts


def split(text: str) -> list[str]:
    """Split a long text, at line breaks if possible, as Slack does."""
    text, parts = text[:TRUNCATE_AT], []
    while len(text) > SPLIT_AT:
        cut = text.rfind("\n", 1, SPLIT_AT + 1)
        cut = cut if cut > 0 else SPLIT_AT
        parts.append(text[:cut])
        text = text[cut:].removeprefix("\n")
    return [*parts, text] if text or not parts else parts


def _content(args: Args) -> tuple[str, list[Json], list[Json]]:
    blocks, attachments = _blocks(args), _attachments(args)
    text = args.text("text")
    if not text.strip() and not blocks and not attachments:
        raise SlackError("no_text")
    if blocks and not text:
        text = "This content can't be displayed."
    return text, blocks, attachments


def post_message(platform: Platform, args: Args) -> Json:
    room = _target(platform, args, to_people=True)
    _require_can_post(platform, room)
    text, blocks, attachments = _content(args)
    metadata = _metadata(args)
    thread = _thread_ts(room, args)
    parts = [text[:TRUNCATE_AT]] if blocks or attachments else split(text)
    posted = [
        platform.messages.post(
            room,
            platform.workspace.bot_user_id,
            part,
            bot_id=platform.workspace.bot_id,
            blocks=blocks,
            attachments=attachments,
            metadata=metadata or None,
            thread_ts=thread,
            subtype="thread_broadcast"
            if thread and args.flag("reply_broadcast")
            else None,
            link_names=args.flag("link_names") or args.text("parse") == "full",
        )
        for part in parts
    ]
    shown = payloads.message(platform.workspace, posted[0], with_metadata=True)
    return {"channel": room.id, "ts": posted[0].ts, "message": shown}


def post_ephemeral(platform: Platform, args: Args) -> Json:
    room = _target(platform, args)
    _require_can_post(platform, room)
    person = args.text("user")
    if person not in platform.workspace.people:
        raise SlackError("user_not_found")
    if person not in room.members:
        raise SlackError("user_not_in_channel")
    text, blocks, attachments = _content(args)
    message = platform.messages.post_ephemeral(
        room,
        person,
        text,
        blocks=blocks,
        attachments=attachments,
        thread_ts=_thread_ts(room, args),
    )
    return {"message_ts": message.ts}


def _own_message(platform: Platform, args: Args, error: str) -> Message:
    room = _target(platform, args)
    if not platform.workspace.has_bot(room):
        raise SlackError("channel_not_found")
    message = room.messages.get(args.text("ts"))
    if message is None or message.deleted:
        raise SlackError("message_not_found")
    if message.bot_id != platform.workspace.bot_id:
        raise SlackError(error)
    return message


def update(platform: Platform, args: Args) -> Json:
    message = _own_message(platform, args, "cant_update_message")
    room = platform.workspace.channels[message.channel]
    if room.is_archived:
        raise SlackError("is_inactive")
    text, blocks, attachments = _content(args)
    if len(text) > SPLIT_AT:
        raise SlackError("msg_too_long")
    metadata = _metadata(args)
    platform.messages.update(
        message,
        text=text,
        # A missing argument changes nothing; an empty list removes the blocks.
        blocks=blocks if "blocks" in args else None,
        attachments=attachments if "attachments" in args else None,
        metadata=metadata,
    )
    shown = payloads.message(platform.workspace, message, with_metadata=True)
    return {"channel": room.id, "ts": message.ts, "text": text, "message": shown}


def delete(platform: Platform, args: Args) -> Json:
    message = _own_message(platform, args, "cant_delete_message")
    response = {"channel": message.channel, "ts": message.ts}
    platform.messages.delete(message)
    return response


def get_permalink(platform: Platform, args: Args) -> Json:
    workspace = platform.workspace
    room = workspace.channels.get(args.text("channel"))
    if room is None or (room.is_private and not workspace.has_bot(room)):
        raise SlackError("channel_not_found")
    ts = args.text("message_ts")
    message = room.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    link: Any = f"{platform.url()}/archives/{room.id}/p{ts.replace('.', '')}"
    if not message.is_parent:
        link += f"?thread_ts={message.thread_ts}&cid={room.id}"
    return {"channel": room.id, "permalink": link}


METHODS: Final = {
    "chat.postMessage": Method(post_message, ("chat:write",), per_minute=300),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",), per_minute=100),
    "chat.update": Method(update, ("chat:write",)),
    "chat.delete": Method(delete, ("chat:write",)),
    "chat.getPermalink": Method(get_permalink, per_minute=300),
}
