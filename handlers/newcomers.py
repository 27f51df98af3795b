"""The buttons with which the bot's introduction and greetings come."""

from typing import Any

from slack_bolt import Ack, App

from bot.facts import service as facts
from bot.newcomers import service as newcomers
from bot.newcomers.blocks import Note
from bot.runtime import Runtime
from handlers.asks import number
from handlers.courtesy import courtesy
from handlers.payloads import Pressed, Submitted


def register(bolt: App, rt: Runtime) -> None:
    buttons = Buttons(rt)
    bolt.action("introduction_post")(buttons.post)
    bolt.action("introduction_not_now")(buttons.not_now)
    bolt.action("introduction_open")(buttons.opened)
    bolt.view("introduction")(buttons.submitted)
    bolt.action("greetings_off")(buttons.greetings_off)


class Buttons:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def post(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        note = self._post(number(pressed.action.value), by=pressed.user.id)
        ack()
        self._answer(body, note)

    def _post(self, channel_id: int, *, by: str) -> Note:
        facts.ensure(self._rt, people=[by])
        with self._rt.sessions.begin() as session:
            return newcomers.post(
                session, self._rt.workspace, channel_id, by=by, now=self._rt.clock()
            )

    def not_now(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.reads() as session:
            note = newcomers.put_off(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                by=pressed.user.id,
                now=self._rt.clock(),
            )
        ack()
        self._answer(body, note)

    def opened(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.reads() as session:
            view = newcomers.form(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                by=pressed.user.id,
                now=self._rt.clock(),
            )
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def submitted(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        self._post(number(form.view.meta().get("channel")), by=form.user.id)
        ack(response_action="clear")

    def greetings_off(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.sessions.begin() as session:
            note = newcomers.want_no_greetings(
                session, self._rt.workspace, by=pressed.user.id
            )
        ack()
        self._answer(body, note)

    def _answer(self, body: dict[str, Any], note: Note) -> None:
        """In place of the message that the button is in."""
        if body.get("response_url"):
            with courtesy():
                self._rt.slack.respond(body["response_url"], *note, replace=True)
