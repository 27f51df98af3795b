"""Marks without an emoji: shortcuts with an undo, and the buttons in our notes."""

from collections.abc import Sequence
from typing import Any

from slack_bolt import Ack, App
from slack_sdk.models.blocks import Block

from bot.asks import actions, notes, replies
from bot.asks import service as asks
from bot.asks.notes import MarkMeaning
from bot.clock import ts_to_micros
from bot.errors import UserError
from bot.messages import authors
from bot.runtime import Runtime, Transaction
from bot.workspace import channels, sync
from handlers import external_members
from handlers.ask_actions import NO_ASK_HERE
from handlers.interactions import parse_id, send_reply
from handlers.payloads import BlockAction, Message, MessageShortcut
from models import Answer, Channel


def register(bolt: App, rt: Runtime) -> None:
    marks = Marks(rt)
    for callback_id in ("mark_helpful", "mark_solved"):
        bolt.shortcut({"type": "message_action", "callback_id": callback_id})(
            marks.mark_message
        )
    bolt.action("undo_helpful")(marks.undo_mark)
    bolt.action("undo_solved")(marks.undo_mark)
    bolt.action("mark_helpful")(marks.accept_suggestion)
    bolt.action("mark_solved")(marks.accept_suggestion)
    bolt.action("who_helped")(marks.choose_solution)


class Marks:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def mark_message(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        what: MarkMeaning = (
            "solved" if body["callback_id"] == "mark_solved" else "helpful"
        )
        sync.refresh(self._rt, users=[chosen.user.id])
        external_members.record_external_author(
            self._rt,
            self._rt.workspace,
            chosen.message.user,
            chosen.message.author_teams,
        )
        with self._rt.write(self._rt.workspace) as tx:
            channel = channels.find(tx, chosen.channel.id)
            if channel is None:
                raise UserError(NO_ASK_HERE)
            self._record_reply(tx, channel, chosen.message)
            actions.mark_answer(
                tx,
                channel,
                ts=chosen.message.ts,
                meaning=what,
                by=chosen.user.id,
                is_present=True,
                event_micros=ts_to_micros(chosen.action_ts),
            )
        ack()
        text, drawn = notes.mark_receipt(what, chosen.channel.id, chosen.message.ts)
        send_reply(self._rt, body, text, drawn)

    def _record_reply(
        self, tx: Transaction, channel: Channel, message: Message
    ) -> None:
        """The shortcut shows us the reply, perhaps before its own event did."""
        ask = asks.find_by_message(tx.session, channel.id, message.thread_ts or "")
        if (
            ask is not None
            and ask.deleted_at is None
            and message.is_reply
            and authors.is_by_human(message.model_dump(), tx.workspace)
        ):
            replies.record_reply(tx, ask, ts=message.ts, author=message.user or "")

    def undo_mark(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        slack_channel, _, ts = pressed.action.value.partition(":")
        what: MarkMeaning = (
            "solved" if pressed.action.action_id == "undo_solved" else "helpful"
        )
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            channel = channels.find(tx, slack_channel)
            if channel is None:
                raise UserError(asks.ASK_GONE)
            actions.mark_answer(
                tx,
                channel,
                ts=ts,
                meaning=what,
                by=pressed.user.id,
                is_present=False,
                event_micros=ts_to_micros(pressed.action.action_ts),
            )
        ack()
        self._send_reply(body, "Undone.")

    def accept_suggestion(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        option = pressed.action.selected_option
        value = option.value if option else pressed.action.value
        ask_id, _, answer_id = value.partition(":")
        what: MarkMeaning = (
            "solved" if pressed.action.action_id == "mark_solved" else "helpful"
        )
        channel, ts = self._mark_answer(
            pressed, what, parse_id(ask_id), parse_id(answer_id)
        )
        ack()
        text, drawn = notes.mark_receipt(what, channel, ts)
        self._send_reply(body, text, drawn)

    def choose_solution(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        option = pressed.action.selected_option
        answer_id = parse_id(option.value if option else "")
        self._mark_answer(pressed, "solved", None, answer_id)
        ack()
        self._send_reply(
            body, "Thank you! They will be glad to hear it.", replace=False
        )

    def _mark_answer(
        self,
        pressed: BlockAction,
        meaning: MarkMeaning,
        ask_id: int | None,
        answer_id: int,
    ) -> tuple[str, str]:
        """Mark an answer; gives its message in Slack, by channel and ts."""
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            answer = tx.session.get(Answer, answer_id)
            if answer is None:
                raise UserError(asks.ASK_GONE)
            ask = asks.get(tx, ask_id or answer.ask_id)
            if answer.ask_id != ask.id:
                raise UserError(asks.ASK_GONE)
            channel = tx.session.get_one(Channel, ask.channel_id)
            actions.mark_answer(
                tx,
                channel,
                ts=answer.ts,
                meaning=meaning,
                by=pressed.user.id,
                is_present=True,
                event_micros=ts_to_micros(pressed.action.action_ts),
            )
            return channel.slack_id, answer.ts

    def _send_reply(
        self,
        body: dict[str, Any],
        text: str,
        blocks: Sequence[Block] = (),
        *,
        replace: bool = True,
    ) -> None:
        send_reply(self._rt, body, text, blocks, replace=replace)
