"""Replies in the threads of check-ins, and the deletion of what stands there."""

from functools import partial

from sqlalchemy.orm import Session

from bot.answers.registers import TrackedMessage
from bot.checkins import closing, replies
from bot.runtime import Runtime
from handlers.payloads import Message
from handlers.writes import BatchedChange, Step, one_by_one


class ThreadListeners:
    """Asked by the listeners for messages: Bolt runs one for each."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def on_message(self, message: Message, round_id: int) -> BatchedChange | None:
        """What to do about a message in the thread of a round, or about its first."""
        if not message.is_reply:
            return None
        return BatchedChange(one_by_one, partial(self._record_reply, message, round_id))

    def _record_reply(self, message: Message, round_id: int, session: Session) -> None:
        replies.record_reply(
            session,
            self._rt.workspace,
            round_id,
            ts=message.ts,
            author=message.user or "",
            now=self._rt.clock(),
        )

    def on_deleted(
        self,
        ts: str,
        tracked: TrackedMessage,
        thread: TrackedMessage | None,
        previous: Message | None,
    ) -> Step | None:
        """What to do about a message's deletion; None where it is none of a round.

        `place`: what we know of the message, `thread`: of the first in its thread.
        """
        if tracked.round_id is not None:
            return partial(self._on_round_deleted, tracked.round_id)
        if thread is None or thread.round_id is None:
            return None
        return partial(self._on_reply_deleted, ts, thread.round_id, previous)

    def _on_round_deleted(self, round_id: int, session: Session) -> None:
        closing.on_message_deleted(session, round_id, now=self._rt.clock())

    def _on_reply_deleted(
        self, ts: str, round_id: int, previous: Message | None, session: Session
    ) -> None:
        replies.on_reply_deleted(
            session,
            round_id,
            ts=ts,
            author=previous.user if previous is not None else None,
            now=self._rt.clock(),
        )
