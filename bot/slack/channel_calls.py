"""Calls to Slack about the private channels that the bot makes."""

from collections.abc import Sequence

from bot.slack.api import Rejected
from bot.slack.http import call_method, require_field
from bot.slack.paged_reads import PagedReads

_ALREADY_IN = "already_in_channel"
# Slack's errors for a person who can't be in a channel, while others can. All other
# errors are about the channel, the app or the workspace
# (https://docs.slack.dev/reference/methods/conversations.invite).
_REFUSED_MEMBER = frozenset(
    {
        *("cant_invite", "invitee_cant_see_channel", "no_external_invite_permission"),
        *("no_permission", "org_user_not_in_team", "user_team_not_in_channel"),
        *("ura_max_channels", "user_is_restricted", "user_is_ultra_restricted"),
        *("user_disabled", "user_is_bot", "user_not_found"),
    }
)


class ChannelCalls(PagedReads):
    """The part of the client that makes channels, and lets people in and out."""

    def open_channel(self, name: str, *, creator: str) -> str:
        try:
            answer = call_method(
                self._background,
                "conversations.create",
                name=name,
                is_private=True,
                team_id=self._team_id,
            )
        except Rejected as error:
            if error.code != "name_taken":
                raise
            # An earlier call made it, and its answer was lost.
            for channel in self.own_conversations():
                if (channel.get("name"), channel.get("creator")) == (name, creator):
                    return str(channel["id"])
            raise
        return str(require_field(answer, "channel", dict)["id"])

    def invite(self, channel: str, members: Sequence[str]) -> Sequence[str]:
        # If Slack refuses one of them, it takes none. With its argument `force` it
        # would take the others, but does not say that it names those it left out.
        if len(members) > 1 and self._try_invite(channel, *members) is None:
            return members
        return [
            member
            for member in members
            if self._try_invite(channel, member) in {None, _ALREADY_IN}
        ]

    def _try_invite(self, channel: str, *members: str) -> str | None:
        """Bring people into a channel; return Slack's error about one of them."""
        try:
            call_method(
                self._background,
                "conversations.invite",
                channel=channel,
                users=",".join(members),
            )
        except Rejected as error:
            if error.code == _ALREADY_IN or error.code in _REFUSED_MEMBER:
                return error.code
            raise
        return None

    def remove(self, channel: str, member: str) -> None:
        call_method(
            self._background,
            "conversations.kick",
            # Slack says these of a person who is not in the channel.
            ok_errors={"not_in_channel", "user_not_found"},
            channel=channel,
            user=member,
        )
