"""Who may take part in a channel's check-ins."""

from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.members import service as members
from bot.members.rules import Action, Role, require
from models import Channel

NO_GUESTS = "In this channel only full members of the workspace take part."


def require_allowed(session: Session, channel: Channel, member: str) -> None:
    """Raises Refusal where the person can't take part in the channel's check-ins."""
    held = members.in_channel(session, channel, member)
    require(Action.CHECK_IN, held)
    if Role.GUEST in held and not channel.guests_may_ask:
        raise UserError(NO_GUESTS)


def is_allowed(session: Session, channel: Channel, member: str) -> bool:
    try:
        require_allowed(session, channel, member)
    except UserError:
        return False
    return True
