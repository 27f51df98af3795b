"""Render the direct messages about check-ins when they are sent."""

from dataclasses import replace
from datetime import date

from bot.checkins import blocks, notes, participants, posts, responses, sharing
from bot.checkins.blocks import RoundPrompt
from bot.checkins.message_kinds import (
    CHECKIN_ASK_CREATED,
    CHECKIN_INVITE,
    CHECKIN_NOT_POSTED,
    CHECKIN_OFFER_ASK,
    CHECKIN_PAUSED,
    CHECKIN_REMINDER,
    CHECKIN_REMINDERS_STOPPED,
    CHECKIN_SKIPPED,
)
from bot.errors import UserError
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack import rich_text
from bot.slack.actions import (
    PostIfMember,
    PostMessage,
    Reschedule,
    SlackAction,
    UpdateMessage,
)
from bot.slack.blocks import Note
from bot.slack.text import permalink
from bot.workspace import contact_hours, members
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from bot.workspace.visibility import sees
from models import Ask, Channel, CheckIn, Round, Schedule


def render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    checkin = tx.session.get(CheckIn, delivery.subject_id)
    if checkin is None or not checkin.has_text or checkin.ts is not None:
        return None
    round_ = tx.session.get_one(Round, checkin.round_id)
    channel = tx.session.get_one(Channel, round_.channel_id)
    _, response_blocks = posts.response_note(tx, checkin)
    error = delivery.payload["error"]
    note = notes.response_not_posted(f"#{channel.name}", response_blocks, error)
    return PostMessage(delivery.recipient, *note)


def render_not_posted_outside(
    tx: Transaction, delivery: Delivery
) -> SlackAction | None:
    """Return their response, but nothing of others', to a member without access."""
    checkin = tx.session.get(CheckIn, delivery.subject_id)
    if checkin is None or not checkin.has_text or checkin.ts is not None:
        return None
    _, response_blocks = blocks.response_message(
        checkin.member,
        members.name(tx, checkin.member),
        RoundPrompt(""),
        sharing.response_of(checkin),
        None,
    )
    error = delivery.payload["error"]
    note = notes.response_not_posted("a private channel", response_blocks, error)
    return PostMessage(delivery.recipient, *note)


def render_ask_offer(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    checkin = tx.session.get(CheckIn, delivery.subject_id)
    if (
        checkin is None
        or not checkin.stuck_on
        or sharing.has_asked(tx.session, checkin)
    ):
        return None
    note = notes.ask_offer(checkin.id, checkin.stuck_on)
    return PostMessage(delivery.recipient, *note)


def render_ask_created(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Update the offer by the state of the ask."""
    checkin = tx.session.get(CheckIn, delivery.subject_id)
    key = dedup_key(CHECKIN_OFFER_ASK, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    if checkin is None or message is None:
        return None
    ask = tx.session.get(Ask, checkin.ask_id) if checkin.ask_id else None
    if ask is None or ask.deleted_at is not None:
        note = notes.ask_offer(checkin.id, checkin.stuck_on)
    elif ask.ts is None:
        # The ask is being posted, and has no permalink yet.
        title = members.text_with_names(tx, ask.title)
        note = notes.ask_created(title, "")
    else:
        ask_channel = tx.session.get_one(Channel, ask.channel_id)
        url = permalink(tx.workspace.team_url, ask_channel.slack_id, ask.ts)
        title = members.text_with_names(tx, ask.title)
        note = notes.ask_created(title, url)
    return UpdateMessage(*message, *note)


def render_invitation(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    participant = responses.get_participant(tx.session, schedule.id, delivery.recipient)
    checkin = responses.get(tx.session, delivery.payload["round"], delivery.recipient)
    if schedule.state == "deleted":
        return None
    if participant and (participant.is_active or participant.is_invited):
        return None
    if checkin is None or checkin.state != "shared":
        return None
    try:
        responses.require_allowed(tx, channel, delivery.recipient)
    except UserError:
        return None
    note = notes.invitation(checkin.round_id, schedule.question, channel=channel.name)
    return PostMessage(delivery.recipient, *note)


def render_reminder(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    round_ = tx.session.get_one(Round, delivery.subject_id)
    now, member = delivery.started_at, delivery.recipient
    if now >= round_.closes_at:
        return None
    if not participants.should_remind(tx, round_, member):
        return None
    send_after = contact_hours.get(replace(tx, now=now), member).next_allowed(now)
    if send_after > now and not delivery.is_wanted:
        return Reschedule(send_after) if send_after < round_.closes_at else None
    channel = tx.session.get_one(Channel, round_.channel_id)
    zone = members.zone(tx, member)
    note = notes.reminder(
        round_.id,
        round_.schedule_id,
        round_.question,
        channel=channel.name,
        url=permalink(tx.workspace.team_url, channel.slack_id, round_.ts or ""),
        until=rich_text.date_token(round_.closes_at, zone),
    )
    return _if_member(delivery, channel, note)


def render_reminders_stopped(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    if not participants.are_reminders_stopped(tx, delivery):
        return None
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    note = notes.reminders_stopped(schedule.id, schedule.question, channel=channel.name)
    return _if_member(delivery, channel, note)


def _channels_of_checkin(tx: Transaction, delivery: Delivery) -> list[int]:
    checkin = tx.session.get(CheckIn, delivery.subject_id)
    return [tx.session.get_one(Round, checkin.round_id).channel_id] if checkin else []


def _channels_of_ask(tx: Transaction, delivery: Delivery) -> list[int]:
    """Return the channels of a check-in and of the ask that was made of it."""
    checkin = tx.session.get(CheckIn, delivery.subject_id)
    ask = tx.session.get(Ask, checkin.ask_id) if checkin and checkin.ask_id else None
    return [
        *_channels_of_checkin(tx, delivery),
        *([ask.channel_id] if ask else []),
    ]


def _channels_of_schedule(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(Schedule, delivery.subject_id).channel_id]


def _if_member(
    delivery: Delivery, channel: Channel, note: Note
) -> PostMessage | PostIfMember:
    """Return the message; for a private channel, only for its members."""
    message = PostMessage(delivery.recipient, *note)
    return PostIfMember(message, channel.slack_id) if channel.is_private else message


def render_paused(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    if schedule.state != "paused" or schedule.pause_reason is None:
        return None
    channel = tx.session.get_one(Channel, schedule.channel_id)
    note = notes.schedule_paused(schedule.question, channel.name, schedule.pause_reason)
    return PostMessage(delivery.recipient, *note)


def render_paused_outside(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the message without names, for an owner who may not be in the channel.

    Slack does not say who is in a private channel that the bot has left.
    """
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    if schedule.state != "paused" or schedule.pause_reason is None:
        return None
    note = notes.schedule_paused_elsewhere(schedule.pause_reason)
    return PostMessage(delivery.recipient, *note)


def render_skipped(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    if schedule.state == "deleted":
        return None
    channel = tx.session.get_one(Channel, schedule.channel_id)
    note = notes.rounds_skipped(
        schedule.question,
        channel.name,
        first=date.fromisoformat(delivery.payload["first"]),
        last=date.fromisoformat(delivery.payload["last"]),
        count=delivery.payload["count"],
        reason=delivery.payload["reason"],
    )
    return PostMessage(delivery.recipient, *note)


MESSAGE_TYPES = (
    *posts.MESSAGE_TYPES,
    MessageType(
        CHECKIN_NOT_POSTED,
        render_not_posted,
        can_see=sees(_channels_of_checkin),
        render_without_access=render_not_posted_outside,
    ),
    MessageType(
        CHECKIN_OFFER_ASK,
        render_ask_offer,
        update=CHECKIN_ASK_CREATED,
        can_see=sees(_channels_of_checkin),
    ),
    MessageType(
        CHECKIN_ASK_CREATED,
        render_ask_created,
        "resend",
        can_see=sees(_channels_of_ask),
    ),
    MessageType(
        CHECKIN_INVITE,
        render_invitation,
        on_sent=participants.on_invited,
        claim=claim_as(Purpose.INVITATION),
        can_see=sees(_channels_of_schedule),
    ),
    MessageType(
        CHECKIN_REMINDER,
        render_reminder,
        claim=claim_as(Purpose.REMINDER),
        on_sent=participants.on_reminder_sent,
        lock=participants.lock_for_reminder,
    ),
    MessageType(
        CHECKIN_REMINDERS_STOPPED,
        render_reminders_stopped,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.NEWS),
        on_sent=participants.on_reminder_sent,
        lock=participants.lock_for_reminder,
    ),
    MessageType(
        CHECKIN_PAUSED,
        render_paused,
        send_after=contact_hours.send_after,
        can_see=sees(_channels_of_schedule),
        render_without_access=render_paused_outside,
    ),
    MessageType(
        CHECKIN_SKIPPED,
        render_skipped,
        send_after=contact_hours.send_after,
        can_see=sees(_channels_of_schedule),
    ),
)
