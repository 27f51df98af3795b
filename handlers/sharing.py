"""Check-ins: sharing, joining and leaving, and asking about what one is stuck on."""

from typing import Any

from slack_bolt import Ack, App

from bot import visibility
from bot.checkins import blockers, letters, rules, seats, sharing
from bot.checkins.letters import Note
from bot.facts import service as facts
from bot.runtime import Runtime
from handlers.asks import parse_id
from handlers.courtesy import best_effort
from handlers.payloads import BlockAction, ViewSubmission
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
        facts.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read_session() as session:
            view = sharing.form(
                session,
                self._rt.workspace,
                round_id,
                pressed.user.id,
                now=self._rt.clock(),
            )
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
        facts.refresh(self._rt, users=[form.user.id])
        with self._rt.write_session.begin() as session:
            sharing.share(
                session,
                self._rt.workspace,
                round_id,
                form.user.id,
                shared,
                now=self._rt.clock(),
            )
        ack()

    def join(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        round_id = parse_id(pressed.action.value)
        facts.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write_session.begin() as session:
            schedule = seats.join(
                session,
                self._rt.workspace,
                seats.schedule_id_of_round(session, self._rt.workspace, round_id),
                pressed.user.id,
                now=self._rt.clock(),
            )
            channel = session.get_one(Channel, schedule.channel_id)
            note = letters.join_receipt(
                schedule.id, schedule.question, channel=channel.name
            )
        ack()
        self._reply(body, note)

    def leave(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        with self._rt.write_session.begin() as session:
            schedule = seats.leave(
                session,
                self._rt.workspace,
                parse_id(pressed.action.value),
                pressed.user.id,
                now=self._rt.clock(),
            )
            channel = session.get_one(Channel, schedule.channel_id)
            note = letters.leave_receipt_elsewhere()
            now = self._rt.clock()
            if visibility.is_known_to_see(session, channel, pressed.user.id, now=now):
                note = letters.leave_receipt(schedule.question, channel=channel.name)
        ack()
        self._reply(body, note)

    def resume_reminders(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        with self._rt.write_session.begin() as session:
            schedule = seats.resume_reminders(
                session,
                self._rt.workspace,
                parse_id(pressed.action.value),
                pressed.user.id,
                now=self._rt.clock(),
            )
            channel = session.get_one(Channel, schedule.channel_id)
            note = letters.resume_receipt(schedule.question, channel=channel.name)
        ack()
        self._reply(body, note)

    def open_ask_form(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        with self._rt.read_session() as session:
            view = blockers.ask_form(
                session,
                self._rt.workspace,
                parse_id(pressed.action.value),
                pressed.user.id,
                now=self._rt.clock(),
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
