"""The visibility rule: only a private channel's members see its texts and act there.

Slack's answer about a member's channels counts for an hour; later events replace it at
once. The functions here never call Slack. If the stored answer is missing or too old,
they raise `MembershipUnknown`; their caller ends the transaction, calls its `fetch`,
and runs them again.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from bot.clock import datetime_to_micros
from bot.errors import UserError
from bot.outbox.message_type import FactsUnknown
from bot.outbox.queue import Delivery
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.api import SlackError
from bot.slack.fetches import FetchMemberships
from bot.workspace import channel_members
from models import Channel, ChannelMember, Member

FRESH_FOR = timedelta(hours=1)

NOT_A_MEMBER = "That's a private channel, and you're not in it."
SLACK_UNREACHABLE = (
    "I can't reach Slack right now. Nothing was changed. Please try again."
)

# Slack's errors for members who share no channel with the bot.
_UNKNOWN_USER_ERRORS = {"user_not_found", "user_not_visible", "user_not_in_channel"}


class MembershipUnknown(FactsUnknown):
    """The caller has to fetch a member's private channels, and try again."""

    method = FetchMemberships.method

    def __init__(
        self,
        member: str,
        channel_ids: Collection[int],
        *,
        includes_public: bool = False,
    ) -> None:
        super().__init__("it is not known who is in a private channel")
        self.member = member
        # Ids of the rows of the channels in question: private ones, if not
        # `includes_public`.
        self.channel_ids = frozenset(channel_ids)
        self.includes_public = includes_public

    def fetch(self, rt: Runtime, workspace: Workspace, *, is_urgent: bool) -> None:
        called_at = rt.clock()
        slack = rt.slack_of(workspace)
        list_channels = (
            slack.conversations_of
            if self.includes_public
            else slack.private_conversations_of
        )
        try:
            slack_ids = list(list_channels(self.member, is_urgent=is_urgent))
        except SlackError as error:
            if error.code not in _UNKNOWN_USER_ERRORS:
                raise
            slack_ids = []
        with rt.write(workspace) as tx:
            joined = tx.session.scalars(
                select(Channel.id).where(
                    Channel.installation_id == tx.workspace.id,
                    Channel.slack_id.in_(slack_ids),
                )
            ).all()
            memberships = dict.fromkeys(self.channel_ids, False)
            memberships |= dict.fromkeys(joined, True)
            channel_members.record(tx, self.member, memberships, at=called_at)


class PeopleUnknown(MembershipUnknown):
    """The caller has to fetch who of several people is in a channel, and try again."""

    method = "conversations.members"

    def __init__(self, channel: Channel, people: Collection[str]) -> None:
        super().__init__("", [channel.id])
        self.slack_channel = channel.slack_id
        self.people = frozenset(people)

    def fetch(self, rt: Runtime, workspace: Workspace, *, is_urgent: bool) -> None:  # noqa: ARG002 - one or two calls in any case
        called_at = rt.clock()
        present = {*rt.slack_of(workspace).conversation_members(self.slack_channel)}
        with rt.write(workspace) as tx:
            for member in sorted(self.people):
                memberships = dict.fromkeys(self.channel_ids, member in present)
                channel_members.record(tx, member, memberships, at=called_at)


# Apart from the query's own, if it has any.
_MEMBERSHIP = aliased(ChannelMember)


def visible(member: str, *, now: datetime) -> ColumnElement[bool]:
    """Return the rule as a condition on `Channel`. If unknown, a channel is hidden."""
    is_in = exists().where(
        _MEMBERSHIP.channel_id == Channel.id,
        _MEMBERSHIP.member == member,
        _MEMBERSHIP.is_member.is_(True),
        _MEMBERSHIP.event_micros.between(*_fresh_range(now)),
    )
    return or_(Channel.is_private.is_(False), is_in)


def visible_channels(
    tx: Transaction, channels: Iterable[Channel], member: str
) -> set[int]:
    """Return the row ids of those of the channels whose texts the member may see.

    Raises MembershipUnknown.
    """
    is_private_by_id = {channel.id: channel.is_private for channel in channels}
    private = [
        channel_id for channel_id, is_private in is_private_by_id.items() if is_private
    ]
    if not private:
        return set(is_private_by_id)
    known = {
        row.channel_id: row.is_member
        for row in tx.session.execute(
            select(ChannelMember.channel_id, ChannelMember.is_member).where(
                ChannelMember.channel_id.in_(private),
                ChannelMember.member == member,
                ChannelMember.event_micros.between(*_fresh_range(tx.now)),
            )
        )
    }
    if missing := set(private) - known.keys():
        raise MembershipUnknown(member, missing)
    return {
        channel_id for channel_id in is_private_by_id if known.get(channel_id, True)
    }


def can_see(tx: Transaction, channel: Channel, member: str) -> bool:
    """Return True if the member may see the channel's texts.

    Raises MembershipUnknown.
    """
    return channel.id in visible_channels(tx, [channel], member)


def can_read(tx: Transaction, channel: Channel, member: str) -> bool:
    """Return True if the channel is one of `readable_channels`, without the others.

    Raises MembershipUnknown.
    """
    person = _active_profile(tx, member)
    if person is None:
        return False
    if not person.is_guest:
        return can_see(tx, channel, member)
    is_in = is_member(tx, channel, member)
    if is_in is None:
        raise MembershipUnknown(member, [channel.id], includes_public=True)
    return is_in


def sees(
    quoted_channels: Callable[[Transaction, Delivery], Collection[int]],
) -> Callable[[Transaction, Delivery], bool]:
    """Return a function that checks whether the recipient may see all quoted texts.

    `quoted_channels` returns the row ids of the channels that a message quotes from.
    The check raises MembershipUnknown.
    """

    def check(tx: Transaction, delivery: Delivery) -> bool:
        quoted = [
            tx.session.get_one(Channel, channel_id)
            for channel_id in quoted_channels(tx, delivery)
        ]
        visible_ids = visible_channels(tx, quoted, delivery.recipient)
        return all(channel.id in visible_ids for channel in quoted)

    return check


def may_quote(source: Channel, target: Channel) -> bool:
    """Return True if everyone in `target` may see texts from `source`."""
    return source.id == target.id or not (source.is_private or target.is_shared)


def is_known_to_see(tx: Transaction, channel: Channel, member: str) -> bool:
    """Return True if the member is known to see the channel, without asking Slack."""
    query = select(Channel.id).where(
        Channel.id == channel.id, visible(member, now=tx.now)
    )
    return tx.session.scalar(query) is not None


def is_member(tx: Transaction, channel: Channel, member: str) -> bool | None:
    """Return True if the member is in a channel, even a public one; None if unknown."""
    return tx.session.scalar(
        select(ChannelMember.is_member).where(
            ChannelMember.channel_id == channel.id,
            ChannelMember.member == member,
            ChannelMember.event_micros.between(*_fresh_range(tx.now)),
        )
    )


def people_in(tx: Transaction, channel: Channel, people: Collection[str]) -> set[str]:
    """Return those of the people who are in a channel. Raises PeopleUnknown."""
    known = {
        row.member: row.is_member
        for row in tx.session.execute(
            select(ChannelMember.member, ChannelMember.is_member).where(
                ChannelMember.channel_id == channel.id,
                ChannelMember.member.in_(people),
                ChannelMember.event_micros.between(*_fresh_range(tx.now)),
            )
        )
    }
    if {*people} - known.keys():
        raise PeopleUnknown(channel, people)
    return {member for member, is_in in known.items() if is_in}


def require_visible(
    tx: Transaction,
    channel: Channel,
    member: str,
    *,
    message: str = NOT_A_MEMBER,
    field: str | None = None,
) -> None:
    """Raise UserError if they are not in a private channel, or MembershipUnknown."""
    if not can_see(tx, channel, member):
        raise UserError(message, field=field)


def _fresh_range(now: datetime) -> tuple[int, int]:
    """Return the bounds of fresh event times, in microseconds.

    Times ahead of ours count, too: Slack's clock may be ahead, and ours may have been
    set back.
    """
    return datetime_to_micros(now - FRESH_FOR), datetime_to_micros(now + FRESH_FOR)


_ACTIVE_PROFILE = select(Member.is_guest).where(
    Member.installation_id == bindparam("installation_id"),
    Member.slack_id == bindparam("member"),
    Member.fetched_at.is_not(None),
    Member.is_external.is_(False),
    Member.is_bot.is_(False),
    Member.is_deactivated.is_(False),
)


def _active_profile(tx: Transaction, member: str) -> Row[bool] | None:
    """Return `is_guest` of a member or guest; None for all others."""
    values = {"installation_id": tx.workspace.id, "member": member}
    return tx.session.execute(_ACTIVE_PROFILE, values).first()


_CHANNELS_AND_MEMBERSHIP = (
    select(Channel.id, Channel.is_private, Channel.is_archived, ChannelMember.is_member)
    .outerjoin(
        ChannelMember,
        (ChannelMember.channel_id == Channel.id)
        & (ChannelMember.member == bindparam("member"))
        & ChannelMember.event_micros.between(bindparam("since"), bindparam("until")),
    )
    .where(
        Channel.installation_id == bindparam("installation_id"),
        # The bot leaves an archived channel, whose texts can still be read.
        Channel.is_joined.is_(True) | Channel.is_archived.is_(True),
    )
)


def readable_channels(
    tx: Transaction, member: str, *, is_exact: bool = False
) -> frozenset[int]:
    """Return the row ids of the channels whose texts the member may see.

    Full members may see public channels and the private ones that they are in; guests
    the channels that they are in; external members, bots and former members none. An
    unknown membership counts as none; with `is_exact` it raises MembershipUnknown.
    """
    person = _active_profile(tx, member)
    if person is None:
        return frozenset()
    since, until = _fresh_range(tx.now)
    values = {
        "installation_id": tx.workspace.id,
        "member": member,
        "since": since,
        "until": until,
    }
    rows = tx.session.execute(_CHANNELS_AND_MEMBERSHIP, values).all()
    limited = [row for row in rows if row.is_private or person.is_guest]
    unknown = [row.id for row in limited if row.is_member is None]
    if is_exact and unknown:
        raise MembershipUnknown(member, unknown, includes_public=person.is_guest)
    hidden = {row.id for row in limited if not row.is_member}
    return frozenset(row.id for row in rows if row.id not in hidden)
