"""Asking: the command, the forms, the shortcuts, and the ask's own buttons."""

import re
from typing import Any

from slack_bolt import Ack, App
from sqlalchemy.orm import Session

from bot import visibility
from bot.answers import service as answers
from bot.asks import actions, forms, messages, notes, rules
from bot.asks import service as asks
from bot.asks.actions import Joining
from bot.asks.notes import Note
from bot.asks.service import Draft
from bot.channels import service as channels
from bot.checkins import blockers
from bot.clock import micros
from bot.errors import Refusal
from bot.facts import service as facts
from bot.runtime import Runtime
from bot.settings import service as settings
from bot.text import clean, marked, plain
from handlers import outsiders
from handlers.courtesy import answer, courtesy
from handlers.payloads import (
    Command,
    Message,
    MessageShortcut,
    Pressed,
    Shortcut,
    Submitted,
    View,
)
from models import Ask, Channel

NOT_HERE = "There is no ask in this conversation."
_TS = re.compile(r"[0-9]{1,11}\.[0-9]{1,9}")


def register(bolt: App, rt: Runtime) -> None:
    forms_ = Forms(rt)
    bolt.command("/ask")(forms_.command)
    bolt.shortcut({"type": "shortcut", "callback_id": "ask"})(forms_.shortcut)
    bolt.action("home_ask")(forms_.shortcut)
    bolt.action("ask_written")(forms_.written)
    bolt.action("ask_channel")(forms_.channel_chosen)
    bolt.view("ask")(forms_.submitted)
    bolt.view("edit_ask")(forms_.edited)
    bolt.view("close_ask")(forms_.closed)
    bolt.view("delete_ask")(forms_.deleted)
    bolt.view("worked")(forms_.worked)
    buttons = Buttons(rt)
    bolt.shortcut({"type": "message_action", "callback_id": "make_ask"})(buttons.make)
    bolt.shortcut({"type": "message_action", "callback_id": "ask_options"})(
        buttons.options
    )
    for action_id in ("ask_looking", "ask_same", "option_looking", "option_same"):
        bolt.action(action_id)(buttons.joined)
    bolt.action("ask_menu")(buttons.menu)
    for what in ("close", "delete", "reopen", "edit", "worked"):
        bolt.action(f"option_{what}")(buttons.pressed)
    for action_id in ("ask_reopen", "ask_delete"):
        bolt.action(action_id)(buttons.pressed)
    bolt.action("ask_worked")(buttons.pressed)
    bolt.action("ask_restore")(buttons.restored)


class Forms:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        command = Command.model_validate(body)
        text = clean(command.text)
        if not plain(text).strip():
            self._open(command.trigger_id, command, "", "")
            ack()
            return
        title, details = rules.from_message(text)
        if not command.is_in_channel:
            self._open(command.trigger_id, command, title, details, hint=forms.CHOOSE)
            ack()
            return
        facts.ensure(
            self._rt,
            people=[command.user_id],
            channel=command.channel_id,
            typed_by=command.user_id,
        )
        with self._rt.sessions.begin() as session:
            channel = channels.note(session, self._rt.workspace.id, command.channel_id)
            is_joined = channel.is_joined
            if is_joined:
                asks.open_ask(
                    session,
                    self._rt.workspace,
                    channel,
                    Draft(title, details),
                    asker=command.user_id,
                    source=f"command:{command.trigger_id}",
                    now=self._rt.clock(),
                )
        if not is_joined:
            self._open(
                command.trigger_id, command, title, details, hint=forms.INVITE_FIRST
            )
        ack()

    def _open(
        self,
        trigger_id: str,
        command: Command,
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
                channel_topics=self._topics(here),
                title=title,
                details=details,
                hint=hint,
            ),
        )

    def _topics(self, channel: str | None, chosen_by: str | None = None) -> list[str]:
        """A channel's topics; of a private one that somebody chose, if they are in it.

        Where a command was typed, its author is.
        """
        if channel is None:
            return []
        with self._rt.reads() as session:
            known = channels.find(session, self._rt.workspace.id, channel)
            if known is None:
                return []
            now = self._rt.clock()
            if chosen_by and not visibility.may_see(session, known, chosen_by, now=now):
                return []
            return list(known.topics)

    def shortcut(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Shortcut.model_validate(body)
        self._rt.slack.open_view(asked.trigger_id, forms.ask_form(is_here=True))
        ack()

    def written(self, body: dict[str, Any], ack: Ack) -> None:
        """Ask what somebody wrote to the bot: only Slack has kept the words."""
        pressed = Pressed.model_validate(body)
        words = self._words(pressed)
        title, details = rules.from_message(words) if words else ("", "")
        self._rt.slack.open_view(
            pressed.trigger_id,
            forms.ask_form(title=title, details=details, hint=forms.CHOOSE),
        )
        ack()

    def _words(self, pressed: Pressed) -> str:
        """Return what the person wrote in the conversation in which they press it."""
        ts = pressed.action.value
        if pressed.channel is None or not _TS.fullmatch(ts):
            raise Refusal(asks.GONE)
        with courtesy():
            for found in self._rt.slack.replies(pressed.channel.id, ts):
                message = Message.model_validate(found)
                if message.ts == ts and message.user == pressed.user.id:
                    return message.text
        return ""

    def channel_chosen(self, body: dict[str, Any], ack: Ack) -> None:
        """Another channel has other topics: show them, and keep what was typed."""
        pressed = Pressed.model_validate(body)
        view, channel = pressed.view, pressed.action.selected_conversation
        if view is not None and channel is not None:
            known = self._topics(channel, pressed.user.id)
            if known or view.has("topics"):
                with courtesy():
                    self._rt.slack.update_view(
                        view.id,
                        forms.ask_form(
                            channel=channel,
                            channel_topics=known,
                            title=marked(view.text("title")),
                            details=marked(view.text("details")),
                            topics=_named_topics(view),
                            checkin_id=_checkin_id(view),
                        ),
                        hash=view.hash,
                    )
        ack()

    def submitted(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        channel_id = form.view.conversation("channel")
        if not channel_id:
            raise Refusal("Choose a channel.", field="channel")
        draft = _draft(form.view)
        facts.ensure(self._rt, people=[form.user.id], channel=channel_id)
        with self._rt.sessions.begin() as session:
            channel = channels.note(session, self._rt.workspace.id, channel_id)
            if not channel.is_joined:
                raise Refusal(forms.INVITE, field="channel")
            self._ask(session, channel, draft, form)
        ack()

    def _ask(
        self, session: Session, channel: Channel, draft: Draft, form: Submitted
    ) -> None:
        workspace, now = self._rt.workspace, self._rt.clock()
        checkin_id = _checkin_id(form.view)
        checkin = origin = None
        if checkin_id is not None:
            checkin = blockers.hold(
                session, workspace, checkin_id, form.user.id, now=now
            )
            origin = blockers.origin(session, workspace, checkin, channel)
        ask = asks.open_ask(
            session,
            workspace,
            channel,
            draft,
            asker=form.user.id,
            source=f"form:{form.view.id}",
            now=now,
            origin=origin,
        )
        if checkin is not None:
            blockers.asked(session, checkin, ask, now=now)

    def edited(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        draft = _draft(form.view)
        facts.ensure(self._rt, people=[form.user.id])
        with self._rt.sessions.begin() as session:
            ask = asks.get(session, self._rt.workspace, _ask_id(form.view))
            asks.edit(session, ask, draft, by=form.user.id, now=self._rt.clock())
        ack()

    def closed(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        facts.ensure(self._rt, people=[form.user.id])
        with self._rt.sessions.begin() as session:
            actions.close(
                session,
                asks.get(session, self._rt.workspace, _ask_id(form.view)),
                by=form.user.id,
                reason=form.view.text("reason"),
                now=self._rt.clock(),
            )
        ack(response_action="clear")

    def deleted(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        facts.ensure(self._rt, people=[form.user.id])
        with self._rt.sessions.begin() as session:
            ask = asks.get(session, self._rt.workspace, _ask_id(form.view))
            asks.delete(session, ask, by=form.user.id, now=self._rt.clock())
        ack(response_action="clear")

    def worked(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        facts.ensure(self._rt, people=[form.user.id])
        with self._rt.sessions.begin() as session:
            actions.say_what_worked(
                session,
                asks.get(session, self._rt.workspace, _ask_id(form.view)),
                form.view.text("worked"),
                by=form.user.id,
                now=self._rt.clock(),
            )
        ack()


def _draft(view: View) -> Draft:
    title, details = rules.from_form(view.text("title"), view.text("details"))
    chosen = rules.topics(view.all_chosen("topics"), view.text("more_topics"))
    return Draft(title, details, chosen)


def _named_topics(view: View) -> list[str]:
    typed = view.text("more_topics").split(",")
    named = [*view.all_chosen("topics"), *map(str.strip, typed)]
    return list(dict.fromkeys(filter(None, named)))


def _ask_id(view: View) -> int:
    return number(view.meta().get("ask"))


def _checkin_id(view: View) -> int | None:
    """The check-in that the form was opened from; None where from none."""
    known = view.meta().get("checkin")
    return None if known is None else number(known)


def number(value: object) -> int:
    """An id that came back from Slack; raises Refusal for what we never sent."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004
        raise Refusal(asks.GONE)
    return int(text)


class Buttons:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def make(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        message = chosen.message
        if message.is_reply:
            raise Refusal("A reply can't become an ask of its own; ask with `/ask`.")
        by_human = answers.is_by_human(message.model_dump(), self._rt.workspace)
        if message.user is None or not by_human:
            raise Refusal(messages.NO_PERSON)
        outsiders.learn_from(self._rt, message.user, message.whose)
        if message.user != chosen.user.id:
            with self._rt.sessions.begin() as session:
                messages.check_kept(
                    session, self._rt.workspace, ts=message.ts, author=message.user
                )
        facts.ensure(
            self._rt, people=[chosen.user.id, message.user], channel=chosen.channel.id
        )
        with self._rt.sessions.begin() as session:
            channel = self._channel(session, chosen.channel.id)
            if not channel.is_joined:
                raise Refusal(forms.INVITE)
            ask = messages.make(
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
        answer(self._rt, body, notes.made_own(emoji, is_first=is_lesson))

    def options(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        facts.ensure(self._rt, people=[chosen.user.id])
        with self._rt.reads() as session:
            ask = self._ask_at(session, chosen)
            now = self._rt.clock()
            view = actions.options(session, ask, by=chosen.user.id, now=now)
        self._rt.slack.open_view(chosen.trigger_id, view)
        ack()

    def _ask_at(self, session: Session, chosen: MessageShortcut) -> Ask:
        channel = channels.find(session, self._rt.workspace.id, chosen.channel.id)
        ts = chosen.message.thread_ts or chosen.message.ts
        ask = asks.by_message(session, channel.id, ts) if channel else None
        if ask is None or ask.deleted_at is not None:
            raise Refusal(NOT_HERE)
        return ask

    def _channel(self, session: Session, slack_id: str) -> Channel:
        return channels.note(session, self._rt.workspace.id, slack_id)

    def joined(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        action = pressed.action
        what: Joining = "same" if action.action_id.endswith("same") else "looking"
        with self._rt.sessions.begin() as session:
            ask = asks.get(session, self._rt.workspace, number(action.value))
            is_in = actions.toggle(
                session,
                self._rt.workspace,
                ask,
                what,
                by=pressed.user.id,
                at_us=micros(action.action_ts),
                now=self._rt.clock(),
            )
            standing = actions.standing(session, ask, pressed.user.id)
            view = actions.options(
                session, ask, by=pressed.user.id, now=self._rt.clock()
            )
        ack()
        if pressed.view is not None:
            with courtesy():
                self._rt.slack.update_view(pressed.view.id, view, hash=None)
        answer(self._rt, body, actions.joined(what, is_in=is_in, standing=standing))

    def menu(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        option = pressed.action.selected_option
        what, _, ask_id = (option.value if option else "").partition(":")
        if what == "help":
            ack()
            self._explain(body, pressed)
            return
        text, drawn = self._do(pressed, what, number(ask_id))
        ack()
        if text:
            answer(self._rt, body, text, drawn)

    def _explain(self, body: dict[str, Any], pressed: Pressed) -> None:
        with self._rt.reads() as session:
            here = pressed.channel.id if pressed.channel else ""
            channel = channels.find(session, self._rt.workspace.id, here)
            text = settings.help_text(channel)
        answer(self._rt, body, text)

    def pressed(self, body: dict[str, Any], ack: Ack) -> None:
        """The same things, from a note's or a form's button."""
        pressed = Pressed.model_validate(body)
        what = pressed.action.action_id.partition("_")[2]
        text, drawn = self._do(pressed, what, number(pressed.action.value))
        ack()
        is_letter = pressed.channel is not None and pressed.channel.id.startswith("D")
        if text:
            answer(self._rt, body, text, drawn, replace=is_letter)

    def restored(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.sessions.begin() as session:
            ask = asks.get(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                or_deleted=True,
            )
            now = self._rt.clock()
            messages.reclaim(session, ask, by=pressed.user.id, now=now)
            line_ts = ask.line_ts
        ack()
        if pressed.view is not None:
            with courtesy():
                done = forms.told("Done", notes.BACK)
                self._rt.slack.update_view(pressed.view.id, done, hash=None)
            return
        # The line in the thread is drawn anew; what was for one person is replaced.
        is_line = (body.get("container") or {}).get("message_ts") == line_ts
        answer(self._rt, body, notes.BACK, replace=not is_line)

    def _do(self, pressed: Pressed, what: str, ask_id: int) -> Note:
        """Gives what to say in answer; nothing where what is shown says it."""
        facts.ensure(self._rt, people=[pressed.user.id])
        by = pressed.user.id
        at_us = micros(pressed.action.action_ts)
        with self._rt.sessions.begin() as session:
            ask = asks.get(session, self._rt.workspace, ask_id)
            now = self._rt.clock()
            view = None
            said: Note = ("", [])
            match what:
                case "close" if by == ask.asker:
                    actions.close(
                        session, ask, by=by, reason=None, at_us=at_us, now=now
                    )
                case "reopen":
                    actions.reopen(session, ask, by=by, at_us=at_us, now=now)
                    if pressed.action.action_id == "ask_reopen":
                        said = (notes.REOPENED, [])
                case "delete" if ask.is_own_message:
                    messages.disclaim(session, ask, by=by, now=now)
                    said = notes.disclaimed(ask.id)
                case "options":
                    view = actions.options(session, ask, by=by, now=now)
                case _:
                    view = actions.form(session, ask, what, by=by, now=now)
        if view is not None:
            show = (
                self._rt.slack.push_view
                if pressed.view is not None
                else self._rt.slack.open_view
            )
            show(pressed.trigger_id, view)
        elif pressed.view is not None:
            text, drawn = said
            done = forms.told("Done", text or "That's done.", *drawn[1:])
            with courtesy():
                self._rt.slack.update_view(pressed.view.id, done, hash=None)
        return said
