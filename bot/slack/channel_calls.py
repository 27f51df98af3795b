"""Calls to Slack about the private channels that the bot makes."""

from bot.slack.api import Rejected
from bot.slack.http import call_method, require_field
from bot.slack.paged_reads import PagedReads

# Slack's errors for a person who can't be in a channel, while others can.
_REFUSED_MEMBER = frozenset(
    {
        *("cant_invite", "invitee_cant_see_channel", "no_external_invite_permission"),
        *("ura_max_channels", "user_is_restricted", "user_is_ultra_restricted"),
        *("user_not_found", "user_disabled", "user_team_not_in_channel"),
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

    def invite(self, channel: str, member: str) -> bool:
        try:
            call_method(
                self._background,
                "conversations.invite",
                ok_errors={"already_in_channel"},
                channel=channel,
                users=member,
            )
        except Rejected as error:
            if error.code not in _REFUSED_MEMBER:
                raise
            return False
        return True

    def remove(self, channel: str, member: str) -> None:
        call_method(
            self._background,
            "conversations.kick",
            # Slack says these of a person who is not in the channel.
            ok_errors={"not_in_channel", "user_not_found"},
            channel=channel,
            user=member,
        )
