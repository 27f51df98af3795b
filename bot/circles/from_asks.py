"""Circles that grow from an ask: those who took part in it are invited."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View
from sqlalchemy import select

from bot.anonymity.authors import is_anonymous
from bot.asks import service as asks
from bot.circles import service, started_blocks, starting
from bot.circles.message_kinds import CIRCLE_INVITATION
from bot.errors import UserError
from bot.programs import membership
from bot.runtime import Transaction
from bot.workspace import members, visibility
from models import Answer, Ask, Channel, Circle, Reaction


def people_of(tx: Transaction, ask: Ask) -> set[str]:
    """Return those who took part in an ask: who asked, answered, or has the problem.

    Nobody took part in an ask without a name: its asker stays unknown.
    """
    if is_anonymous(ask):
        return set()
    answering = tx.session.scalars(
        select(Answer.author).filter_by(ask_id=ask.id, is_deleted=False)
    )
    joining = tx.session.scalars(
        select(Reaction.member).filter_by(
            channel_id=ask.channel_id,
            message_ts=ask.ts,
            is_present=True,
            meaning="same",
        )
    )
    return {ask.asker, *answering, *joining}


def in_options(tx: Transaction, ask: Ask, member: str) -> Sequence[Block]:
    """Return the button for a member who took part in an ask with others."""
    people = people_of(tx, ask)
    if member not in people or len(people) == 1:
        return ()
    if not starting.startable_programs(tx, member):
        return ()
    return [DividerBlock(), *started_blocks.offer_circle(ask.id)]


def require_took_part(tx: Transaction, ask_id: int, by: str) -> Ask:
    """Return the ask. Raises UserError, or MembershipUnknown, for all others."""
    ask = asks.get(tx, ask_id)
    visibility.require_visible(tx, tx.session.get_one(Channel, ask.channel_id), by)
    if by not in people_of(tx, ask):
        raise UserError(service.GONE)
    return ask


def open_form(tx: Transaction, ask_id: int, *, by: str) -> View:
    """Return the form to start a circle. Raises UserError, and MembershipUnknown.

    People of the whole program see the theme, so it is only the title of an ask that
    all members can see.
    """
    ask = require_took_part(tx, ask_id, by)
    channel = tx.session.get_one(Channel, ask.channel_id)
    is_public = not channel.is_private and not channel.is_shared
    theme = members.text_with_names(tx, ask.title) if is_public else ""
    return starting.open_form(tx, by=by, theme=theme, origin=("ask", ask.id))


def invite(tx: Transaction, circle: Circle, ask: Ask, *, by: str) -> None:
    """Invite the others who took part and are in the program, each privately."""
    for member in sorted(people_of(tx, ask) - {by}):
        if membership.is_joined(tx, circle.program_id, member):
            tx.enqueue(CIRCLE_INVITATION, circle.id, to=member)
