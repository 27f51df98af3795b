"""A tracked message that is an ask or an answer, or may become an ask."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.asks import emoji_rules
from bot.messages import tracked_messages
from bot.messages.lookup import TrackedTable
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Transaction
from models import Answer, Ask, Base, Channel

TABLES = (
    TrackedTable("asks", Ask, author="asker"),
    TrackedTable("answers", Answer, parent="ask_id", author="author"),
)
CHANNEL_COLUMNS = ("capture", "helpful_emoji", "solved_emoji")


@dataclass(frozen=True, slots=True)
class TrackedAskMessage:
    """A message in a known channel, with the ask that it is or that it answers, if any.

    `author` is the asker or the answer's author.
    """

    channel_id: int
    slack_channel: str
    is_capturing: bool
    helpful_emoji: Sequence[str]
    solved_emoji: Sequence[str]
    ask_id: int | None
    is_ask: bool
    answer_id: int | None
    author: str | None

    def meaning(self, emoji_name: str) -> str | None:
        """Return an emoji's meaning on the message; None if it has none.

        For a message that is no ask or answer yet, "" means any meaning.
        """
        on_ask = emoji_rules.meaning_on_ask(emoji_name, self.solved_emoji)
        on_answer = emoji_rules.meaning_on_answer(
            emoji_name, self.helpful_emoji, self.solved_emoji
        )
        if self.ask_id is None:
            return "" if on_ask or on_answer else None
        return on_ask if self.is_ask else on_answer


def is_capturing(message: TrackedMessage) -> bool:
    """Return True if members' messages become asks in the message's channel."""
    return bool(message.channel_columns["capture"] != "off")


def from_tracked(message: TrackedMessage) -> TrackedAskMessage:
    ask, answer = message.rows.get("asks"), message.rows.get("answers")
    return TrackedAskMessage(
        channel_id=message.channel_id,
        slack_channel=message.slack_channel,
        is_capturing=is_capturing(message),
        helpful_emoji=emoji_rules.helpful(message.channel_columns["helpful_emoji"]),
        solved_emoji=emoji_rules.solved(message.channel_columns["solved_emoji"]),
        ask_id=ask.id if ask else answer.parent_id if answer else None,
        is_ask=ask is not None,
        answer_id=answer.id if answer else None,
        author=(ask.author if ask else None) or (answer.author if answer else None),
    )


def in_channel(channel: Channel, ask_id: int, *, is_ask: bool) -> TrackedAskMessage:
    """Return the ask's message, or another one to which emoji mean the same."""
    return TrackedAskMessage(
        channel_id=channel.id,
        slack_channel=channel.slack_id,
        is_capturing=False,
        helpful_emoji=emoji_rules.helpful(channel.helpful_emoji),
        solved_emoji=emoji_rules.solved(channel.solved_emoji),
        ask_id=ask_id,
        is_ask=is_ask,
        answer_id=None,
        author=None,
    )


def find(tx: Transaction, slack_channel: str, ts: str) -> TrackedAskMessage | None:
    """Return what is stored about a message; None in an unknown channel."""
    message = tracked_messages.find(
        tx.session,
        tx.workspace.id,
        slack_channel,
        ts,
        TABLES,
        channel_columns=CHANNEL_COLUMNS,
    )
    return None if message is None else from_tracked(message)


def rows_to_lock(
    _session: Session, messages: Sequence[TrackedMessage]
) -> Mapping[type[Base], Collection[int]]:
    """Return the messages' channels that capture messages, and then their asks."""
    asks = {from_tracked(message).ask_id for message in messages}
    return {
        Channel: {m.channel_id for m in messages if is_capturing(m)},
        Ask: {ask_id for ask_id in asks if ask_id},
    }
