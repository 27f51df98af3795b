"""Queries for asks at which the job may have to look, in any workspace."""

from datetime import datetime

from sqlalchemy import Select, select

from bot.db.statements import InstallationId
from bot.routing.steps import is_unplanned
from models import Ask, AskRoute, Channel


def due_routes(installation_id: InstallationId, now: datetime) -> Select[int]:
    """Select the ids of the asks with a due step."""
    return select(AskRoute.ask_id).where(
        AskRoute.installation_id == installation_id, AskRoute.due_at <= now
    )


def unplanned_asks(installation_id: InstallationId, now: datetime) -> Select[int]:
    """Select the ids of open asks without a step, also where no asks are routed."""
    return (
        select(Ask.id)
        # The index of asks begins with the channel.
        .join(Channel, Channel.id == Ask.channel_id)
        .outerjoin(AskRoute, AskRoute.ask_id == Ask.id)
        .where(
            Channel.installation_id == installation_id,
            Ask.state == "open",
            Ask.ts.is_not(None),
            Ask.is_confirmed.is_(True),
            is_unplanned(now),
        )
    )
