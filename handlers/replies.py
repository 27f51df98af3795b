"""Replies in the threads of check-ins, and the deletion of what stands there."""

from functools import partial

from sqlalchemy.orm import Session

from bot.answers.registers import Place
from bot.checkins import closing, replies
from bot.runtime import Runtime
from handlers.payloads import Message
from handlers.writes import Change, Work, each


class Replies:
    """Asked by the listeners for messages: Bolt runs one for each."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def said(self, said: Message, round_id: int) -> Change | None:
        """What to do about a message in the thread of a round, or about its first."""
        if not said.is_reply:
            return None
        return Change(each, partial(self._hear, said, round_id))

    def _hear(self, said: Message, round_id: int, session: Session) -> None:
        replies.hear(
            session,
            self._rt.workspace,
            round_id,
            ts=said.ts,
            author=said.user or "",
            now=self._rt.clock(),
        )

    def gone(
        self, ts: str, place: Place, thread: Place | None, was: Message | None
    ) -> Work | None:
        """What to do about a message's deletion; None where it is none of a round.

        `place`: what we know of the message, `thread`: of the first in its thread.
        """
        if place.round_id is not None:
            return partial(self._end, place.round_id)
        if thread is None or thread.round_id is None:
            return None
        return partial(self._take_away, ts, thread.round_id, was)

    def _end(self, round_id: int, session: Session) -> None:
        closing.message_gone(session, round_id, now=self._rt.clock())

    def _take_away(
        self, ts: str, round_id: int, was: Message | None, session: Session
    ) -> None:
        replies.gone(
            session,
            round_id,
            ts=ts,
            author=was.user if was is not None else None,
            now=self._rt.clock(),
        )
