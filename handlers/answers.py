"""Messages and reactions: what people do with asks without knowing the bot."""

from functools import partial
from typing import Any

from slack_bolt import App
from sqlalchemy.orm import Session

from bot.answers import registers
from bot.answers import service as answers
from bot.answers.registers import Place
from bot.answers.rules import is_thanks
from bot.answers.service import Reacted
from bot.asks import actions
from bot.asks import service as asks
from bot.channels import rules as channel_rules
from bot.channels import service as channels
from bot.clock import micros
from bot.home import service as home
from bot.runtime import Runtime
from handlers.payloads import Changed, Deleted, Message, MessageEvent, Reaction


def register(bolt: App, rt: Runtime) -> None:
    listeners = Listeners(rt)
    # Bolt asks one listener after another, and there are more messages than reactions.
    bolt.event("message")(listeners.message)
    bolt.event("reaction_added")(listeners.reacted)
    bolt.event("reaction_removed")(listeners.reacted)


class Listeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def reacted(self, event: dict[str, Any]) -> None:
        if (event.get("item") or {}).get("type") != "message" or "user" not in event:
            return
        seen = Reaction.model_validate(event)
        # The bot's own reactions show a state; they mark nothing.
        if seen.user == self._rt.workspace.bot_user_id:
            return
        place = self._locate(seen.item.channel, seen.item.ts)
        if place is None or (place.ask_id is None and not place.is_capturing):
            return
        done = Reacted(
            member=seen.user,
            channel=seen.item.channel,
            ts=seen.item.ts,
            emoji=seen.reaction,
            at_us=micros(seen.event_ts),
            is_present=seen.type == "reaction_added",
        )
        # A mark may be taken back although its emoji means nothing any more.
        if done.is_present and place.meaning(done.emoji) is None:
            return
        self._rt.write(
            lambda session: answers.react(
                session, self._rt.workspace, place, done, now=self._rt.clock()
            )
        )

    def message(self, event: dict[str, Any]) -> None:
        match event.get("subtype"):
            case "message_changed":
                self._changed(Changed.model_validate(event))
            case "message_deleted":
                self._deleted(Deleted.model_validate(event))
            case _ if answers.is_by_human(event, self._rt.workspace):
                self._said(MessageEvent.model_validate(event))

    def _said(self, said: MessageEvent) -> None:
        if said.channel_type == "im":
            self._said_to_bot(said)
            return
        place = self._locate(said.channel, said.thread_ts or said.ts)
        if place is None or not (place.is_ask or place.is_capturing):
            return
        self._rt.write(partial(self._record, place, said))

    def _record(self, place: Place, said: MessageEvent, session: Session) -> None:
        now = self._rt.clock()
        if place.is_capturing:
            registers.hold_channel(session, place.channel_id)
        # Look again: the ask may have come meanwhile.
        ask = asks.by_message(session, place.channel_id, said.thread_ts or said.ts)
        author = said.user or ""
        if ask is not None:
            if ask.deleted_at is not None:
                return
            if said.is_reply and author == ask.asker and is_thanks(said.text):
                actions.offer_to_solve(session, ask, now=now)
            elif said.is_reply:
                answers.reply(
                    session,
                    self._rt.workspace,
                    ask,
                    ts=said.ts,
                    author=author,
                    now=now,
                )
            return
        channel = channels.note(session, self._rt.workspace.id, said.channel)
        if said.is_reply:
            registers.sight(
                session,
                channel_id=channel.id,
                ts=said.ts,
                thread_ts=said.thread_ts,
                author=author,
                now=now,
            )
        elif channel_rules.makes_ask(
            channel.capture, ts=said.ts, thread_ts=said.thread_ts, text=said.text
        ):
            asks.capture(
                session,
                self._rt.workspace,
                channel,
                ts=said.ts,
                author=author,
                text=said.text,
                now=now,
            )

    def _changed(self, change: Changed) -> None:
        message = change.message
        if message.subtype == "tombstone":
            # What remains of a deleted message that has replies.
            self._gone(change.channel, message.ts, message)
            return
        place = self._locate(change.channel, message.ts)
        if place is None or not (place.is_ask or place.is_capturing):
            return
        if not answers.is_by_human(message.model_dump(), self._rt.workspace):
            return
        before = change.previous_message
        if before is not None and before.text == message.text:
            # An unfurl, a detected language, a reply counted: nothing was edited.
            return
        with self._rt.sessions.begin() as session:
            now = self._rt.clock()
            if place.is_capturing:
                registers.hold_channel(session, place.channel_id)
            ask = asks.by_message(session, place.channel_id, message.ts)
            if ask is not None:
                if ask.is_own_message:
                    asks.reword(
                        session, ask, message.text, at_us=micros(change.event_ts)
                    )
                return
            channel = channels.note(session, self._rt.workspace.id, change.channel)
            if channel_rules.makes_ask(
                channel.capture,
                ts=message.ts,
                thread_ts=message.thread_ts,
                text=message.text,
            ):
                captured = asks.capture(
                    session,
                    self._rt.workspace,
                    channel,
                    ts=message.ts,
                    author=message.user or "",
                    text=message.text,
                    now=now,
                )
                if captured is not None:
                    captured.edited_us = micros(change.event_ts)
                    # It may be old, and its thread of a time when nothing was kept.
                    answers.read_thread(session, captured, channel, now=now)

    def _deleted(self, deleted: Deleted) -> None:
        self._gone(deleted.channel, deleted.deleted_ts, deleted.previous_message)

    def _gone(self, channel: str, ts: str, was: Message | None) -> None:
        thread_ts = was.thread_ts if was is not None and was.is_reply else None
        place = self._locate(channel, ts)
        thread = self._locate(channel, thread_ts) if thread_ts else None
        is_in_ask = thread is not None and thread.is_ask
        if place is None or not (place.ask_id or is_in_ask or place.is_capturing):
            return
        with self._rt.sessions.begin() as session:
            if place.is_capturing:
                registers.hold_channel(session, place.channel_id)
            asks.message_gone(
                session,
                self._rt.workspace,
                channel,
                ts=ts,
                thread_ts=thread_ts,
                author=was.user if was is not None else None,
                now=self._rt.clock(),
            )

    def _said_to_bot(self, said: MessageEvent) -> None:
        with self._rt.sessions.begin() as session:
            home.answer_message(
                session,
                self._rt.workspace,
                member=said.user or "",
                ts=said.ts,
                now=self._rt.clock(),
            )

    def _locate(self, channel: str, ts: str) -> Place | None:
        with self._rt.lookups.connect() as connection:
            return registers.locate(connection, self._rt.workspace.id, channel, ts)
