"""Who may take part in a channel's check-ins."""

from sqlalchemy.orm import Session

from bot.errors import Refusal
from bot.members import service as members
from bot.members.rules import Action, Role, check
from bot.runtime import Workspace
from models import Channel, Round

NO_GUESTS = "In this channel only full members of the workspace take part."


def may_take_part(session: Session, channel: Channel, member: str) -> None:
    """Raises Refusal where the person can't take part in the channel's check-ins."""
    held = members.roles(session, channel, member)
    check(Action.CHECK_IN, held)
    if Role.GUEST in held and not channel.guests_may_ask:
        raise Refusal(NO_GUESTS)


def is_admitted(session: Session, channel: Channel, member: str) -> bool:
    try:
        may_take_part(session, channel, member)
    except Refusal:
        return False
    return True


def doubted(
    session: Session,
    workspace: Workspace,
    round_id: int,
    *,
    pressed_in: str | None = None,
) -> str | None:
    """The private channel of a round, where nothing says that a person is in it.

    Slack's id of it, to be asked about. `pressed_in`: the channel of the message whose
    button they pressed. None also where there is no such round. Who has joined the
    check-in may have left the channel while the bot heard nothing.
    """
    one = session.get(Round, round_id)
    if one is None:
        return None
    channel = session.get_one(Channel, one.channel_id)
    if channel.installation_id != workspace.id or not channel.is_private:
        return None
    return None if pressed_in == channel.slack_id else channel.slack_id
