"""Check-ins: sharing, joining and leaving, and asking about what one is stuck on."""

from functools import partial
from typing import Any

from slack_bolt import Ack, App

from bot import visibility
from bot.checkins import (
    notes,
    participants,
    posts,
    responses,
    rules,
    sharing,
)
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import Note
from bot.workspace import sync
from handlers.batch_commit import BatchedChange, Step, one_by_one
from handlers.interactions import parse_id
from handlers.payloads import BlockAction, Message, ViewSubmission
from handlers.requests import best_effort
from models import Channel


def register(bolt: App, rt: Runtime) -> None:
    taking_part = SharingListeners(rt)
    bolt.action("checkin_share")(taking_part.open_share_form)
    bolt.view("checkin_share")(taking_part.submit_response)
    bolt.action("checkin_join")(taking_part.join)
    bolt.action("checkin_leave")(taking_part.leave)
    bolt.action("checkin_go_on")(taking_part.resume_reminders)
    bolt.action("checkin_ask")(taking_part.open_ask_form)


class SharingListeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def open_share_form(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        round_id = parse_id(pressed.action.value)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read(self._rt.workspace) as tx:
            view = sharing.form(tx, round_id, pressed.user.id)
        self._rt.slack.open_view(pressed.trigger_id, view)
        ack()

    def submit_response(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        view = form.view
        shared = rules.parse_response(
            view.text("working_on"),
            view.text("stuck_on"),
            view.text("proud_of"),
            view.text("reflection"),
        )
        round_id = parse_id(view.metadata().get("round"))
        sync.refresh(self._rt, users=[form.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            sharing.share(tx, round_id, form.user.id, shared)
        ack()

    def join(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        round_id = parse_id(pressed.action.value)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            schedule = participants.join(
                tx, participants.schedule_id_of_round(tx, round_id), pressed.user.id
            )
            channel = tx.session.get_one(Channel, schedule.channel_id)
            note = notes.join_receipt(
                schedule.id, schedule.question, channel=channel.name
            )
        ack()
        self._reply(body, note)

    def leave(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        with self._rt.write(self._rt.workspace) as tx:
            schedule = participants.leave(
                tx, parse_id(pressed.action.value), pressed.user.id
            )
            channel = tx.session.get_one(Channel, schedule.channel_id)
            note = notes.leave_receipt_elsewhere()
            if visibility.is_known_to_see(tx, channel, pressed.user.id):
                note = notes.leave_receipt(schedule.question, channel=channel.name)
        ack()
        self._reply(body, note)

    def resume_reminders(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        with self._rt.write(self._rt.workspace) as tx:
            schedule = participants.resume_reminders(
                tx, parse_id(pressed.action.value), pressed.user.id
            )
            channel = tx.session.get_one(Channel, schedule.channel_id)
            note = notes.resume_receipt(schedule.question, channel=channel.name)
        ack()
        self._reply(body, note)

    def open_ask_form(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        with self._rt.read(self._rt.workspace) as tx:
            view = sharing.blocker_form(
                tx, parse_id(pressed.action.value), pressed.user.id
            )
        self._rt.slack.open_view(pressed.trigger_id, view)
        ack()

    def _reply(self, body: dict[str, Any], note: Note) -> None:
        """Beside the channel's message, or in place of what was written to them."""
        if not body.get("response_url"):
            return
        text, drawn = note
        channel = str((body.get("channel") or {}).get("id") or "")
        is_theirs = channel.startswith("D") or (body.get("container") or {}).get(
            "is_ephemeral"
        )
        with best_effort():
            self._rt.slack.respond(
                body["response_url"], text, drawn, replace=bool(is_theirs)
            )


class ThreadListeners:
    """Asked by the listeners for messages: Bolt runs one for each."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def on_message(self, message: Message, round_id: int) -> BatchedChange | None:
        """What to do about a message in the thread of a round, or about its first."""
        if not message.is_reply:
            return None
        return BatchedChange(one_by_one, partial(self._record_reply, message, round_id))

    def _record_reply(self, message: Message, round_id: int, tx: Transaction) -> None:
        responses.record_reply(tx, round_id, ts=message.ts, author=message.user or "")

    def on_deleted(
        self,
        ts: str,
        tracked: TrackedMessage,
        thread: TrackedMessage | None,
        previous: Message | None,
    ) -> Step | None:
        """What to do about a message's deletion; None where it is none of a round.

        `place`: what we know of the message, `thread`: of the first in its thread.
        """
        if tracked.round_id is not None:
            return partial(self._on_round_deleted, tracked.round_id)
        if thread is None or thread.round_id is None:
            return None
        return partial(self._on_reply_deleted, ts, thread.round_id, previous)

    def _on_round_deleted(self, round_id: int, tx: Transaction) -> None:
        posts.on_message_deleted(tx, round_id)

    def _on_reply_deleted(
        self, ts: str, round_id: int, previous: Message | None, tx: Transaction
    ) -> None:
        responses.on_reply_deleted(
            tx, round_id, ts=ts, author=previous.user if previous is not None else None
        )
