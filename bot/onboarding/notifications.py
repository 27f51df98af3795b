"""Render previews, introductions and greetings when they are sent."""

from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import select

from bot.onboarding import blocks
from bot.onboarding.message_kinds import (
    ONBOARDING_GREETING,
    ONBOARDING_INTRODUCTION,
    ONBOARDING_NOT_POSTED,
    ONBOARDING_PREVIEW,
    ONBOARDING_UPDATE_PREVIEW,
)
from bot.onboarding.permissions import INTRODUCE
from bot.onboarding.service import introduction_note, program_texts
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.posted_message import LOST, PostedMessage
from bot.outbox.queue import Delivery
from bot.permissions import ASK, Role, is_allowed
from bot.programs import membership
from bot.programs import service as programs
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from bot.workspace import contact_hours, member_settings, roles, visibility
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from bot.workspace.visibility import sees
from models import Ask, Channel, ChannelIntroduction


def render_preview(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    channel = tx.session.get_one(Channel, delivery.subject_id)
    introduction = tx.session.get_one(ChannelIntroduction, channel.id)
    recipient_roles = roles.in_channel(
        tx, channel, delivery.recipient, author=introduction.inviter
    )
    if introduction.posted_at is not None:
        return None
    if not is_allowed(INTRODUCE, recipient_roles):
        return None
    note = blocks.preview(
        channel.id, channel.slack_id, channel.name, introduction_note(tx, channel)[1]
    )
    return PostMessage(delivery.recipient, *note)


def render_preview_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Replace the preview, with its buttons, after another member posted it."""
    channel = tx.session.get_one(Channel, delivery.subject_id)
    key = dedup_key(ONBOARDING_PREVIEW, channel.id, delivery.recipient)
    message = find_sent(tx.session, delivery.installation_id, key)
    if message is None:
        return None
    if tx.session.get_one(ChannelIntroduction, channel.id).posted_at is None:
        return None
    note = blocks.already_posted(channel.slack_id, channel.name)
    return UpdateMessage(*message, *note)


def _lock_introduction(tx: Transaction, channel_id: int) -> None:
    tx.session.get(ChannelIntroduction, channel_id, with_for_update=True)


def _render_introduction(
    tx: Transaction, introduction: ChannelIntroduction, _delivery: Delivery
) -> Note:
    channel = tx.session.get_one(Channel, introduction.channel_id)
    return introduction_note(tx, channel)


def _on_rejected(
    tx: Transaction, introduction: ChannelIntroduction, error: str
) -> None:
    """Tell the member who posted it, who can then try again."""
    introduction.posted_at = None
    _notify_not_posted(tx, introduction, error)


def _on_lost(tx: Transaction, introduction: ChannelIntroduction) -> None:
    _notify_not_posted(tx, introduction, LOST)


def _notify_not_posted(
    tx: Transaction, introduction: ChannelIntroduction, error: str
) -> None:
    if introduction.posted_by is None:
        return
    tx.enqueue(
        ONBOARDING_NOT_POSTED,
        introduction.channel_id,
        to=introduction.posted_by,
        payload={"error": error},
        occurrence=f"{tx.now:%Y%m%dT%H%M%S}",
    )


def render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    channel = tx.session.get_one(Channel, delivery.subject_id)
    note = blocks.not_posted(channel.slack_id, channel.name, delivery.payload["error"])
    return PostMessage(delivery.recipient, *note)


def render_greeting(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    # Greet them to the channel that they joined first, of those that qualify.
    joined = sorted(delivery.payload["joined"].items(), key=itemgetter(1))
    candidates = (tx.session.get_one(Channel, int(channel)) for channel, _ in joined)
    suitable_channels = [
        c for c in candidates if _wants_greeting(tx, c, delivery.recipient)
    ]
    visible = visibility.visible_channels(
        replace(tx, now=delivery.started_at), suitable_channels, delivery.recipient
    )
    channel = next((c for c in suitable_channels if c.id in visible), None)
    if channel is None:
        return None
    texts = program_texts(tx, channel)
    note = blocks.greeting(
        channel.slack_id,
        channel.name,
        texts,
        joinable_program=_joinable_program(tx, delivery.recipient),
        more=tx.features.greeting_blocks(tx, delivery.recipient),
    )
    return PostMessage(delivery.recipient, *note)


def _joinable_program(tx: Transaction, member: str) -> int | None:
    """Return the id of the workspace's own program, if the member may join it."""
    program = programs.find_workspace_program(tx)
    if program is None or membership.is_joined(tx, program.id, member):
        return None
    may_join = membership.may_join(tx, program, member) and membership.is_open_to(
        tx, program, member
    )
    return program.id if may_join else None


def _wants_greeting(tx: Transaction, channel: Channel, member: str) -> bool:
    if not channel.is_joined or channel.is_archived:
        return False
    member_roles = roles.in_workspace(tx, member)
    if not is_allowed(ASK, member_roles):
        return False
    if Role.GUEST in member_roles and not channel.guests_may_ask:
        return False
    settings = member_settings.get(tx, member)
    if settings.is_greeted or not settings.wants_greetings:
        return False
    # A member who has already asked needs no introduction.
    asks = select(Ask.id).filter_by(installation_id=tx.workspace.id, asker=member)
    return tx.session.scalar(asks.limit(1)) is None


def _on_greeted(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    member_settings.update(tx, delivery.recipient, greeted_at=tx.now)
    tx.features.on_greeted(tx, delivery.recipient)


def _channel_ids(_tx: Transaction, delivery: Delivery) -> list[int]:
    return [delivery.subject_id]


INTRODUCTION = PostedMessage(
    model=ChannelIntroduction,
    lock=_lock_introduction,
    ts=None,
    post=ONBOARDING_INTRODUCTION,
    render_post=_render_introduction,
    on_rejected=_on_rejected,
    on_lost=_on_lost,
)

MESSAGE_TYPES = (
    MessageType(
        ONBOARDING_PREVIEW,
        render_preview,
        update=ONBOARDING_UPDATE_PREVIEW,
        can_see=sees(_channel_ids),
    ),
    MessageType(
        ONBOARDING_UPDATE_PREVIEW,
        render_preview_update,
        "resend",
        can_see=sees(_channel_ids),
    ),
    *INTRODUCTION.message_types(),
    MessageType(ONBOARDING_NOT_POSTED, render_not_posted, can_see=sees(_channel_ids)),
    MessageType(
        ONBOARDING_GREETING,
        render_greeting,
        on_sent=_on_greeted,
        on_lost=_on_greeted,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.NEWS),
    ),
)
