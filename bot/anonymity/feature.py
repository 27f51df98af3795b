"""Asks without a name, as a feature."""

from collections.abc import Collection, Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block
from sqlalchemy import ColumnElement, select

from bot.anonymity import (
    authors,
    home,
    limits,
    notes,
    notices,
    permissions,
    personal_data,
    replies,
    report_messages,
    reports,
    review_messages,
    settings,
    stop_messages,
)
from bot.anonymity.keyring import Anonymity, keys_of
from bot.anonymity.keys import AnonymityKeys
from bot.anonymity.lost_key import LOST_KEY_SECTION
from bot.anonymity.stopped_home import STOPPED_SECTION
from bot.feature.due_rows import DueRows
from bot.permissions import is_allowed
from bot.runtime import Transaction
from bot.workspace import roles
from models import AnonymousDraft, AnonymousReply, Ask, Channel, Member


def _on_member_loaded(tx: Transaction, member: Member) -> None:
    if member.is_deactivated:
        authors.cut_own(tx, member.slack_id)


def _on_member_left(
    tx: Transaction, channel: str, member: str, left_at: datetime
) -> None:
    authors.cut_in_channel(tx, channel, member, left_at=left_at)


def _purge(tx: Transaction, _before: datetime) -> None:
    authors.cut_due(tx)
    authors.forget_sources(tx)
    limits.purge(tx)
    replies.purge(tx)
    reports.purge(tx)
    notices.purge(tx)


def _ask_options(tx: Transaction, ask: Ask, member: str) -> Sequence[Block]:
    """Return what a member can do about an ask without a name, by their roles only."""
    if keys_of(tx) is None or not authors.is_anonymous(ask):
        return ()
    channel = tx.session.get_one(Channel, ask.channel_id)
    own_roles = roles.in_channel(tx, channel, member)
    if not is_allowed(permissions.REPORT, own_roles):
        return ()
    can_stop = is_allowed(permissions.LOOK_AFTER, own_roles)
    return notes.options(ask.id, can_stop=can_stop)


def _replies_of(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    asks = select(Ask.id).where(Ask.installation_id.in_(ids))
    return [AnonymousReply.ask_id.in_(asks)]


def anonymity(keys: AnonymityKeys | None) -> Anonymity:
    """Return the feature with the operator's keys; None: it is off."""
    return Anonymity(
        keys=keys,
        name="anonymity",
        message_types=(
            *review_messages.MESSAGE_TYPES,
            *report_messages.MESSAGE_TYPES,
            *stop_messages.MESSAGE_TYPES,
            *notices.MESSAGE_TYPES,
            *replies.REPLY_MESSAGE.message_types(),
        ),
        permissions=permissions.PERMISSIONS,
        message_policies=personal_data.MESSAGES,
        personal_data=personal_data.PERSONAL_DATA,
        erasure_lines=personal_data.ERASURE_LINES,
        purge=_purge,
        short_lived=(
            authors.due_links,
            authors.left_sources,
            limits.old_counts,
            limits.ended_blocks,
            replies.without_link,
            reports.overdue,
            notices.unsent,
        ),
        home_sections=(home.OWN_ASKS, LOST_KEY_SECTION, STOPPED_SECTION),
        workspace_settings=settings.WORKSPACE_SETTINGS,
        channel_settings=settings.CHANNEL_SETTINGS,
        check_channel_settings=settings.check_channel_settings,
        member_settings=settings.MEMBER_SETTINGS,
        ask_options=_ask_options,
        due_rows=(
            DueRows(
                "post-anonymous-asks",
                AnonymousDraft.due_at,
                lambda ids: [AnonymousDraft.installation_id.in_(ids)],
            ),
            DueRows("post-anonymous-replies", AnonymousReply.due_at, _replies_of),
        ),
        on_title_changed=replies.on_title_changed,
        on_member_loaded=_on_member_loaded,
        on_member_left=_on_member_left,
    )
