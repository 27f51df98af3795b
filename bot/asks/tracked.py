"""A tracked message that is an ask or an answer, or may become an ask."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.asks import outcomes
from bot.messages import tracked_messages
from bot.messages.lookup import TrackedTable
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Transaction
from bot.workspace import reaction_emoji
from models import Answer, Ask

TABLES = (
    TrackedTable("asks", Ask, author="asker"),
    TrackedTable("answers", Answer, parent="ask_id", author="author"),
)


@dataclass(frozen=True, slots=True)
class TrackedAskMessage:
    """A message in a known channel, with the ask that it is or that it answers, if any.

    `author` is the asker or the answer's author.
    """

    channel_id: int
    slack_channel: str
    is_capturing: bool
    helpful_emoji: tuple[str, ...]
    solved_emoji: tuple[str, ...]
    ask_id: int | None
    is_ask: bool
    answer_id: int | None
    author: str | None

    def meaning(self, emoji_name: str) -> str | None:
        """Return an emoji's meaning on the message; None if it has none.

        For a message that is no ask or answer yet, "" means any meaning.
        """
        on_ask = reaction_emoji.meaning_on_ask(emoji_name, self.solved_emoji)
        on_answer = reaction_emoji.meaning_on_answer(
            emoji_name, self.helpful_emoji, self.solved_emoji
        )
        if self.ask_id is None:
            return "" if on_ask or on_answer else None
        return on_ask if self.is_ask else on_answer


def from_tracked(message: TrackedMessage) -> TrackedAskMessage:
    ask, answer = message.rows.get("asks"), message.rows.get("answers")
    return TrackedAskMessage(
        channel_id=message.channel_id,
        slack_channel=message.slack_channel,
        is_capturing=message.is_capturing,
        helpful_emoji=message.helpful_emoji,
        solved_emoji=message.solved_emoji,
        ask_id=ask.id if ask else answer.parent_id if answer else None,
        is_ask=ask is not None,
        answer_id=answer.id if answer else None,
        author=(ask.author if ask else None) or (answer.author if answer else None),
    )


def find(tx: Transaction, slack_channel: str, ts: str) -> TrackedAskMessage | None:
    """Return what is stored about a message; None in an unknown channel."""
    message = tracked_messages.find(
        tx.session, tx.workspace.id, slack_channel, ts, TABLES
    )
    return None if message is None else from_tracked(message)


def lock(session: Session, messages: Sequence[TrackedMessage]) -> None:
    """Lock the messages' channels that capture messages, and then their asks."""
    tracked_messages.lock_channels(
        session, {message.channel_id for message in messages if message.is_capturing}
    )
    asks = {from_tracked(message).ask_id for message in messages}
    outcomes.lock_all(session, {ask_id for ask_id in asks if ask_id})
