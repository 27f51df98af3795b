"""The buttons with which the bot's introduction and greetings come."""

from typing import Any

from slack_bolt import Ack, App

from bot import sync
from bot.onboarding import service as onboarding
from bot.runtime import Runtime
from bot.slack.blocks import Note
from handlers.interactions import parse_id
from handlers.payloads import BlockAction, ViewSubmission
from handlers.requests import best_effort


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
        sync.refresh(self._rt, users=[by])
        with self._rt.write(self._rt.workspace) as tx:
            return onboarding.post(tx, channel_id, by=by)

    def not_now(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read(self._rt.workspace) as tx:
            note = onboarding.dismiss_introduction(
                tx, parse_id(pressed.action.value), by=pressed.user.id
            )
        ack()
        self._respond(body, note)

    def open_preview(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read(self._rt.workspace) as tx:
            view = onboarding.preview_form(
                tx, parse_id(pressed.action.value), by=pressed.user.id
            )
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def submit(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        self._post(parse_id(form.view.metadata().get("channel")), by=form.user.id)
        ack(response_action="clear")

    def greetings_off(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            note = onboarding.opt_out_of_greetings(tx, by=pressed.user.id)
        ack()
        self._respond(body, note)

    def _respond(self, body: dict[str, Any], note: Note) -> None:
        """In place of the message that the button is in."""
        if body.get("response_url"):
            with best_effort():
                self._rt.slack.respond(body["response_url"], *note, replace=True)
