"""Marks without an emoji: shortcuts with an undo, and the buttons in our notes."""

from collections.abc import Sequence
from typing import Any

from slack_bolt import Ack, App
from slack_sdk.models.blocks import Block
from sqlalchemy.orm import Session

from bot.answers import service as answers
from bot.asks import actions, notes
from bot.asks import service as asks
from bot.asks.notes import What
from bot.channels import service as channels
from bot.clock import micros
from bot.errors import Refusal
from bot.facts import service as facts
from bot.runtime import Runtime
from handlers import outsiders
from handlers.asks import NOT_HERE, number
from handlers.courtesy import answer
from handlers.payloads import Message, MessageShortcut, Pressed
from models import Answer, Channel


def register(bolt: App, rt: Runtime) -> None:
    marks = Marks(rt)
    for callback_id in ("mark_helpful", "mark_solved"):
        bolt.shortcut({"type": "message_action", "callback_id": callback_id})(
            marks.marked
        )
    bolt.action("undo_helpful")(marks.undone)
    bolt.action("undo_solved")(marks.undone)
    bolt.action("mark_helpful")(marks.offer_taken)
    bolt.action("mark_solved")(marks.offer_taken)
    bolt.action("who_helped")(marks.helper_named)


class Marks:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def marked(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        what: What = "solved" if body["callback_id"] == "mark_solved" else "helpful"
        facts.ensure(self._rt, people=[chosen.user.id])
        outsiders.learn_from(self._rt, chosen.message.user, chosen.message.whose)
        with self._rt.sessions.begin() as session:
            channel = channels.find(session, self._rt.workspace.id, chosen.channel.id)
            if channel is None:
                raise Refusal(NOT_HERE)
            self._know_answer(session, channel, chosen.message)
            actions.mark(
                session,
                self._rt.workspace,
                channel,
                ts=chosen.message.ts,
                what=what,
                by=chosen.user.id,
                is_present=True,
                at_us=micros(chosen.action_ts),
                now=self._rt.clock(),
            )
        ack()
        text, drawn = notes.marked(what, chosen.channel.id, chosen.message.ts)
        answer(self._rt, body, text, drawn)

    def _know_answer(self, session: Session, channel: Channel, said: Message) -> None:
        """The shortcut shows us the reply, perhaps before its own event did."""
        ask = asks.by_message(session, channel.id, said.thread_ts or "")
        if (
            ask is not None
            and ask.deleted_at is None
            and said.is_reply
            and answers.is_by_human(said.model_dump(), self._rt.workspace)
        ):
            answers.reply(
                session,
                self._rt.workspace,
                ask,
                ts=said.ts,
                author=said.user or "",
                now=self._rt.clock(),
            )

    def undone(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        slack_channel, _, ts = pressed.action.value.partition(":")
        what: What = (
            "solved" if pressed.action.action_id == "undo_solved" else "helpful"
        )
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.sessions.begin() as session:
            channel = channels.find(session, self._rt.workspace.id, slack_channel)
            if channel is None:
                raise Refusal(asks.GONE)
            actions.mark(
                session,
                self._rt.workspace,
                channel,
                ts=ts,
                what=what,
                by=pressed.user.id,
                is_present=False,
                at_us=micros(pressed.action.action_ts),
                now=self._rt.clock(),
            )
        ack()
        self._answer(body, "Undone.")

    def offer_taken(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        option = pressed.action.selected_option
        value = option.value if option else pressed.action.value
        ask_id, _, answer_id = value.partition(":")
        what: What = (
            "solved" if pressed.action.action_id == "mark_solved" else "helpful"
        )
        channel, ts = self._mark(pressed, what, number(ask_id), number(answer_id))
        ack()
        text, drawn = notes.marked(what, channel, ts)
        self._answer(body, text, drawn)

    def helper_named(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        option = pressed.action.selected_option
        answer_id = number(option.value if option else "")
        self._mark(pressed, "solved", None, answer_id)
        ack()
        self._answer(body, "Thank you! They will be glad to hear it.", replace=False)

    def _mark(
        self, pressed: Pressed, what: What, ask_id: int | None, answer_id: int
    ) -> tuple[str, str]:
        """Mark an answer; gives its message in Slack, by channel and ts."""
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.sessions.begin() as session:
            answer = session.get(Answer, answer_id)
            if answer is None:
                raise Refusal(asks.GONE)
            ask = asks.get(session, self._rt.workspace, ask_id or answer.ask_id)
            if answer.ask_id != ask.id:
                raise Refusal(asks.GONE)
            channel = session.get_one(Channel, ask.channel_id)
            actions.mark(
                session,
                self._rt.workspace,
                channel,
                ts=answer.ts,
                what=what,
                by=pressed.user.id,
                is_present=True,
                at_us=micros(pressed.action.action_ts),
                now=self._rt.clock(),
            )
            return channel.slack_id, answer.ts

    def _answer(
        self,
        body: dict[str, Any],
        text: str,
        drawn: Sequence[Block] = (),
        *,
        replace: bool = True,
    ) -> None:
        answer(self._rt, body, text, drawn, replace=replace)
