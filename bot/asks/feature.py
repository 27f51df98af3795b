"""The feature of asks and their answers."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select

from bot.asks import (
    ask_message,
    capture,
    emoji_rules,
    events,
    home,
    joined_asks,
    notes,
    notifications,
    permissions,
    personal_data,
    reaction_store,
    reactions,
    service,
    settings,
    tracked,
    unanswered_asks,
    unmatched,
    work_items,
)
from bot.feature import Feature
from bot.permissions import ASK
from bot.runtime import Transaction
from models import Answer, Ask, Channel, Member, Reaction


def _on_member_loaded(tx: Transaction, member: Member) -> None:
    reactions.on_user_loaded(tx, member)
    if member.is_bot or member.is_external:
        capture.remove_asks_by(tx, member)


def _on_bot_joined(tx: Transaction, channel: Channel, _inviter: str | None) -> None:
    ask_message.resync_open_threads(tx, channel)


def _help_lines(channel: Channel | None) -> Sequence[str]:
    return notes.help_lines(
        emoji_rules.helpful(channel.helpful_emoji if channel else None),
        emoji_rules.solved(channel.solved_emoji if channel else None),
    )


def _purge(tx: Transaction, before: datetime) -> None:
    unmatched.purge(tx, before=before)


def _active_members(
    tx: Transaction, _program_id: int, channel_ids: Collection[int], since: datetime
) -> Sequence[Select[str]]:
    """Return queries for the members who asked, answered or reacted to an ask."""
    return [
        select(Ask.asker).where(
            Ask.installation_id == tx.workspace.id,
            Ask.channel_id.in_(channel_ids),
            Ask.asked_at >= since,
        ),
        select(Answer.author).where(
            Answer.channel_id.in_(channel_ids), Answer.answered_at >= since
        ),
        select(Reaction.member).where(
            Reaction.channel_id.in_(channel_ids),
            Reaction.ask_id.is_not(None),
            Reaction.is_present.is_(True),
            Reaction.recorded_at >= since,
        ),
    ]


ASKS = Feature(
    name="asks",
    message_types=notifications.MESSAGE_TYPES,
    permissions=(ASK, *permissions.PERMISSIONS),
    personal_data=(
        *personal_data.PERSONAL_DATA,
        *personal_data.ANSWER_PERSONAL_DATA,
    ),
    erasure_lines=personal_data.ERASURE_LINES,
    message_policies=(*personal_data.MESSAGES, *personal_data.ANSWER_MESSAGES),
    homes_about=personal_data.homes_about,
    purge=_purge,
    channel_settings=settings.CHANNEL_SETTINGS,
    check_channel_settings=settings.check_channel_settings,
    used_emoji=reaction_store.used_emoji,
    home_sections=(
        home.OWN_ASKS,
        joined_asks.JOINED_ASKS,
        unanswered_asks.UNANSWERED_ASKS,
        home.HELPFUL_ANSWERS,
    ),
    is_active=service.has_asked,
    work_items=(work_items.ANSWERED_NOT_MARKED,),
    active_members=_active_members,
    help_lines=_help_lines,
    tracked_tables=tracked.TABLES,
    channel_columns=tracked.CHANNEL_COLUMNS,
    rows_to_lock=tracked.rows_to_lock,
    on_reaction=events.on_reaction,
    on_message=events.on_message,
    on_message_edited=events.on_message_edited,
    on_message_deleted=events.on_message_deleted,
    on_direct_message=events.on_direct_message,
    on_member_loaded=_on_member_loaded,
    on_bot_joined=_on_bot_joined,
)
