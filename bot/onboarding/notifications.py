"""Draw what the outbox has promised to newcomers, from what is true now."""

from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import select

from bot import visibility
from bot.onboarding import blocks
from bot.onboarding.message_kinds import (
    ONBOARDING_GREETING,
    ONBOARDING_INTRODUCTION,
    ONBOARDING_NOT_POSTED,
    ONBOARDING_PREVIEW,
    ONBOARDING_UPDATE_PREVIEW,
)
from bot.onboarding.service import introduction_note
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import Action, Role, is_allowed
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.workspace import channels, contact_hours, member_settings, roles
from models import Ask, Channel, ChannelIntroduction, OutboxItem


def render_preview(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    channel = tx.session.get_one(Channel, delivery.subject_id)
    said = tx.session.get_one(ChannelIntroduction, channel.id)
    held = roles.in_channel(tx, channel, delivery.recipient, author=said.inviter)
    if said.posted_at is not None or not is_allowed(Action.INTRODUCE, held):
        return None
    text, drawn = blocks.preview(
        channel.id, channel.slack_id, channel.name, introduction_note(channel)[1]
    )
    return PostMessage(delivery.recipient, text, drawn)


def render_preview_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """The preview without its buttons, once somebody else has posted it."""
    channel = tx.session.get_one(Channel, delivery.subject_id)
    sent = tx.session.execute(
        select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
            installation_id=delivery.installation_id,
            key=f"newcomer.preview:{channel.id}:{delivery.recipient}",
            state="sent",
        )
    ).first()
    if sent is None or not (sent[0] and sent[1]):
        return None
    if tx.session.get_one(ChannelIntroduction, channel.id).posted_at is None:
        return None
    note = blocks.already_posted(channel.slack_id, channel.name)
    return UpdateMessage(sent[0], sent[1], *note)


def render_introduction(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    channel = tx.session.get_one(Channel, delivery.subject_id)
    text, drawn = introduction_note(channel)
    return PostMessage(channel.slack_id, text, drawn)


def _on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Slack would not have it: whoever wanted it may try again."""
    said = tx.session.get_one(
        ChannelIntroduction, delivery.subject_id, with_for_update=True
    )
    said.posted_at = None
    _notify_not_posted(tx, said, error)


def _on_lost(tx: Transaction, delivery: Delivery, _error: str) -> None:
    said = tx.session.get_one(ChannelIntroduction, delivery.subject_id)
    _notify_not_posted(tx, said, "unknown")


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
    text, drawn = blocks.not_posted(
        channel.slack_id, channel.name, delivery.payload["error"]
    )
    return PostMessage(delivery.recipient, text, drawn)


def render_greeting(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    # The one that they have been in longest, of those where it can be said.
    joined = sorted(delivery.payload["joined"].items(), key=itemgetter(1))
    found = (tx.session.get_one(Channel, int(channel)) for channel, _ in joined)
    wanted = [c for c in found if _wants_greeting(tx, c, delivery.recipient)]
    seen = visibility.visible_channels(
        replace(tx, now=delivery.started_at), wanted, delivery.recipient
    )
    channel = next((c for c in wanted if c.id in seen), None)
    if channel is None:
        return None
    text, drawn = blocks.greeting(
        channel.slack_id,
        channel.name,
        channels.helpful_emoji(channel),
        channels.solved_emoji(channel),
    )
    return PostMessage(delivery.recipient, text, drawn)


def _wants_greeting(tx: Transaction, channel: Channel, member: str) -> bool:
    if not channel.is_joined or channel.is_archived:
        return False
    held = roles.in_workspace(tx, member)
    if not is_allowed(Action.ASK, held):
        return False
    if Role.GUEST in held and not channel.guests_may_ask:
        return False
    chosen = member_settings.get(tx, member)
    if chosen.is_greeted or not chosen.wants_greetings:
        return False
    # Whoever has asked by now knows how, and needs no rules.
    asked = select(Ask.id).filter_by(installation_id=tx.workspace.id, asker=member)
    return tx.session.scalar(asked.limit(1)) is None


def _on_greeted(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    member_settings.update(tx, delivery.recipient, greeted_at=tx.now)


def _channel_ids(_tx: Transaction, delivery: Delivery) -> list[int]:
    return [delivery.subject_id]


MESSAGE_TYPES = (
    MessageType(ONBOARDING_PREVIEW, render_preview, quoted_channels=_channel_ids),
    MessageType(
        ONBOARDING_UPDATE_PREVIEW,
        render_preview_update,
        "repeat",
        quoted_channels=_channel_ids,
    ),
    MessageType(
        ONBOARDING_INTRODUCTION,
        render_introduction,
        on_rejected=_on_rejected,
        on_lost=_on_lost,
    ),
    MessageType(ONBOARDING_NOT_POSTED, render_not_posted, quoted_channels=_channel_ids),
    MessageType(
        ONBOARDING_GREETING,
        render_greeting,
        on_sent=_on_greeted,
        on_lost=_on_greeted,
        send_after=contact_hours.send_after,
    ),
)
