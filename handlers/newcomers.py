"""The buttons with which the bot's introduction and greetings come."""

from typing import Any

from slack_bolt import Ack, App

from bot.facts import service as facts
from bot.newcomers import service as newcomers
from bot.newcomers.blocks import Note
from bot.runtime import Runtime
from handlers.asks import parse_id
from handlers.courtesy import best_effort
from handlers.payloads import BlockAction, ViewSubmission


def register(bolt: App, rt: Runtime) -> None:
    buttons = OnboardingListeners(rt)
    bolt.action("introduction_post")(buttons.post)
    bolt.action("introduction_not_now")(buttons.not_now)
    bolt.action("introduction_open")(buttons.open_preview)
    bolt.view("introduction")(buttons.submit)
    bolt.action("greetings_off")(buttons.greetings_off)


class OnboardingListeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def post(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        note = self._post(parse_id(pressed.action.value), by=pressed.user.id)
        ack()
        self._respond(body, note)

    def _post(self, channel_id: int, *, by: str) -> Note:
        facts.refresh(self._rt, users=[by])
        with self._rt.write_session.begin() as session:
            return newcomers.post(
                session, self._rt.workspace, channel_id, by=by, now=self._rt.clock()
            )

    def not_now(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        facts.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read_session() as session:
            note = newcomers.dismiss_introduction(
                session,
                self._rt.workspace,
                parse_id(pressed.action.value),
                by=pressed.user.id,
                now=self._rt.clock(),
            )
        ack()
        self._respond(body, note)

    def open_preview(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        facts.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read_session() as session:
            view = newcomers.preview_form(
                session,
                self._rt.workspace,
                parse_id(pressed.action.value),
                by=pressed.user.id,
                now=self._rt.clock(),
            )
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def submit(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        self._post(parse_id(form.view.metadata().get("channel")), by=form.user.id)
        ack(response_action="clear")

    def greetings_off(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        facts.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write_session.begin() as session:
            note = newcomers.opt_out_of_greetings(
                session, self._rt.workspace, by=pressed.user.id
            )
        ack()
        self._respond(body, note)

    def _respond(self, body: dict[str, Any], note: Note) -> None:
        """In place of the message that the button is in."""
        if body.get("response_url"):
            with best_effort():
                self._rt.slack.respond(body["response_url"], *note, replace=True)
