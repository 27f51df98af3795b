"""Check-ins: sharing, joining and leaving, and asking about what one is stuck on."""

from functools import partial

from slack_bolt import App

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
from handlers.batch_commit import BatchedChange, Step, one_by_one
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    on_button,
    on_view,
    parse_id,
    reads,
    refresh_nobody,
    writes,
)
from handlers.payloads import BlockAction, Message, ViewSubmission
from models import Channel


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "checkin_share", reads(open_share_form))
    on_view(app, rt, "checkin_share", writes(share))
    on_button(app, rt, "checkin_join", writes(join))
    on_button(app, rt, "checkin_leave", writes(leave, before=refresh_nobody))
    on_button(app, rt, "checkin_go_on", writes(resume_reminders, before=refresh_nobody))
    on_button(app, rt, "checkin_ask", reads(open_ask_form, before=refresh_nobody))


def open_share_form(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(sharing.form(tx, parse_id(click.value), click.actor))


def share(form: ViewSubmission, tx: Transaction) -> Response:
    view = form.view
    response = rules.parse_response(
        view.text("working_on"),
        view.text("stuck_on"),
        view.text("proud_of"),
        view.text("reflection"),
    )
    round_id = parse_id(view.metadata().get("round"))
    sharing.share(tx, round_id, form.actor, response)
    return None


def join(click: BlockAction, tx: Transaction) -> Response:
    schedule_id = participants.schedule_id_of_round(tx, parse_id(click.value))
    schedule = participants.join(tx, schedule_id, click.actor)
    name = tx.session.get_one(Channel, schedule.channel_id).name
    return _reply(
        click, notes.join_receipt(schedule.id, schedule.question, channel=name)
    )


def leave(click: BlockAction, tx: Transaction) -> Response:
    schedule = participants.leave(tx, parse_id(click.value), click.actor)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    if not visibility.is_known_to_see(tx, channel, click.actor):
        return _reply(click, notes.leave_receipt_elsewhere())
    return _reply(click, notes.leave_receipt(schedule.question, channel=channel.name))


def resume_reminders(click: BlockAction, tx: Transaction) -> Response:
    schedule = participants.resume_reminders(tx, parse_id(click.value), click.actor)
    name = tx.session.get_one(Channel, schedule.channel_id).name
    return _reply(click, notes.resume_receipt(schedule.question, channel=name))


def open_ask_form(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(sharing.blocker_form(tx, parse_id(click.value), click.actor))


def _reply(click: BlockAction, note: Note) -> Response:
    """Answer beside the channel's message, or in place of a message to the person."""
    is_ephemeral = click.container is not None and click.container.is_ephemeral
    return Reply(*note, replace=click.is_in_direct_message or bool(is_ephemeral))


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
