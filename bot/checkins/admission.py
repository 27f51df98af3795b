"""Who may take part in a channel's check-ins."""

from sqlalchemy.orm import Session

from bot.errors import Refusal
from bot.members import service as members
from bot.members.rules import Action, Role, check
from models import Channel

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
