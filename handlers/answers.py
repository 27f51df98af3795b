"""Messages and reactions: what people do with asks without knowing the bot."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from slack_bolt import App
from sqlalchemy.orm import Session

from bot.answers import registers
from bot.answers import service as answers
from bot.answers.registers import Place
from bot.answers.rules import is_thanks
from bot.answers.service import Reacted, Said
from bot.asks import actions, messages
from bot.asks import service as asks
from bot.asks.rules import is_enough
from bot.channels import rules as channel_rules
from bot.channels import service as channels
from bot.channels.rules import is_question
from bot.clock import micros
from bot.home import service as home
from bot.runtime import Runtime
from bot.text import plain
from handlers import outsiders
from handlers.payloads import (
    Changed,
    Deleted,
    InChannel,
    Message,
    MessageEvent,
    Reaction,
)
from handlers.phrases import HELP, phrase
from handlers.replies import Replies
from handlers.thanks import Thanks
from handlers.writes import Change, Work, Write, each


def register(bolt: App, rt: Runtime) -> None:
    listeners = Listeners(rt)
    # Bolt asks one listener after another, and there are more messages than reactions.
    bolt.event("message")(listeners.message)
    bolt.event("reaction_added")(listeners.reacted)
    bolt.event("reaction_removed")(listeners.reacted)


class Listeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._thanks = Thanks(rt)
        self._replies = Replies(rt)

    def reacted(self, event: dict[str, Any]) -> Write | None:
        match event:
            case {"item": {"type": "message"}, "user": _}:
                seen = Reaction.model_validate(event)
            case _:
                return None
        # The bot's own reactions show a state; they mark nothing.
        if seen.user == self._rt.workspace.bot_user_id:
            return None
        return Write(partial(self._mark, seen), (seen.item.channel, seen.item.ts))

    def _mark(self, seen: Reaction, place: Place | None) -> Change | None:
        if place is None:
            return None
        mark = self._helps(seen, place)
        thanks = self._thanks.given(seen, place)
        if thanks is None:
            return None if mark is None else Change(self._react, mark)
        marks = [] if mark is None else [mark]
        return Change(each, partial(self._mark_and_thank, marks, thanks))

    def _mark_and_thank(
        self,
        marks: Sequence[tuple[Place, Reacted]],
        thanks: Work,
        session: Session,
    ) -> None:
        if marks:
            self._react(session, marks)
        thanks(session)

    def _helps(self, seen: Reaction, place: Place) -> tuple[Place, Reacted] | None:
        if place.ask_id is None and not place.is_capturing:
            return None
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
            return None
        return place, done

    def _react(
        self, session: Session, reacted: Sequence[tuple[Place, Reacted]]
    ) -> None:
        answers.react_all(session, self._rt.workspace, reacted, now=self._rt.clock())

    def message(self, event: dict[str, Any]) -> Write | None:
        match event.get("subtype"):
            case "message_changed":
                return self._changed(Changed.model_validate(event))
            case "message_deleted":
                deleted = Deleted.model_validate(event)
                return self._gone(
                    deleted.channel, deleted.deleted_ts, deleted.previous_message
                )
            case "channel_convert_to_private" | "channel_convert_to_public" as turned:
                is_private = turned == "channel_convert_to_private"
                channel = InChannel.model_validate(event).channel
                return Write(
                    lambda: Change(each, partial(self._turn, channel, is_private))
                )
            case _ if answers.is_by_human(event, self._rt.workspace):
                return self._said(MessageEvent.model_validate(event))
        return None

    def _said(self, said: MessageEvent) -> Write:
        if said.channel_type == "im":
            return Write(lambda: Change(each, partial(self._help, said)))
        outsiders.learn_from(self._rt, said.user, said.whose)
        self._rt.tally.count(said.channel, said.user or "", said.ts)
        return Write(
            partial(self._hear, said),
            (said.channel, said.thread_ts or said.ts),
            tells=(said.channel, said.ts),
        )

    def _hear(self, said: MessageEvent, place: Place | None) -> Change | None:
        if place is not None and place.round_id is not None:
            return self._replies.said(said, place.round_id)
        if place is None or not (place.is_ask or place.is_capturing):
            return None
        if place.ask_id is None or place.is_capturing or not said.is_reply:
            return Change(each, partial(self._record, place, said))
        author = said.user or ""
        if author != place.author:
            return Change(self._reply, Said(place, place.ask_id, said.ts, author))
        if is_thanks(said.text):
            return Change(each, partial(self._record, place, said))
        return None

    def _reply(self, session: Session, replies: Sequence[Said]) -> None:
        answers.reply_all(session, self._rt.workspace, replies, now=self._rt.clock())

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
                actions.offer_to_mark(session, ask, now=now)
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
            messages.capture(
                session,
                self._rt.workspace,
                channel,
                ts=said.ts,
                author=author,
                text=said.text,
                now=now,
            )

    def _changed(self, changed: Changed) -> Write | None:
        message, before = changed.message, changed.previous_message
        if message.subtype == "tombstone":
            # What remains of a deleted message that has replies.
            return self._gone(changed.channel, message.ts, message)
        if not answers.is_by_human(message.model_dump(), self._rt.workspace):
            return None
        if before is not None and before.text == message.text:
            # An unfurl, a detected language, a reply counted: nothing was edited.
            return None
        outsiders.learn_from(self._rt, message.user, message.whose)
        about = (changed.channel, message.ts)
        return Write(partial(self._follow, changed), about, tells=about)

    def _follow(self, changed: Changed, place: Place | None) -> Change | None:
        if place is None or not (place.is_ask or place.is_capturing):
            return None
        return Change(each, partial(self._reword, place, changed))

    def _reword(self, place: Place, changed: Changed, session: Session) -> None:
        message, now = changed.message, self._rt.clock()
        if place.is_capturing:
            registers.hold_channel(session, place.channel_id)
        ask = asks.by_message(session, place.channel_id, message.ts)
        if ask is not None:
            if ask.is_own_message:
                at_us = micros(changed.event_ts)
                messages.reword(session, ask, message.text, at_us=at_us)
            return
        channel = channels.note(session, self._rt.workspace.id, changed.channel)
        if channel_rules.makes_ask(
            channel.capture,
            ts=message.ts,
            thread_ts=message.thread_ts,
            text=message.text,
        ):
            captured = messages.capture(
                session,
                self._rt.workspace,
                channel,
                ts=message.ts,
                author=message.user or "",
                text=message.text,
                now=now,
            )
            if captured is not None:
                captured.edited_us = micros(changed.event_ts)
                # It may be old, and its thread of a time when nothing was kept.
                answers.read_thread(session, captured, channel, now=now)

    def _gone(self, channel: str, ts: str, was: Message | None) -> Write:
        thread_ts = was.thread_ts if was is not None and was.is_reply else None
        about = [(channel, ts)] + ([(channel, thread_ts)] if thread_ts else [])

        def decide(place: Place | None, thread: Place | None = None) -> Change | None:
            is_in_ask = thread is not None and thread.is_ask
            if place is None:
                return None
            thanks = self._thanks.message_gone(channel, ts)
            reply_gone = self._replies.gone(ts, place, thread, was)
            if reply_gone is not None:
                return Change(each, partial(both, thanks, reply_gone))
            if not (place.ask_id or is_in_ask or place.is_capturing):
                return None if thanks is None else Change(each, thanks)
            return Change(each, partial(take_away, place, thanks))

        def both(thanks: Work | None, reply_gone: Work, session: Session) -> None:
            if thanks is not None:
                thanks(session)
            reply_gone(session)

        def take_away(place: Place, thanks: Work | None, session: Session) -> None:
            if thanks is not None:
                thanks(session)
            if place.is_capturing:
                registers.hold_channel(session, place.channel_id)
            messages.message_gone(
                session,
                self._rt.workspace,
                channel,
                ts=ts,
                thread_ts=thread_ts,
                author=was.user if was is not None else None,
                now=self._rt.clock(),
            )

        return Write(decide, *about, tells=(channel, ts))

    def _turn(self, channel: str, is_private: bool, session: Session) -> None:
        """A channel was made private, or public: Slack says so by a message only."""
        channels.change(session, self._rt.workspace.id, channel, is_private=is_private)

    def _help(self, said: MessageEvent, session: Session) -> None:
        home.answer_message(
            session,
            self._rt.workspace,
            member=said.user or "",
            ts=said.ts,
            reply=_reply_to(said.text),
            now=self._rt.clock(),
        )


def _reply_to(text: str) -> home.Reply:
    if phrase(plain(text)) in HELP:
        return "help"
    if not is_enough(text) or (is_thanks(text) and not is_question(text)):
        return "line"
    return "ask"
