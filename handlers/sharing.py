"""Check-ins: sharing, joining and leaving, and asking about what one is stuck on."""

from typing import Any

from slack_bolt import Ack, App

from bot import visibility
from bot.checkins import blockers, letters, rules, seats, sharing
from bot.checkins.letters import Note
from bot.facts import service as facts
from bot.runtime import Runtime
from handlers.asks import number
from handlers.courtesy import courtesy
from handlers.payloads import Pressed, Submitted
from models import Channel


def register(bolt: App, rt: Runtime) -> None:
    taking_part = TakingPart(rt)
    bolt.action("checkin_share")(taking_part.sharing)
    bolt.view("checkin_share")(taking_part.shared)
    bolt.action("checkin_join")(taking_part.joined)
    bolt.action("checkin_leave")(taking_part.left)
    bolt.action("checkin_go_on")(taking_part.going_on)
    bolt.action("checkin_ask")(taking_part.asking)


class TakingPart:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def sharing(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        round_id = number(pressed.action.value)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.reads() as session:
            view = sharing.form(
                session,
                self._rt.workspace,
                round_id,
                pressed.user.id,
                now=self._rt.clock(),
            )
        self._rt.slack.open_view(pressed.trigger_id, view)
        ack()

    def shared(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        view = form.view
        shared = rules.shared(
            view.text("working_on"),
            view.text("stuck_on"),
            view.text("proud_of"),
            view.text("reflection"),
        )
        round_id = number(view.meta().get("round"))
        facts.ensure(self._rt, people=[form.user.id])
        with self._rt.sessions.begin() as session:
            sharing.share(
                session,
                self._rt.workspace,
                round_id,
                form.user.id,
                shared,
                now=self._rt.clock(),
            )
        ack()

    def joined(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        round_id = number(pressed.action.value)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.sessions.begin() as session:
            schedule = seats.join(
                session,
                self._rt.workspace,
                seats.of_round(session, self._rt.workspace, round_id),
                pressed.user.id,
                now=self._rt.clock(),
            )
            channel = session.get_one(Channel, schedule.channel_id)
            note = letters.joined(schedule.id, schedule.question, channel=channel.name)
        ack()
        self._answer(body, note)

    def left(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        with self._rt.sessions.begin() as session:
            schedule = seats.leave(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                pressed.user.id,
                now=self._rt.clock(),
            )
            channel = session.get_one(Channel, schedule.channel_id)
            note = letters.left_unseen()
            now = self._rt.clock()
            if visibility.surely_sees(session, channel, pressed.user.id, now=now):
                note = letters.left(schedule.question, channel=channel.name)
        ack()
        self._answer(body, note)

    def going_on(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        with self._rt.sessions.begin() as session:
            schedule = seats.go_on(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                pressed.user.id,
                now=self._rt.clock(),
            )
            channel = session.get_one(Channel, schedule.channel_id)
            note = letters.going_on(schedule.question, channel=channel.name)
        ack()
        self._answer(body, note)

    def asking(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        with self._rt.reads() as session:
            view = blockers.form(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                pressed.user.id,
                now=self._rt.clock(),
            )
        self._rt.slack.open_view(pressed.trigger_id, view)
        ack()

    def _answer(self, body: dict[str, Any], note: Note) -> None:
        """Beside the channel's message, or in place of what was written to them."""
        if not body.get("response_url"):
            return
        text, drawn = note
        channel = str((body.get("channel") or {}).get("id") or "")
        is_theirs = channel.startswith("D") or (body.get("container") or {}).get(
            "is_ephemeral"
        )
        with courtesy():
            self._rt.slack.respond(
                body["response_url"], text, drawn, replace=bool(is_theirs)
            )
