"""Slack's objects, events and forms, in Slack's format."""

import json
from typing import Any

from bot.clock import ts_to_micros
from tests.fakes import PostedMessage

TEAM = "T0PEERS"
BOT = "U0BACKSWING"


HELP_CHANNEL = "C0HELP"


ASKER, HELPER, PEER, CHAMPION, ADMIN, GUEST = (
    "U0ANA",
    "U0BEN",
    "U0CHI",
    "U0DAN",
    "U0EVA",
    "U0GUS",
)


NAMES = {
    ASKER: "Ana",
    HELPER: "Ben",
    PEER: "Chi",
    CHAMPION: "Dan",
    ADMIN: "Eva",
    GUEST: "Gus",
}


def user_object(
    slack_id: str, name: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Return Slack's user object."""
    name = name or NAMES.get(slack_id, slack_id)
    return {
        "id": slack_id,
        "team_id": TEAM,
        "name": name.lower(),
        "deleted": False,
        "is_bot": False,
        "is_admin": slack_id == ADMIN,
        "is_owner": False,
        "is_restricted": slack_id == GUEST,
        "is_ultra_restricted": False,
        "tz": "Europe/Helsinki",
        "profile": {"display_name": name, "real_name": name},
        **fields,
    }


def conversation_object(slack_id: str, name: str, **fields: Any) -> dict[str, Any]:
    """Return Slack's conversation object for a channel that the bot is in."""
    return {
        "id": slack_id,
        "name": name,
        "is_private": False,
        "is_ext_shared": False,
        "is_archived": False,
        "is_member": True,
        **fields,
    }


def button(message: PostedMessage, text: str) -> tuple[str, str]:
    """Return the action_id and the value of a message's button."""
    [matches] = [
        (element["action_id"], element.get("value", ""))
        for block in message.blocks
        for element in block.get("elements", [])
        if element["type"] == "button" and element["text"]["text"] == text
    ]
    return matches


def message_event(
    author: str,
    text: str,
    ts: str,
    thread_ts: str | None = None,
    channel: str = HELP_CHANNEL,
    **fields: Any,
) -> dict[str, Any]:
    """Return Slack's `message` event."""
    event = {
        "type": "message",
        "user": author,
        "text": text,
        "ts": ts,
        "event_ts": ts,
        "team": TEAM,
        "channel": channel,
        "channel_type": "channel",
        **fields,
    }
    return event if thread_ts is None else {**event, "thread_ts": thread_ts}


def reaction_event(
    member: str,
    ts: str,
    emoji: str,
    event_ts: str,
    *,
    added: bool = True,
    channel: str = HELP_CHANNEL,
) -> dict[str, Any]:
    assert ts_to_micros(event_ts)
    return {
        "type": "reaction_added" if added else "reaction_removed",
        "user": member,
        "reaction": emoji,
        "item": {"type": "message", "channel": channel, "ts": ts},
        "event_ts": event_ts,
    }


# Slack's name of the value, for elements with a single one.
VALUE_KEYS = {
    "plain_text_input": "value",
    "number_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "conversations_select": "selected_conversation",
}


def element_state(element: dict[str, Any], value: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind in VALUE_KEYS:
        return {"type": kind, VALUE_KEYS[kind]: value or None}
    match kind:
        case "multi_users_select":
            return {"type": kind, "selected_users": value or []}
        case "multi_conversations_select":
            return {"type": kind, "selected_conversations": value or []}
        case "radio_buttons" | "static_select":
            chosen = {"value": value} if value else None
            return {"type": kind, "selected_option": chosen}
        case _:
            options = [{"value": one} for one in value or []]
            return {"type": kind, "selected_options": options}


def form_values(view: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a displayed form, by block."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        first = element.get("initial_option")
        values[block["block_id"]] = (
            element.get("initial_value")
            or element.get("initial_date")
            or element.get("initial_time")
            or element.get("initial_users")
            or element.get("initial_conversations")
            or (first["value"] if first else None)
            or [option["value"] for option in element.get("initial_options", [])]
        )
    return values


def form_errors(response: Any) -> dict[str, str]:
    """Return the errors beside the fields of a form that was refused."""
    assert response.status == 200
    answer = json.loads(response.body)
    assert answer["response_action"] == "errors"
    return dict(answer["errors"])
