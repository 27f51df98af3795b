"""The Slack messages that we track, and the locks of their channels."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from bot.db.statements import table
from bot.messages import lookup
from bot.messages.lookup import MessageKey
from bot.workspace import reaction_emoji
from models import Ask, Channel

_channels, _asks = table(Channel), table(Ask)


_LOCK_CHANNELS = (
    select(_channels.c.id)
    .where(_channels.c.id.in_(bindparam("channel_ids", expanding=True)))
    .order_by(_channels.c.id)
    .with_for_update(key_share=True)
)


@dataclass(frozen=True, slots=True)
class TrackedMessage:
    """Where something happened, and what we know of that message."""

    channel_id: int
    slack_channel: str
    is_capturing: bool
    helpful_emoji: tuple[str, ...]
    solved_emoji: tuple[str, ...]
    # On a kudos message; on a person's.
    join_emoji: tuple[str, ...]
    kudos_emoji: tuple[str, ...]
    # The ask that the message belongs to, as its answer or as the ask itself.
    ask_id: int | None
    is_ask: bool
    answer_id: int | None
    author: str | None
    # The round of a check-in whose message it is.
    round_id: int | None = None

    def meaning(self, emoji_name: str) -> str | None:
        """What an emoji on the message means; "" until we know what the message is."""
        on_ask = reaction_emoji.meaning_on_ask(emoji_name, self.solved_emoji)
        on_answer = reaction_emoji.meaning_on_answer(
            emoji_name, self.helpful_emoji, self.solved_emoji
        )
        if self.ask_id is None:
            return "" if on_ask or on_answer else None
        return on_ask if self.is_ask else on_answer

    def unknown(self) -> "TrackedMessage":
        """The same channel, with a message of which nothing is known."""
        return replace(
            self, ask_id=None, is_ask=False, answer_id=None, author=None, round_id=None
        )


def find_all(
    session: Session | Connection, installation_id: int, keys: Iterable[MessageKey]
) -> dict[MessageKey, TrackedMessage]:
    """What we know of messages; nothing of those in channels that we don't know."""
    places: dict[MessageKey, TrackedMessage] = {}
    unknown: dict[str, TrackedMessage] = {}
    wanted = set(keys)
    for channel, ts, *row in lookup.fetch_rows(session, installation_id, wanted):
        place = places[channel, ts] = _from_row(row, channel)
        if channel not in unknown:
            unknown[channel] = place.unknown()
    for message in wanted - places.keys():
        channel = message[0]
        if channel in unknown:
            places[message] = unknown[channel]
    return places


def find(
    session: Session | Connection, installation_id: int, slack_channel: str, ts: str
) -> TrackedMessage | None:
    """What we know of a message; None in a channel that we don't know."""
    message = (slack_channel, ts)
    return find_all(session, installation_id, [message]).get(message)


def _from_row(row: Sequence[Any], slack_channel: str) -> TrackedMessage:
    channel_id, capture, helpful, solved, second, kudos, *of_message = row
    ask_id, asker, answer_id, of_ask, author, round_id = of_message
    return TrackedMessage(
        channel_id=channel_id,
        slack_channel=slack_channel,
        is_capturing=capture != "off",
        helpful_emoji=reaction_emoji.DEFAULT_HELPFUL
        if helpful is None
        else tuple(helpful),
        solved_emoji=reaction_emoji.DEFAULT_SOLVED if solved is None else tuple(solved),
        join_emoji=reaction_emoji.DEFAULT_JOIN if second is None else tuple(second),
        kudos_emoji=tuple(kudos or ()),
        ask_id=ask_id or of_ask,
        is_ask=ask_id is not None,
        answer_id=answer_id,
        author=asker or author,
        round_id=round_id,
    )


def lock_channel(session: Session, channel_id: int) -> None:
    """Let one transaction at a time decide what belongs to an ask in the channel.

    A reply or a reaction looks for its ask, an ask for its replies and reactions:
    two that look at once would miss each other. To be called before looking.
    """
    lock_channels(session, [channel_id])


def lock_channels(session: Session, channel_ids: Collection[int]) -> None:
    if channel_ids:
        session.execute(_LOCK_CHANNELS, {"channel_ids": list(channel_ids)})


# A reply that reaches us later than this may have been reacted to before.
SYNC_THREAD_IF_OLDER_THAN = timedelta(seconds=1)
