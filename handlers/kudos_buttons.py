"""Buttons on kudos: thanks, deletion, and the pages of a person's history."""

from typing import Any

from slack_bolt import Ack

from bot import sync
from bot.errors import UserError
from bot.kudos import history, notes
from bot.kudos import service as kudos
from bot.kudos.history import Direction
from bot.runtime import Runtime
from bot.slack.text import escape
from handlers.interactions import parse_id
from handlers.payloads import BlockAction
from handlers.requests import best_effort


class ButtonListeners:
    """What people do with kudos that are there."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def take_back(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        text = notes.TAKEN_BACK
        try:
            self._take_back(pressed, pressed.action.value)
        except UserError as no:
            # Nor will it be possible later, so the button goes.
            text = escape(str(no))
        ack()
        self._respond(body, text, replace=True)

    def menu(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        option = pressed.action.selected_option
        sync.refresh(self._rt, users=[pressed.user.id])
        self._take_back(pressed, (option.value if option else "").partition(":")[2])
        ack()
        self._respond(body, notes.TAKEN_BACK, replace=False)

    def _take_back(self, action: BlockAction, kudos_id: str) -> None:
        with self._rt.write(self._rt.workspace) as tx:
            kudos.take_back(tx, parse_id(kudos_id), by=action.user.id)

    def turn_page(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        me, _now = pressed.user.id, self._rt.clock()
        with self._rt.read(self._rt.workspace) as tx:
            if pressed.action.action_id == "kudos_newest":
                text, drawn = history.own_history(tx, me)
            else:
                what: Direction = (
                    "given" if pressed.action.action_id == "kudos_given" else "received"
                )
                text, drawn = history.page(tx, me, what, pressed.action.value)
        ack()
        with best_effort():
            self._rt.slack.respond(body["response_url"], text, drawn, replace=True)

    def _respond(self, body: dict[str, Any], text: str, *, replace: bool) -> None:
        if body.get("response_url"):
            with best_effort():
                self._rt.slack.respond(body["response_url"], text, [], replace=replace)
