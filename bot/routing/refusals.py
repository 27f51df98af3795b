"""Members' own view of requests: how many came, and the channels they refuse."""

from collections.abc import Iterator, Sequence

from sqlalchemy import delete, exists, func, or_, select

from bot.db.statements import upsert
from bot.errors import UserError
from bot.routing.rules import FRESH_FOR
from bot.runtime import Transaction
from bot.workspace import visibility
from models import Answer, Channel, HelpRequest, RefusedChannel

# The length of all refused channels in the settings form.
MAX_LENGTH = 1000
FULL = "You have refused a lot. Remove some in My settings first."


def describe_requests(tx: Transaction, member: str) -> str:
    """Return how often the member was asked and looked, for themselves only."""
    has_answered = exists().where(
        Answer.ask_id == HelpRequest.ask_id,
        Answer.author == HelpRequest.member,
        Answer.is_deleted.is_(False),
    )
    has_looked = or_(HelpRequest.outcome.in_(("helping", "declined")), has_answered)
    row = tx.session.execute(
        select(func.count(), func.count().filter(has_looked)).where(
            HelpRequest.installation_id == tx.workspace.id,
            HelpRequest.member == member,
            HelpRequest.requested_at > tx.now - FRESH_FOR,
        )
    ).one()
    count, looked = row
    if not count:
        return "I haven't asked you in the last 4 weeks."
    return (
        f"You were asked {_times(count)} in the last 4 weeks, and looked"
        f" {_times(looked)}."
    )


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{count} times"


def refuse_channel(tx: Transaction, channel: Channel, member: str) -> None:
    """Refuse a channel. Raises UserError if the settings form could not show it."""
    names = {*channel_names(tx, member), channel.name}
    if len(", ".join(names)) > MAX_LENGTH:
        raise UserError(FULL)
    tx.session.execute(
        upsert(tx.session, RefusedChannel)
        .values(channel_id=channel.id, member=member, refused_at=tx.now)
        .on_conflict_do_nothing()
    )


def channel_names(tx: Transaction, member: str) -> Sequence[str]:
    """Return the names of refused channels, without private ones they can't see."""
    return sorted(channel.name for channel in _refused(tx, member))


def set_channel_names(tx: Transaction, member: str, names: Sequence[str]) -> None:
    """Refuse these channels; others that the member can see may ask them again.

    Raises UserError.
    """
    refused = {channel.name: channel for channel in _refused(tx, member)}
    for name in names:
        if name in refused:
            continue
        channel = next(_visible(tx, member, name), None)
        if channel is None:
            raise UserError(f"I don't know #{name}.", field="refused_channels")
        refuse_channel(tx, channel, member)
    removed = [channel.id for name, channel in refused.items() if name not in names]
    tx.session.execute(
        delete(RefusedChannel).where(
            RefusedChannel.member == member, RefusedChannel.channel_id.in_(removed)
        )
    )


def _refused(tx: Transaction, member: str) -> Sequence[Channel]:
    return tx.session.scalars(
        select(Channel)
        .join(RefusedChannel, RefusedChannel.channel_id == Channel.id)
        .where(
            Channel.installation_id == tx.workspace.id,
            RefusedChannel.member == member,
            visibility.visible(member, now=tx.now),
        )
        .order_by(Channel.id)
    ).all()


def _visible(tx: Transaction, member: str, name: str) -> Iterator[Channel]:
    yield from tx.session.scalars(
        select(Channel)
        .where(
            Channel.installation_id == tx.workspace.id,
            Channel.name == name,
            Channel.is_joined.is_(True),
            visibility.visible(member, now=tx.now),
        )
        .order_by(Channel.id)
    )
