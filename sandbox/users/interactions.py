"""Interactions: commands, clicks and forms, as sent to the app, and its responses."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.block_kit import elements, inputs, texts
from sandbox.block_kit.inputs import PlacedElement
from sandbox.platform import payloads
from sandbox.platform.deliveries import DeliveryQueue
from sandbox.platform.events import Events
from sandbox.platform.faults import Faults
from sandbox.platform.response_urls import ResponseUrls
from sandbox.platform.transports import COMMAND, INTERACTIVE, Reply, Transport
from sandbox.platform.views import ViewStore
from sandbox.users import forms
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import (
    Ack,
    Channel,
    Json,
    Message,
    Person,
    ResponseUrl,
    View,
)
from sandbox.workspace.workspace import Workspace

CONNECTION_ERROR_TEXT = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, slots=True)
class Interactions:
    """Each method returns when the app has acknowledged, or failed to in time."""

    workspace: Workspace
    events: Events
    views: ViewStore
    response_urls: ResponseUrls
    deliveries: DeliveryQueue
    transport: Callable[[], Transport | None]
    faults: Faults

    def _send(self, kind: str, payload: Json) -> Reply:
        transport = self.transport()
        if transport is None:
            reply = Reply(None, failure="connection_failed")
        else:
            reply = transport.send(kind, payload, None)
            fault = self.faults.next_for_delivery(
                payload.get("command") or payload["type"]
            )
            if fault and fault.kind == "duplicate":
                self.deliveries.record(kind, payload, None, reply)
                reply = transport.send(kind, payload, None)
            elif fault and fault.kind == "lost_ack":
                reply = Reply(None, failure="http_timeout", seconds=reply.seconds)
        self.deliveries.record(kind, payload, None, reply)
        return reply

    # Commands

    def command(self, person: Person, room: Channel, name: str, text: str) -> Ack:
        workspace = self.workspace
        command = workspace.manifest.commands.get(name)
        if command is None:
            raise LookupError(f"the manifest has no command {name}")
        with workspace.lock:
            as_sent = texts.encode_entities(workspace, text)
            payload = {
                "token": self.events.verification_token,
                "team_id": workspace.team_id,
                "team_domain": workspace.team_domain,
                "channel_id": room.id,
                "channel_name": _channel_name(room),
                "user_id": person.id,
                "user_name": person.name,
                "command": name,
                "text": as_sent if command.should_escape else texts.escape(text),
                "api_app_id": workspace.app_id,
                "is_enterprise_install": str(workspace.is_org_install).lower(),
                **dict(
                    zip(
                        ("enterprise_id", "enterprise_name"),
                        workspace.enterprise or (),
                        strict=False,
                    )
                ),
                "response_url": self.response_urls.create(
                    "commands", room.id, person.id
                ),
                "trigger_id": workspace.new_trigger(person.id),
            }
        reply = self._send(COMMAND, payload)
        if not reply.ok:
            error_code = (
                "operation_timeout" if _has_timed_out(reply) else "dispatch_failed"
            )
            return _to_ack(reply, f'{name} failed with the error "{error_code}"')
        return self._show_command_response(reply, room, person)

    def _show_command_response(
        self, reply: Reply, room: Channel, person: Person
    ) -> Ack:
        if not reply.body.strip():
            return _to_ack(reply)
        body = _parse_object(reply.body) or {"text": reply.body}
        url = ResponseUrl(room.id, person.id, self.workspace.clock())
        with self.workspace.lock:
            try:
                self.response_urls.respond(url, body)
            except SlackError as no:
                return _to_ack(reply, f"the answer is not valid: {no.error} {no.extra}")
        return Ack(
            status=reply.status,
            body=reply.body,
            text=str(body.get("text") or ""),
            blocks=body.get("blocks") or [],
        )

    # Shortcuts

    def shortcut(self, person: Person, callback_id: str) -> Ack:
        self._require_shortcut(callback_id, "global")
        with self.workspace.lock:
            payload = self._payload("shortcut", person) | {
                "callback_id": callback_id,
                "action_ts": self.workspace.next_ts(),
            }
        return self._interact(payload)

    def message_shortcut(
        self, person: Person, callback_id: str, message: Message
    ) -> Ack:
        self._require_shortcut(callback_id, "message")
        workspace = self.workspace
        room = workspace.channel(message.channel)
        with workspace.lock:
            payload = self._payload("message_action", person) | {
                "callback_id": callback_id,
                "action_ts": workspace.next_ts(),
                "channel": _channel_reference(room),
                "message_ts": message.ts,
                "message": payloads.message(workspace, message, with_metadata=True),
                "response_url": self.response_urls.create(
                    "app", room.id, person.id, thread_ts=message.thread_ts
                ),
            }
        return self._interact(payload)

    def _require_shortcut(self, callback_id: str, kind: str) -> None:
        shortcut = self.workspace.manifest.shortcuts.get(callback_id)
        if shortcut is None or shortcut.kind != kind:
            raise LookupError(f"the manifest has no {kind} shortcut {callback_id}")

    # Clicks

    def click(
        self, person: Person, message: Message, placed: PlacedElement, choice: Any
    ) -> Ack:
        workspace = self.workspace
        room = workspace.channel(message.channel)
        with workspace.lock:
            mine = message.selections.setdefault(person.id, {})
            action = self._apply_click(placed, choice, message.blocks, mine)
            container: Json = {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": room.id,
                "is_ephemeral": message.is_ephemeral,
            }
            if message.thread_ts:
                container["thread_ts"] = message.thread_ts
            payload = self._payload("block_actions", person) | {
                "container": container,
                "channel": _channel_reference(room),
                "state": {"values": inputs.form_state(message.blocks, mine)},
                "response_url": self.response_urls.create(
                    "actions", room.id, person.id, message.ts, message.thread_ts
                ),
                "actions": [action],
            }
            if not message.is_ephemeral:
                payload["message"] = payloads.message(
                    workspace, message, with_metadata=True
                )
        return self._interact(payload)

    def click_view(
        self, person: Person, view: View, placed: PlacedElement, choice: Any
    ) -> Ack:
        with self.workspace.lock:
            action = self._apply_click(placed, choice, view.body["blocks"], view.state)
            payload = self._payload("block_actions", person, view) | {
                "container": {"type": "view", "view_id": view.id},
                "actions": [action],
            }
        return self._interact(payload)

    def _apply_click(
        self,
        placed: PlacedElement,
        choice: Any,
        blocks: list[Json],
        state: dict[str, dict[str, Json]],
    ) -> Json:
        action = inputs.action_payload(placed, choice, self.workspace.next_ts())
        if placed.kind in elements.STATEFUL:
            entered = inputs.state_after_input(placed.element, choice)
            state.setdefault(placed.block_id, {})[placed.action_id] = entered
        for block, actions in inputs.form_state(blocks, state).items():
            state.setdefault(block, {}).update(actions)
        return action

    # Forms

    def submit(self, person: Person, view: View, values: dict[str, Any]) -> Ack:
        if not view.body.get("submit"):
            raise LookupError("this view has no submit button")
        with self.workspace.lock:
            forms.fill_in(view, values)
            if missing := inputs.missing_required(view.body["blocks"], view.state):
                errors = dict.fromkeys(missing, "Please complete this required field.")
                return Ack(status=None, errors=errors)
            payload = self._payload("view_submission", person, view) | {
                "response_urls": forms.response_urls_of(view, self.response_urls)
            }
        reply = self._send(INTERACTIVE, payload)
        if not reply.ok:
            return _to_ack(reply, CONNECTION_ERROR_TEXT)
        with self.workspace.lock:
            return self._apply_submission(view, reply)

    def _apply_submission(self, view: View, reply: Reply) -> Ack:
        body = _parse_object(reply.body) or {}
        try:
            errors = forms.apply_response(self.views, view, body)
        except SlackError as no:
            return _to_ack(reply, f"{CONNECTION_ERROR_TEXT} ({no.error} {no.extra})")
        return Ack(
            status=reply.status,
            body=reply.body,
            errors=errors,
            response_action=body.get("response_action"),
        )

    def close_view(self, person: Person, view: View, *, clear: bool) -> Ack | None:
        """Close a view; tell the app only if it set `notify_on_close`."""
        with self.workspace.lock:
            tell = bool(view.body.get("notify_on_close"))
            payload = self._payload("view_closed", person, view)
            payload["is_cleared"] = clear
            if clear or view.body.get("clear_on_close"):
                self.views.clear(person.id)
            else:
                self.views.close(view)
        return self._interact(payload) if tell else None

    # Payloads

    def _payload(self, kind: str, person: Person, view: View | None = None) -> Json:
        workspace = self.workspace
        payload: Json = {
            "type": kind,
            "user": {
                "id": person.id,
                "username": person.name,
                "name": person.name,
                "team_id": workspace.team_id,
            },
            "api_app_id": workspace.app_id,
            "token": self.events.verification_token,
            "team": {"id": workspace.team_id, "domain": workspace.team_domain},
            "enterprise": payloads.enterprise(workspace),
            "is_enterprise_install": workspace.is_org_install,
        }
        if kind != "view_closed":
            view_id = view.id if view and view.body["type"] == "modal" else None
            payload["trigger_id"] = workspace.new_trigger(person.id, view_id)
        if view:
            payload["view"] = payloads.view(workspace, view)
        return payload

    def _interact(self, payload: Json) -> Ack:
        if not self.workspace.manifest.interactive:
            raise LookupError("the manifest does not enable interactivity")
        # Later changes to a message must not change the payload in the history.
        reply = self._send(INTERACTIVE, json.loads(json.dumps(payload)))
        if reply.ok:
            return _to_ack(reply)
        error_code = "operation_timeout" if _has_timed_out(reply) else "dispatch_failed"
        return _to_ack(reply, error_code)


def _has_timed_out(reply: Reply) -> bool:
    return reply.failure == "http_timeout"


def _to_ack(reply: Reply, failed: str | None = None) -> Ack:
    return Ack(status=reply.status, body=reply.body, failed=failed)


def _parse_object(text: str) -> Json | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _channel_name(room: Channel) -> str:
    """Return the channel's name in payloads, which hide a private channel's."""
    if room.is_im:
        return "directmessage"
    return "privategroup" if room.is_private else room.name


def _channel_reference(room: Channel) -> Json:
    return {"id": room.id, "name": _channel_name(room)}
