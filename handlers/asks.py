"""Asking: the command, the forms, the shortcuts, and the ask's own buttons."""

import re
from typing import Any

from slack_bolt import Ack, App
from sqlalchemy.orm import Session

from bot import visibility
from bot.answers import service as answers
from bot.asks import actions, forms, messages, notes, rules
from bot.asks import service as asks
from bot.asks.actions import JoinMeaning
from bot.asks.notes import Note
from bot.asks.service import AskDraft
from bot.channels import service as channels
from bot.checkins import blockers
from bot.clock import ts_to_micros
from bot.errors import UserError
from bot.facts import service as facts
from bot.runtime import Runtime
from bot.settings import service as settings
from bot.text import sanitize, to_mrkdwn, to_plain
from handlers import outsiders
from handlers.courtesy import best_effort, send_reply
from handlers.payloads import (
    BlockAction,
    Message,
    MessageShortcut,
    Shortcut,
    SlashCommand,
    View,
    ViewSubmission,
)
from models import Ask, Channel

NO_ASK_HERE = "There is no ask in this conversation."
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
                command.trigger_id, command, title, details, hint=forms.CHOOSE_CHANNEL
            )
            ack()
            return
        facts.refresh(
            self._rt,
            users=[command.user_id],
            channel=command.channel_id,
            command_user=command.user_id,
        )
        with self._rt.write_session.begin() as session:
            channel = channels.get_or_create(
                session, self._rt.workspace.id, command.channel_id
            )
            is_joined = channel.is_joined
            if is_joined:
                asks.open_ask(
                    session,
                    self._rt.workspace,
                    channel,
                    AskDraft(title, details),
                    asker=command.user_id,
                    dedup_key=f"command:{command.trigger_id}",
                    now=self._rt.clock(),
                )
        if not is_joined:
            self._open_form(
                command.trigger_id,
                command,
                title,
                details,
                hint=forms.NOT_IN_CHANNEL_CHOOSE,
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
        with self._rt.read_session() as session:
            known = channels.find(session, self._rt.workspace.id, channel)
            if known is None:
                return []
            now = self._rt.clock()
            if chosen_by and not visibility.can_see(session, known, chosen_by, now=now):
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
            forms.ask_form(title=title, details=details, hint=forms.CHOOSE_CHANNEL),
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
        facts.refresh(self._rt, users=[form.user.id], channel=channel_id)
        with self._rt.write_session.begin() as session:
            channel = channels.get_or_create(session, self._rt.workspace.id, channel_id)
            if not channel.is_joined:
                raise UserError(forms.NOT_IN_CHANNEL, field="channel")
            self._create_ask(session, channel, draft, form)
        ack()

    def _create_ask(
        self, session: Session, channel: Channel, draft: AskDraft, form: ViewSubmission
    ) -> None:
        workspace, now = self._rt.workspace, self._rt.clock()
        checkin_id = _checkin_id(form.view)
        checkin = origin = None
        if checkin_id is not None:
            checkin = blockers.lock(
                session, workspace, checkin_id, form.user.id, now=now
            )
            origin = blockers.origin_url(session, workspace, checkin, channel)
        ask = asks.open_ask(
            session,
            workspace,
            channel,
            draft,
            asker=form.user.id,
            dedup_key=f"form:{form.view.id}",
            now=now,
            origin_url=origin,
        )
        if checkin is not None:
            blockers.record_ask(session, checkin, ask, now=now)

    def submit_edit(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        draft = _draft(form.view)
        facts.refresh(self._rt, users=[form.user.id])
        with self._rt.write_session.begin() as session:
            ask = asks.get(session, self._rt.workspace, _ask_id(form.view))
            asks.edit(session, ask, draft, by=form.user.id, now=self._rt.clock())
        ack()

    def submit_close(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        facts.refresh(self._rt, users=[form.user.id])
        with self._rt.write_session.begin() as session:
            actions.close(
                session,
                asks.get(session, self._rt.workspace, _ask_id(form.view)),
                by=form.user.id,
                reason=form.view.text("reason"),
                now=self._rt.clock(),
            )
        ack(response_action="clear")

    def submit_delete(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        facts.refresh(self._rt, users=[form.user.id])
        with self._rt.write_session.begin() as session:
            ask = asks.get(session, self._rt.workspace, _ask_id(form.view))
            asks.delete(session, ask, by=form.user.id, now=self._rt.clock())
        ack(response_action="clear")

    def submit_what_worked(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        facts.refresh(self._rt, users=[form.user.id])
        with self._rt.write_session.begin() as session:
            actions.set_what_worked(
                session,
                asks.get(session, self._rt.workspace, _ask_id(form.view)),
                form.view.text("worked"),
                by=form.user.id,
                now=self._rt.clock(),
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


def parse_id(value: object) -> int:
    """An id that came back from Slack; raises Refusal for what we never sent."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004
        raise UserError(asks.ASK_GONE)
    return int(text)


class Buttons:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def convert_message(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        message = chosen.message
        if message.is_reply:
            raise UserError("A reply can't become an ask of its own; ask with `/ask`.")
        by_human = answers.is_by_human(message.model_dump(), self._rt.workspace)
        if message.user is None or not by_human:
            raise UserError(messages.NOT_BY_A_PERSON)
        outsiders.record_external_author(self._rt, message.user, message.author_teams)
        if message.user != chosen.user.id:
            with self._rt.write_session.begin() as session:
                messages.refuse_erased(
                    session, self._rt.workspace, ts=message.ts, author=message.user
                )
        facts.refresh(
            self._rt, users=[chosen.user.id, message.user], channel=chosen.channel.id
        )
        with self._rt.write_session.begin() as session:
            channel = self._channel(session, chosen.channel.id)
            if not channel.is_joined:
                raise UserError(forms.NOT_IN_CHANNEL)
            ask = messages.convert_message(
                session,
                self._rt.workspace,
                channel,
                ts=message.ts,
                author=message.user,
                text=message.text,
                by=chosen.user.id,
                now=self._rt.clock(),
            )
            is_lesson = ask.is_first and ask.asker == chosen.user.id
            emoji = channels.solved_emoji(channel)[0]
        ack()
        send_reply(self._rt, body, notes.conversion_receipt(emoji, is_first=is_lesson))

    def open_options(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        facts.refresh(self._rt, users=[chosen.user.id])
        with self._rt.read_session() as session:
            ask = self._ask_of_message(session, chosen)
            now = self._rt.clock()
            view = actions.options_view(session, ask, by=chosen.user.id, now=now)
        self._rt.slack.open_view(chosen.trigger_id, view)
        ack()

    def _ask_of_message(self, session: Session, shortcut: MessageShortcut) -> Ask:
        channel = channels.find(session, self._rt.workspace.id, shortcut.channel.id)
        ts = shortcut.message.thread_ts or shortcut.message.ts
        ask = asks.find_by_message(session, channel.id, ts) if channel else None
        if ask is None or ask.deleted_at is not None:
            raise UserError(NO_ASK_HERE)
        return ask

    def _channel(self, session: Session, slack_id: str) -> Channel:
        return channels.get_or_create(session, self._rt.workspace.id, slack_id)

    def toggle_join(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        facts.refresh(self._rt, users=[pressed.user.id])
        action = pressed.action
        what: JoinMeaning = "same" if action.action_id.endswith("same") else "looking"
        with self._rt.write_session.begin() as session:
            ask = asks.get(session, self._rt.workspace, parse_id(action.value))
            is_in = actions.toggle_join(
                session,
                self._rt.workspace,
                ask,
                what,
                by=pressed.user.id,
                event_micros=ts_to_micros(action.action_ts),
                now=self._rt.clock(),
            )
            standing = actions.current_marks(session, ask, pressed.user.id)
            view = actions.options_view(
                session, ask, by=pressed.user.id, now=self._rt.clock()
            )
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
        with self._rt.read_session() as session:
            here = pressed.channel.id if pressed.channel else ""
            channel = channels.find(session, self._rt.workspace.id, here)
            text = settings.help_text(channel)
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
        facts.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write_session.begin() as session:
            ask = asks.get(
                session,
                self._rt.workspace,
                parse_id(pressed.action.value),
                include_deleted=True,
            )
            now = self._rt.clock()
            messages.undo_disclaim(session, ask, by=pressed.user.id, now=now)
            line_ts = ask.line_ts
        ack()
        if pressed.view is not None:
            with best_effort():
                done = forms.message_modal("Done", notes.RESTORED)
                self._rt.slack.update_view(pressed.view.id, done, hash=None)
            return
        # The line in the thread is drawn anew; what was for one person is replaced.
        is_line = (body.get("container") or {}).get("message_ts") == line_ts
        send_reply(self._rt, body, notes.RESTORED, replace=not is_line)

    def _run_option(self, pressed: BlockAction, option: str, ask_id: int) -> Note:
        """Gives what to say in answer; nothing where what is shown says it."""
        facts.refresh(self._rt, users=[pressed.user.id])
        by = pressed.user.id
        at_us = ts_to_micros(pressed.action.action_ts)
        with self._rt.write_session.begin() as session:
            ask = asks.get(session, self._rt.workspace, ask_id)
            now = self._rt.clock()
            view = None
            said: Note = ("", [])
            match option:
                case "close" if by == ask.asker:
                    actions.close(
                        session, ask, by=by, reason=None, event_micros=at_us, now=now
                    )
                case "reopen":
                    actions.reopen(session, ask, by=by, event_micros=at_us, now=now)
                    if pressed.action.action_id == "ask_reopen":
                        said = (notes.REOPENED, [])
                case "delete" if ask.is_own_message:
                    messages.disclaim(session, ask, by=by, now=now)
                    said = notes.disclaimed(ask.id)
                case "options":
                    view = actions.options_view(session, ask, by=by, now=now)
                case _:
                    view = actions.action_form(session, ask, option, by=by, now=now)
        if view is not None:
            show = (
                self._rt.slack.push_view
                if pressed.view is not None
                else self._rt.slack.open_view
            )
            show(pressed.trigger_id, view)
        elif pressed.view is not None:
            text, drawn = said
            done = forms.message_modal("Done", text or "That's done.", *drawn[1:])
            with best_effort():
                self._rt.slack.update_view(pressed.view.id, done, hash=None)
        return said
