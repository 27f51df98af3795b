"""Asking: the command, the forms, the shortcuts, and the ask's own buttons."""

import re
from typing import Any

from slack_bolt import Ack, App

from bot import visibility
from bot.asks import actions, forms, rules
from bot.asks import service as asks
from bot.asks.service import AskDraft
from bot.checkins import sharing
from bot.errors import UserError
from bot.runtime import Runtime, Transaction
from bot.slack import blocks
from bot.slack.text import sanitize, to_mrkdwn, to_plain
from bot.workspace import channels, sync
from handlers.ask_actions import Buttons
from handlers.interactions import best_effort, parse_id
from handlers.payloads import (
    BlockAction,
    Message,
    Shortcut,
    SlashCommand,
    View,
    ViewSubmission,
)
from models import Channel

_TS = re.compile(r"[0-9]{1,11}\.[0-9]{1,9}")


def register(bolt: App, rt: Runtime) -> None:
    forms_ = Forms(rt)
    bolt.command("/ask")(forms_.ask_command)
    bolt.shortcut({"type": "shortcut", "callback_id": "ask"})(forms_.open_form)
    bolt.action("home_ask")(forms_.open_form)
    bolt.action("ask_written")(forms_.open_form_for_message)
    bolt.action("ask_channel")(forms_.update_topics)
    bolt.view("ask")(forms_.submit_ask)
    bolt.view("edit_ask")(forms_.submit_edit)
    bolt.view("close_ask")(forms_.submit_close)
    bolt.view("delete_ask")(forms_.submit_delete)
    bolt.view("worked")(forms_.submit_what_worked)
    buttons = Buttons(rt)
    bolt.shortcut({"type": "message_action", "callback_id": "make_ask"})(
        buttons.convert_message
    )
    bolt.shortcut({"type": "message_action", "callback_id": "ask_options"})(
        buttons.open_options
    )
    for action_id in ("ask_looking", "ask_same", "option_looking", "option_same"):
        bolt.action(action_id)(buttons.toggle_join)
    bolt.action("ask_menu")(buttons.menu_choice)
    for what in ("close", "delete", "reopen", "edit", "worked"):
        bolt.action(f"option_{what}")(buttons.option_button)
    for action_id in ("ask_reopen", "ask_delete"):
        bolt.action(action_id)(buttons.option_button)
    bolt.action("ask_worked")(buttons.option_button)
    bolt.action("ask_restore")(buttons.undo_disclaim)


class Forms:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def ask_command(self, body: dict[str, Any], ack: Ack) -> None:
        command = SlashCommand.model_validate(body)
        text = sanitize(command.text)
        if not to_plain(text).strip():
            self._open_form(command.trigger_id, command, "", "")
            ack()
            return
        title, details = rules.from_message(text)
        if not command.is_in_channel:
            self._open_form(
                command.trigger_id, command, title, details, hint=blocks.CHOOSE_CHANNEL
            )
            ack()
            return
        sync.refresh(
            self._rt,
            users=[command.user_id],
            channel=command.channel_id,
            command_user=command.user_id,
        )
        with self._rt.write(self._rt.workspace) as tx:
            channel = channels.get_or_create(tx, command.channel_id)
            is_joined = channel.is_joined
            if is_joined:
                asks.open_ask(
                    tx,
                    channel,
                    AskDraft(title, details),
                    asker=command.user_id,
                    dedup_key=f"command:{command.trigger_id}",
                )
        if not is_joined:
            self._open_form(
                command.trigger_id,
                command,
                title,
                details,
                hint=blocks.NOT_IN_CHANNEL_CHOOSE,
            )
        ack()

    def _open_form(
        self,
        trigger_id: str,
        command: SlashCommand,
        title: str,
        details: str,
        *,
        # Where the channel is none to ask in: how to choose another.
        hint: str | None = None,
    ) -> None:
        here = command.channel_id if command.is_in_channel and not hint else None
        self._rt.slack.open_view(
            trigger_id,
            forms.ask_form(
                channel=here,
                channel_topics=self._channel_topics(here),
                title=title,
                details=details,
                hint=hint,
            ),
        )

    def _channel_topics(
        self, channel: str | None, chosen_by: str | None = None
    ) -> list[str]:
        """A channel's topics; of a private one that somebody chose, if they are in it.

        Where a command was typed, its author is.
        """
        if channel is None:
            return []
        with self._rt.read(self._rt.workspace) as tx:
            known = channels.find(tx, channel)
            if known is None:
                return []
            if chosen_by and not visibility.can_see(tx, known, chosen_by):
                return []
            return list(known.topics)

    def open_form(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Shortcut.model_validate(body)
        self._rt.slack.open_view(
            asked.trigger_id, forms.ask_form(use_current_channel=True)
        )
        ack()

    def open_form_for_message(self, body: dict[str, Any], ack: Ack) -> None:
        """Ask what somebody wrote to the bot: only Slack has kept the words."""
        pressed = BlockAction.model_validate(body)
        words = self._original_text(pressed)
        title, details = rules.from_message(words) if words else ("", "")
        self._rt.slack.open_view(
            pressed.trigger_id,
            forms.ask_form(title=title, details=details, hint=blocks.CHOOSE_CHANNEL),
        )
        ack()

    def _original_text(self, pressed: BlockAction) -> str:
        """Return what the person wrote in the conversation in which they press it."""
        ts = pressed.action.value
        if pressed.channel is None or not _TS.fullmatch(ts):
            raise UserError(asks.ASK_GONE)
        with best_effort():
            for found in self._rt.slack.replies(pressed.channel.id, ts):
                message = Message.model_validate(found)
                if message.ts == ts and message.user == pressed.user.id:
                    return message.text
        return ""

    def update_topics(self, body: dict[str, Any], ack: Ack) -> None:
        """Another channel has other topics: show them, and keep what was typed."""
        pressed = BlockAction.model_validate(body)
        view, channel = pressed.view, pressed.action.selected_conversation
        if view is not None and channel is not None:
            known = self._channel_topics(channel, pressed.user.id)
            if known or view.has_block("topics"):
                with best_effort():
                    self._rt.slack.update_view(
                        view.id,
                        forms.ask_form(
                            channel=channel,
                            channel_topics=known,
                            title=to_mrkdwn(view.text("title")),
                            details=to_mrkdwn(view.text("details")),
                            topics=_entered_topics(view),
                            checkin_id=_checkin_id(view),
                        ),
                        hash=view.hash,
                    )
        ack()

    def submit_ask(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        channel_id = form.view.conversation("channel")
        if not channel_id:
            raise UserError("Choose a channel.", field="channel")
        draft = _draft(form.view)
        sync.refresh(self._rt, users=[form.user.id], channel=channel_id)
        with self._rt.write(self._rt.workspace) as tx:
            channel = channels.get_or_create(tx, channel_id)
            if not channel.is_joined:
                raise UserError(blocks.NOT_IN_CHANNEL, field="channel")
            self._create_ask(tx, channel, draft, form)
        ack()

    def _create_ask(
        self, tx: Transaction, channel: Channel, draft: AskDraft, form: ViewSubmission
    ) -> None:
        _workspace, _now = tx.workspace, tx.now
        checkin_id = _checkin_id(form.view)
        checkin = origin = None
        if checkin_id is not None:
            checkin = sharing.lock_own(tx, checkin_id, form.user.id)
            origin = sharing.origin_url(tx, checkin, channel)
        ask = asks.open_ask(
            tx,
            channel,
            draft,
            asker=form.user.id,
            dedup_key=f"form:{form.view.id}",
            origin_url=origin,
        )
        if checkin is not None:
            sharing.record_ask(tx, checkin, ask)

    def submit_edit(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        draft = _draft(form.view)
        sync.refresh(self._rt, users=[form.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            ask = asks.get(tx, _ask_id(form.view))
            asks.edit(tx, ask, draft, by=form.user.id)
        ack()

    def submit_close(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        sync.refresh(self._rt, users=[form.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            actions.close(
                tx,
                asks.get(tx, _ask_id(form.view)),
                by=form.user.id,
                reason=form.view.text("reason"),
            )
        ack(response_action="clear")

    def submit_delete(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        sync.refresh(self._rt, users=[form.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            ask = asks.get(tx, _ask_id(form.view))
            asks.delete(tx, ask, by=form.user.id)
        ack(response_action="clear")

    def submit_what_worked(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        sync.refresh(self._rt, users=[form.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            actions.set_what_worked(
                tx,
                asks.get(tx, _ask_id(form.view)),
                form.view.text("worked"),
                by=form.user.id,
            )
        ack()


def _draft(view: View) -> AskDraft:
    title, details = rules.from_form(view.text("title"), view.text("details"))
    chosen = rules.parse_topics(view.all_chosen("topics"), view.text("more_topics"))
    return AskDraft(title, details, chosen)


def _entered_topics(view: View) -> list[str]:
    typed = view.text("more_topics").split(",")
    named = [*view.all_chosen("topics"), *map(str.strip, typed)]
    return list(dict.fromkeys(filter(None, named)))


def _ask_id(view: View) -> int:
    return parse_id(view.metadata().get("ask"))


def _checkin_id(view: View) -> int | None:
    """The check-in that the form was opened from; None where from none."""
    known = view.metadata().get("checkin")
    return None if known is None else parse_id(known)
