"""The JSON of people, channels, messages and views in Slack's payloads."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.workspace.records import Channel, Json, Message, Person, View
from sandbox.workspace.workspace import Workspace, ts_micros


def _zone(person: Person, now: datetime) -> Json:
    if not person.tz:
        return {}
    try:
        local = now.astimezone(ZoneInfo(person.tz))
    except (ZoneInfoNotFoundError, ValueError):
        return {"tz": person.tz}
    offset = local.utcoffset()
    return {
        "tz": person.tz,
        "tz_label": local.tzname() or person.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
    }


def enterprise(workspace: Workspace) -> Json | None:
    if workspace.enterprise is None:
        return None
    enterprise_id, name = workspace.enterprise
    return {"id": enterprise_id, "name": name}


def user(workspace: Workspace, person: Person) -> Json:
    first, _, last = person.real_name.partition(" ")
    payload: Json = {
        "id": person.id,
        "team_id": workspace.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "color": "4bbe2e",
        "real_name": person.real_name,
        **_zone(person, workspace.clock()),
        "profile": {
            "title": person.title,
            "phone": "",
            "skype": "",
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            # Nobody has a display name here, so Slack shows the real name.
            "display_name": "",
            "display_name_normalized": "",
            "fields": None,
            "status_text": person.status_text,
            "status_emoji": person.status_emoji,
            "status_emoji_display_info": [],
            "status_expiration": 0,
            "status_text_canonical": "",
            "avatar_hash": "",
            "first_name": first,
            "last_name": last,
            "team": workspace.team_id,
            **{f"image_{size}": "" for size in (24, 32, 48, 72, 192, 512)},
        },
        "is_admin": person.is_admin or person.is_owner,
        "is_owner": person.is_owner,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted or person.is_ultra_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": person.updated,
        "is_email_confirmed": not person.is_bot,
        "who_can_share_contact_card": "EVERYONE",
        "locale": "en-US",
    }
    if person.is_stranger:
        payload["is_stranger"] = True
    elif workspace.enterprise:
        payload["enterprise_user"] = {
            "id": person.id,
            "enterprise_id": workspace.enterprise[0],
            "enterprise_name": workspace.enterprise[1],
            "is_admin": False,
            "is_owner": False,
            "teams": [workspace.team_id],
        }
    if person.deleted:
        for name in ("tz", "tz_label", "tz_offset"):
            payload.pop(name, None)
    return payload


def channel(workspace: Workspace, room: Channel) -> Json:
    if room.is_im:
        person = next((m for m in room.members if m != workspace.bot_user_id), "")
        return {
            "id": room.id,
            "created": room.created,
            "is_archived": room.is_archived,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": workspace.team_id,
            "updated": room.created * 1000,
            "user": person,
            "is_user_deleted": workspace.person(person).deleted,
            "is_open": True,
        }
    return {
        "id": room.id,
        "name": room.name,
        "is_channel": not room.is_private,
        "is_group": room.is_private,
        "is_im": False,
        "is_mpim": room.is_mpim,
        "is_private": room.is_private,
        "created": room.created,
        "is_archived": room.is_archived,
        "is_general": room.name == "general",
        "unlinked": 0,
        "name_normalized": room.name,
        "is_shared": room.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": workspace.team_id,
        "updated": room.created * 1000,
        "creator": room.creator,
        "is_read_only": room.read_only,
        "is_ext_shared": room.is_ext_shared,
        "is_frozen": False,
        "shared_team_ids": [workspace.team_id],
        "is_member": workspace.has_bot(room),
        "topic": {"value": room.topic, "creator": "", "last_set": 0},
        "purpose": {"value": room.purpose, "creator": "", "last_set": 0},
        "num_members": len(room.members),
        "previous_names": [],
    }


def _reactions(message: Message) -> list[Json]:
    return [
        {"name": name, "users": list(users), "count": len(users)}
        for name, users in message.reactions.items()
    ]


def _thread(workspace: Workspace, message: Message) -> Json:
    room = workspace.channels.get(message.channel)
    replies = workspace.replies(room, message.ts) if room else []
    if not replies:
        return {}
    people = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(people),
        "latest_reply": max((r.ts for r in replies), key=ts_micros),
        "reply_users": people[:5],
        "is_locked": False,
        "subscribed": False,
    }


def bot_profile(workspace: Workspace) -> Json:
    return {
        "id": workspace.bot_id,
        "app_id": workspace.app_id,
        "user_id": workspace.bot_user_id,
        "name": workspace.manifest.name,
        "icons": {"image_36": "", "image_48": "", "image_72": ""},
        "deleted": False,
        "updated": 0,
        "team_id": workspace.team_id,
    }


def message(
    workspace: Workspace, record: Message, *, with_metadata: bool = False
) -> Json:
    """Return a message as `conversations.history` does."""
    by_app = record.bot_id == workspace.bot_id
    payload: Json = {"type": "message", "ts": record.ts}
    optional: Json = {
        # A legacy message of another app has no user.
        "user": record.user or None,
        "subtype": record.subtype,
        "client_msg_id": record.client_msg_id,
        "bot_id": record.bot_id,
        "app_id": workspace.app_id if by_app else None,
        "bot_profile": bot_profile(workspace) if by_app else None,
        "parent_user_id": record.parent_user_id,
        "thread_ts": None if record.is_parent else record.thread_ts,
        "edited": record.edited,
        "hidden": True if record.subtype == "tombstone" else None,
        "inviter": record.inviter,
        "blocks": record.blocks or None,
        "attachments": record.attachments or None,
        "files": record.files or None,
        "reactions": _reactions(record) or None,
    }
    if record.files:
        optional["upload"] = False
    payload |= {name: value for name, value in optional.items() if value is not None}
    payload |= {"text": record.text, "team": workspace.team_id}
    if record.is_parent:
        payload |= _thread(workspace, record)
    if record.is_broadcast and record.thread_ts:
        room = workspace.channels[record.channel]
        if root := room.messages.get(record.thread_ts):
            payload["root"] = message(workspace, root)
    if record.metadata and "metadata.message:read" in workspace.scopes:
        payload["metadata"] = (
            record.metadata
            if with_metadata
            else {"event_type": record.metadata.get("event_type")}
        )
    return payload


def view(workspace: Workspace, record: View) -> Json:
    body = record.body
    out: dict[str, Any] = {
        "id": record.id,
        "team_id": workspace.team_id,
        "type": body["type"],
        "blocks": body.get("blocks", []),
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "state": {"values": record.state},
        "hash": record.hash,
        "title": body.get("title") or {"type": "plain_text", "text": "View Title"},
        "clear_on_close": bool(body.get("clear_on_close")),
        "notify_on_close": bool(body.get("notify_on_close")),
        "close": body.get("close"),
        "submit": body.get("submit"),
        "previous_view_id": record.previous_id,
        "root_view_id": record.root_id,
        "app_id": workspace.app_id,
        "external_id": body.get("external_id", ""),
        # For an organisation's installation, Slack may name the organisation.
        "app_installed_team_id": (
            workspace.enterprise_id if workspace.is_org_install else workspace.team_id
        ),
        "bot_id": workspace.bot_id,
    }
    return out


def file_object(workspace: Workspace, uploader: Person, file: Json) -> Json:
    """Return a file as in messages, with made-up values for missing fields."""
    name = str(file.get("name", "file.txt"))
    return {
        "id": workspace.next_id("F"),
        "created": int(workspace.now()),
        "timestamp": int(workspace.now()),
        "name": name,
        "title": name,
        "mimetype": "text/plain",
        "filetype": "text",
        "pretty_type": "Plain Text",
        "user": uploader.id,
        "editable": False,
        "size": 0,
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": True,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "channels": [],
        "groups": [],
        "permalink": "",
        **file,
    }
