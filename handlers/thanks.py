"""Reactions that mean kudos, and what becomes of the messages they are on."""

from functools import partial

from sqlalchemy.orm import Session

from bot.answers.registers import Place
from bot.channels.rules import is_among
from bot.clock import micros
from bot.kudos import reactions, registers
from bot.kudos.registers import Reacted
from bot.runtime import Runtime
from handlers.payloads import Reaction
from handlers.writes import Work


class Thanks:
    """Asked by the listeners for reactions and messages: Bolt runs one for each."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def given(self, seen: Reaction, place: Place) -> Work | None:
        """What to do about a reaction; None where it has nothing to do with kudos."""
        done = Reacted(
            member=seen.user,
            channel=seen.item.channel,
            ts=seen.item.ts,
            emoji=seen.reaction,
            at_us=micros(seen.event_ts),
            is_present=seen.type == "reaction_added",
            author=self._author(seen, place),
        )
        if done.is_present:
            emoji = place.second if done.author is None else place.kudos
            is_concerned = is_among(done.emoji, emoji)
        else:
            # What it meant when it was made counts.
            with self._rt.lookups.connect() as connection:
                is_concerned = registers.is_known(connection, place.channel_id, done)
                is_concerned |= is_among(done.emoji, (*place.second, *place.kudos))
        return partial(self._react, done) if is_concerned else None

    def _author(self, seen: Reaction, place: Place) -> str | None:
        """Whom a reaction to the message thanks: who wrote it, or had it posted."""
        if place.author:
            return place.author
        is_ours = seen.item_user == self._rt.workspace.bot_user_id
        return None if is_ours else seen.item_user

    def _react(self, done: Reacted, session: Session) -> None:
        reactions.react(session, self._rt.workspace, done, now=self._rt.clock())

    def message_gone(self, channel: str, ts: str) -> Work | None:
        """What to do about a message's deletion; None where no kudos are concerned."""
        workspace = self._rt.workspace
        with self._rt.lookups.connect() as connection:
            if not registers.concerns(connection, workspace.id, channel, ts):
                return None
        return partial(self._remove, channel, ts)

    def _remove(self, channel: str, ts: str, session: Session) -> None:
        now = self._rt.clock()
        reactions.message_gone(session, self._rt.workspace, channel, ts, now=now)
