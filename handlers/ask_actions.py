"""Buttons and shortcuts on asks: solve, close, reopen, join, look."""

from typing import Any

from slack_bolt import Ack

from bot.asks import actions, capture, notes
from bot.asks import service as asks
from bot.asks.actions import JoinMeaning
from bot.clock import ts_to_micros
from bot.errors import UserError
from bot.messages import authors
from bot.runtime import Runtime, Transaction
from bot.settings import service as settings
from bot.slack import blocks
from bot.slack.blocks import Note
from bot.workspace import channels, sync
from handlers import external_members
from handlers.interactions import best_effort, parse_id, send_reply
from handlers.payloads import BlockAction, MessageShortcut
from models import Ask, Channel

NO_ASK_HERE = "There is no ask in this conversation."


class Buttons:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def convert_message(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        message = chosen.message
        if message.is_reply:
            raise UserError("A reply can't become an ask of its own; ask with `/ask`.")
        by_human = authors.is_by_human(message.model_dump(), self._rt.workspace)
        if message.user is None or not by_human:
            raise UserError(capture.NOT_BY_A_PERSON)
        external_members.record_external_author(
            self._rt, self._rt.workspace, message.user, message.author_teams
        )
        if message.user != chosen.user.id:
            with self._rt.write(self._rt.workspace) as tx:
                capture.refuse_erased(tx, ts=message.ts, author=message.user)
        sync.refresh(
            self._rt, users=[chosen.user.id, message.user], channel=chosen.channel.id
        )
        with self._rt.write(self._rt.workspace) as tx:
            channel = self._channel(tx, chosen.channel.id)
            if not channel.is_joined:
                raise UserError(blocks.NOT_IN_CHANNEL)
            ask = capture.convert_message(
                tx,
                channel,
                ts=message.ts,
                author=message.user,
                text=message.text,
                by=chosen.user.id,
            )
            is_lesson = ask.is_first and ask.asker == chosen.user.id
            emoji = channels.solved_emoji(channel)[0]
        ack()
        send_reply(self._rt, body, notes.conversion_receipt(emoji, is_first=is_lesson))

    def open_options(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        sync.refresh(self._rt, users=[chosen.user.id])
        with self._rt.read(self._rt.workspace) as tx:
            ask = self._ask_of_message(tx, chosen)
            view = actions.options_view(tx, ask, by=chosen.user.id)
        self._rt.slack.open_view(chosen.trigger_id, view)
        ack()

    def _ask_of_message(self, tx: Transaction, shortcut: MessageShortcut) -> Ask:
        channel = channels.find(tx, shortcut.channel.id)
        ts = shortcut.message.thread_ts or shortcut.message.ts
        ask = asks.find_by_message(tx.session, channel.id, ts) if channel else None
        if ask is None or ask.deleted_at is not None:
            raise UserError(NO_ASK_HERE)
        return ask

    def _channel(self, tx: Transaction, slack_id: str) -> Channel:
        return channels.get_or_create(tx, slack_id)

    def toggle_join(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        action = pressed.action
        what: JoinMeaning = "same" if action.action_id.endswith("same") else "looking"
        with self._rt.write(self._rt.workspace) as tx:
            ask = asks.get(tx, parse_id(action.value))
            is_in = actions.toggle_join(
                tx,
                ask,
                what,
                by=pressed.user.id,
                event_micros=ts_to_micros(action.action_ts),
            )
            standing = actions.current_marks(tx.session, ask, pressed.user.id)
            view = actions.options_view(tx, ask, by=pressed.user.id)
        ack()
        if pressed.view is not None:
            with best_effort():
                self._rt.slack.update_view(pressed.view.id, view, hash=None)
        send_reply(
            self._rt, body, actions.join_confirmation(what, is_in=is_in, marks=standing)
        )

    def menu_choice(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        option = pressed.action.selected_option
        what, _, ask_id = (option.value if option else "").partition(":")
        if what == "help":
            ack()
            self._send_help(body, pressed)
            return
        text, drawn = self._run_option(pressed, what, parse_id(ask_id))
        ack()
        if text:
            send_reply(self._rt, body, text, drawn)

    def _send_help(self, body: dict[str, Any], pressed: BlockAction) -> None:
        with self._rt.read(self._rt.workspace) as tx:
            here = pressed.channel.id if pressed.channel else ""
            channel = channels.find(tx, here)
            text = settings.help_text(tx, channel)
        send_reply(self._rt, body, text)

    def option_button(self, body: dict[str, Any], ack: Ack) -> None:
        """The same things, from a note's or a form's button."""
        pressed = BlockAction.model_validate(body)
        what = pressed.action.action_id.partition("_")[2]
        text, drawn = self._run_option(pressed, what, parse_id(pressed.action.value))
        ack()
        is_letter = pressed.channel is not None and pressed.channel.id.startswith("D")
        if text:
            send_reply(self._rt, body, text, drawn, replace=is_letter)

    def undo_disclaim(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            ask = asks.get(tx, parse_id(pressed.action.value), include_deleted=True)
            capture.undo_disclaim(tx, ask, by=pressed.user.id)
            line_ts = ask.line_ts
        ack()
        if pressed.view is not None:
            with best_effort():
                done = blocks.message_modal("Done", notes.RESTORED)
                self._rt.slack.update_view(pressed.view.id, done, hash=None)
            return
        # The line in the thread is drawn anew; what was for one person is replaced.
        is_line = (body.get("container") or {}).get("message_ts") == line_ts
        send_reply(self._rt, body, notes.RESTORED, replace=not is_line)

    def _run_option(self, pressed: BlockAction, option: str, ask_id: int) -> Note:
        """Gives what to say in answer; nothing where what is shown says it."""
        sync.refresh(self._rt, users=[pressed.user.id])
        by = pressed.user.id
        at_us = ts_to_micros(pressed.action.action_ts)
        with self._rt.write(self._rt.workspace) as tx:
            ask = asks.get(tx, ask_id)
            view = None
            said: Note = ("", [])
            match option:
                case "close" if by == ask.asker:
                    actions.close(tx, ask, by=by, reason=None, event_micros=at_us)
                case "reopen":
                    actions.reopen(tx, ask, by=by, event_micros=at_us)
                    if pressed.action.action_id == "ask_reopen":
                        said = (notes.REOPENED, [])
                case "delete" if ask.is_own_message:
                    capture.disclaim(tx, ask, by=by)
                    said = notes.disclaimed(ask.id)
                case "options":
                    view = actions.options_view(tx, ask, by=by)
                case _:
                    view = actions.action_form(tx, ask, option, by=by)
        if view is not None:
            show = (
                self._rt.slack.push_view
                if pressed.view is not None
                else self._rt.slack.open_view
            )
            show(pressed.trigger_id, view)
        elif pressed.view is not None:
            text, drawn = said
            done = blocks.message_modal("Done", text or "That's done.", *drawn[1:])
            with best_effort():
                self._rt.slack.update_view(pressed.view.id, done, hash=None)
        return said
