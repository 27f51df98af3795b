"""Queries for asks at which the job may have to look, in any workspace."""

from sqlalchemy import ColumnElement, Select, func, select

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.routing import rules
from bot.routing.steps import MIN_ANSWERERS, is_unplanned
from models import Answer, Ask, AskRoute, Channel


def due_routes(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of the asks with a due step."""
    return select(AskRoute.ask_id).where(
        AskRoute.installation_id == installation_id, AskRoute.due_at <= now
    )


def unplanned_asks(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of open asks without a step, where asks are routed."""
    return (
        select(Ask.id)
        # The index of asks begins with the channel.
        .join(Channel, Channel.id == Ask.channel_id)
        .outerjoin(AskRoute, AskRoute.ask_id == Ask.id)
        .where(
            Channel.installation_id == installation_id,
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
            Ask.state == "open",
            Ask.ts.is_not(None),
            Ask.is_confirmed.is_(True),
            is_unplanned(now),
            func.coalesce(Channel.routes_asks, _has_answerers(now)),
        )
    )


def _has_answerers(now: Time) -> ColumnElement[bool]:
    """Return the condition that so many answer in the channel that asks are routed."""
    answerers = (
        select(func.count(Answer.author.distinct()))
        .where(
            Answer.channel_id == Channel.id,
            Answer.answered_at >= now - rules.ACTIVE_FOR,
            Answer.is_deleted.is_(False),
        )
        .correlate(Channel)
        .scalar_subquery()
    )
    return answerers >= MIN_ANSWERERS
