"""Actions of the outbox that open groups and channels, and let people in and out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from bot.slack.api import Rejected, SlackApi
from bot.slack.text import is_erased


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """Open the direct messages of a group with the bot. It can be repeated."""

    method: ClassVar[str] = "conversations.open"

    members: Sequence[str]

    def send(self, api: SlackApi, _metadata_token: str) -> str:
        """Return the conversation's id."""
        return api.open_group(self.members)


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """Make a private channel, and bring people into it. It can be repeated."""

    method: ClassVar[str] = "conversations.create"

    name: str
    # The bot's id as a person in Slack.
    creator: str
    members: Sequence[str]

    def send(self, api: SlackApi, _metadata_token: str) -> "ChannelPeople":
        channel = api.open_channel(self.name, creator=self.creator)
        people = _invite(api, channel, self.members)
        if not people.invited:
            # A channel without anyone is of no use.
            raise Rejected(self.method, "cant_invite")
        return people


@dataclass(frozen=True, slots=True)
class ChannelPeople:
    """Those whom the bot brought into a channel or took out, and whom Slack refused."""

    channel: str
    invited: Sequence[str]
    refused: Sequence[str]
    removed: Sequence[str]


def _invite(
    api: SlackApi, channel: str, members: Sequence[str], *, removed: Sequence[str] = ()
) -> ChannelPeople:
    invited = api.invite(channel, members) if members else ()
    refused = [each for each in members if each not in invited]
    return ChannelPeople(channel, invited, refused, removed)


@dataclass(frozen=True, slots=True)
class SetChannelMembers:
    """Bring people into a channel, and take others out of it. It can be repeated.

    `removed` may name people by their pseudonyms: then those `erased` members who are
    in the channel are taken out.
    """

    method: ClassVar[str] = "conversations.invite"

    channel: str
    invited: Sequence[str]
    removed: Sequence[str]
    erased: frozenset[str] = frozenset()

    def send(self, api: SlackApi, _metadata_token: str) -> ChannelPeople:
        gone = [each for each in self.removed if not is_erased(each)]
        if self.erased:
            gone += self.erased & {*api.conversation_members(self.channel)}
        for member in gone:
            api.remove(self.channel, member)
        return _invite(api, self.channel, self.invited, removed=self.removed)
