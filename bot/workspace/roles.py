"""The roles of a member, in a channel and in the workspace."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from bot import permissions
from bot.errors import UserError
from bot.permissions import Permission, Role
from bot.runtime import Transaction
from bot.slack.text import capitalize
from bot.workspace import leads, visibility
from bot.workspace.members import find, name
from models import Champion, Channel, Member


def can_moderate(session: Session, channel_id: int, member: Member) -> bool:
    """Return True if the member may act for askers in the channel."""
    return permissions.can_moderate(
        is_admin=member.is_admin,
        is_champion=is_champion(session, channel_id, member.slack_id),
        is_external=member.is_external,
        is_bot=member.is_bot,
        is_deactivated=member.is_deactivated,
    )


def is_champion(session: Session, channel_id: int, slack_id: str) -> bool:
    return session.get(Champion, (channel_id, slack_id)) is not None


def in_channel(
    tx: Transaction, channel: Channel, slack_id: str, *, author: str | None = None
) -> frozenset[Role]:
    """Return a member's roles in a channel; `author` is the one who gets AUTHOR.

    Roles derive from stored facts only; people without a profile have none yet.
    """
    roles = in_workspace(tx, slack_id)
    if not roles:
        return roles
    if slack_id == author:
        roles |= {Role.AUTHOR}
    if is_champion(tx.session, channel.id, slack_id):
        roles |= {Role.CHAMPION}
    return roles


def authorize(
    tx: Transaction,
    channel: Channel,
    permission: Permission,
    by: str,
    *,
    author: str | None = None,
    denial: str = visibility.NOT_A_MEMBER,
    field: str | None = None,
) -> frozenset[Role]:
    """Check that a member has a permission in a channel and may see it; return roles.

    Raises UserError; for a private channel that they are not in, with the message
    `denial`. Raises MembershipUnknown if that is not known.
    """
    roles = in_channel(tx, channel, by, author=author)
    permissions.require(permission, roles)
    visibility.require_visible(tx, channel, by, message=denial, field=field)
    return roles


def in_workspace(tx: Transaction, slack_id: str) -> frozenset[Role]:
    """Return a person's roles in the workspace, from stored facts."""
    return of_member(tx, find(tx, slack_id))


def of_member(tx: Transaction, member: Member | None) -> frozenset[Role]:
    """Return the roles in the workspace of the person with this stored profile."""
    roles = from_profile(member)
    if member and roles and leads.is_program_lead(tx, member.slack_id):
        roles |= {Role.PROGRAM_LEAD}
    return roles


def from_profile(member: Any) -> frozenset[Role]:
    """Derive roles from Slack's profile; `member` has the columns of a member."""
    if member is None or member.fetched_at is None:
        return frozenset()
    facts = {
        Role.MEMBER: not member.is_guest,
        Role.GUEST: member.is_guest,
        Role.EXTERNAL: member.is_external,
        Role.BOT: member.is_bot,
        Role.DEACTIVATED: member.is_deactivated,
        Role.ADMIN: member.is_admin,
    }
    return frozenset(role for role, applies in facts.items() if applies)


def require_assignable(
    tx: Transaction, slack_ids: Iterable[str], *, role: str, field: str
) -> None:
    """Raise UserError for a person who can't get a `role`, such as "a champion"."""
    for slack_id in slack_ids:
        roles = in_workspace(tx, slack_id)
        if not roles or roles & permissions.DENIED_ROLES:
            raise UserError(
                capitalize(name(tx, slack_id))
                + f" can't be {role}. Choose people from your workspace.",
                field=field,
            )


def can_be_champion(tx: Transaction, slack_id: str) -> bool:
    """Return True for full members of the workspace: guests can't be champions."""
    roles = in_workspace(tx, slack_id)
    return Role.MEMBER in roles and not roles & permissions.DENIED_ROLES


def require_champions(tx: Transaction, slack_ids: Iterable[str], *, field: str) -> None:
    """Raise UserError for a person who can't be a champion."""
    for slack_id in slack_ids:
        if not can_be_champion(tx, slack_id):
            raise UserError(
                capitalize(name(tx, slack_id))
                + " can't be a champion. Choose full members of your workspace.",
                field=field,
            )
