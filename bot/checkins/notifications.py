"""Draw what people share in check-ins, and what they are told."""

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from bot.checkins import (
    blockers,
    blocks,
    digest,
    notes,
    participants,
    reminders,
    responses,
    round_outcomes,
    sharing,
)
from bot.checkins.blocks import RoundPrompt
from bot.checkins.message_kinds import (
    CHECKIN_ASK_CREATED,
    CHECKIN_DIGEST,
    CHECKIN_INVITE,
    CHECKIN_NOT_POSTED,
    CHECKIN_OFFER_ASK,
    CHECKIN_PAUSED,
    CHECKIN_POST,
    CHECKIN_REMINDER,
    CHECKIN_REMINDERS_STOPPED,
    CHECKIN_RESPONSE,
    CHECKIN_SKIPPED,
    CHECKIN_SYNC_THREAD,
    CHECKIN_UPDATE_RESPONSE,
)
from bot.checkins.sharing import view_of
from bot.errors import UserError
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack import rich_text
from bot.slack.actions import (
    DeleteMessage,
    FetchReplies,
    PostIfMember,
    PostMessage,
    Reschedule,
    SlackAction,
    UpdateMessage,
)
from bot.slack.blocks import Note
from bot.slack.text import is_erased, permalink
from bot.workspace import contact_hours, members
from models import Ask, Channel, CheckIn, OutboxItem, Round, Schedule


def render_digest(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    one = tx.session.get_one(Round, delivery.subject_id)
    if one.state != "closed" or one.ts is None:
        return None
    return UpdateMessage(delivery.recipient, one.ts, *digest.compose(tx, one))


def render_response(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    found = tx.session.get(CheckIn, delivery.subject_id)
    if found is None or not found.has_text or is_erased(found.member):
        return None
    one = tx.session.get_one(Round, found.round_id)
    text, drawn = _response_message(tx, one, found)
    return PostMessage(delivery.recipient, text, drawn, one.ts)


def render_response_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    found = tx.session.get(CheckIn, delivery.subject_id)
    if found is None or found.ts is None:
        return None
    if not found.has_text or is_erased(found.member):
        return DeleteMessage(delivery.recipient, found.ts)
    one = tx.session.get_one(Round, found.round_id)
    return UpdateMessage(
        delivery.recipient, found.ts, *_response_message(tx, one, found)
    )


def _response_message(tx: Transaction, round_: Round, checkin: CheckIn) -> Note:
    return blocks.response_message(
        checkin.member,
        members.name(tx, checkin.member),
        sharing.prompt_of(round_),
        sharing.response_of(checkin),
        blockers.visible_blocker(tx, checkin),
    )


def render_thread_sync(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    one = tx.session.get_one(Round, delivery.subject_id)
    return None if one.ts is None else FetchReplies(delivery.recipient, one.ts)


def render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    found = tx.session.get(CheckIn, delivery.subject_id)
    if found is None or not found.has_text or found.ts is not None:
        return None
    one = tx.session.get_one(Round, found.round_id)
    channel = tx.session.get_one(Channel, one.channel_id)
    _, drawn = _response_message(tx, one, found)
    error = delivery.payload["error"]
    return _direct_message(
        delivery, notes.response_not_posted(f"#{channel.name}", drawn, error)
    )


def render_not_posted_outside(
    tx: Transaction, delivery: Delivery
) -> SlackAction | None:
    """Whoever has left a private channel gets their own words back, and no more."""
    found = tx.session.get(CheckIn, delivery.subject_id)
    if found is None or not found.has_text or found.ts is not None:
        return None
    _, drawn = blocks.response_message(
        found.member,
        members.name(tx, found.member),
        RoundPrompt(""),
        sharing.response_of(found),
        None,
    )
    error = delivery.payload["error"]
    return _direct_message(
        delivery, notes.response_not_posted("a private channel", drawn, error)
    )


def render_ask_offer(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    found = tx.session.get(CheckIn, delivery.subject_id)
    if found is None or not found.stuck_on or blockers.has_asked(tx.session, found):
        return None
    return _direct_message(delivery, notes.ask_offer(found.id, found.stuck_on))


def render_ask_created(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """In place of the offer, wherever that was sent."""
    found = tx.session.get(CheckIn, delivery.subject_id)
    sent = tx.session.scalar(
        select(OutboxItem).filter_by(
            installation_id=tx.workspace.id,
            key=f"checkin.stuck:{delivery.subject_id}:{delivery.recipient}",
        )
    )
    if found is None or sent is None or not (sent.slack_channel and sent.ts):
        return None
    ask = tx.session.get(Ask, found.ask_id) if found.ask_id else None
    if ask is None or ask.deleted_at is not None:
        note = notes.ask_offer(found.id, found.stuck_on)
    elif ask.ts is None:
        # Its address is known in a moment.
        title = members.text_with_names(tx, ask.title)
        note = notes.ask_created(title, "")
    else:
        asked_in = tx.session.get_one(Channel, ask.channel_id)
        url = permalink(tx.workspace.team_url, asked_in.slack_id, ask.ts)
        title = members.text_with_names(tx, ask.title)
        note = notes.ask_created(title, url)
    return UpdateMessage(sent.slack_channel, sent.ts, *note)


def render_invitation(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    seat = responses.get_participant(tx.session, schedule.id, delivery.recipient)
    found = responses.get(tx.session, delivery.payload["round"], delivery.recipient)
    if schedule.state == "deleted" or (seat and (seat.is_in or seat.is_asked)):
        return None
    if found is None or found.state != "shared":
        return None
    try:
        responses.require_allowed(tx, channel, delivery.recipient)
    except UserError:
        return None
    note = notes.invitation(found.round_id, schedule.question, channel=channel.name)
    return _direct_message(delivery, note)


def render_reminder(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    one = tx.session.get_one(Round, delivery.subject_id)
    now, member = delivery.started_at, delivery.recipient
    if now >= one.closes_at:
        return None
    if not reminders.should_remind(tx, one, member):
        return None
    person = contact_hours.get(replace(tx, now=now), member)
    at = person.next_allowed(now)
    if at > now:
        return Reschedule(at) if at < one.closes_at else None
    channel = tx.session.get_one(Channel, one.channel_id)
    zone = members.zone(tx, member)
    note = notes.reminder(
        one.id,
        one.schedule_id,
        one.question,
        channel=channel.name,
        url=permalink(tx.workspace.team_url, channel.slack_id, one.ts or ""),
        until=rich_text.date_token(one.closes_at, zone),
    )
    return _if_member(delivery, channel, note)


def render_reminders_stopped(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    if not reminders.is_still_stopped(tx, delivery):
        return None
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    note = notes.reminders_stopped(schedule.id, schedule.question, channel=channel.name)
    return _if_member(delivery, channel, note)


def _channels_of_checkin(tx: Transaction, delivery: Delivery) -> list[int]:
    found = tx.session.get(CheckIn, delivery.subject_id)
    return [tx.session.get_one(Round, found.round_id).channel_id] if found else []


def _channels_of_ask(tx: Transaction, delivery: Delivery) -> list[int]:
    """The channel of a check-in, and the one in which it became an ask."""
    found = tx.session.get(CheckIn, delivery.subject_id)
    ask = tx.session.get(Ask, found.ask_id) if found and found.ask_id else None
    return [
        *_channels_of_checkin(tx, delivery),
        *([ask.channel_id] if ask else []),
    ]


def _channels_of_schedule(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(Schedule, delivery.subject_id).channel_id]


def _direct_message(delivery: Delivery, note: Note) -> PostMessage:
    text, drawn = note
    return PostMessage(delivery.recipient, text, drawn)


def _if_member(
    delivery: Delivery, channel: Channel, note: Note
) -> PostMessage | PostIfMember:
    """What is asked in a private channel is told to none but the people in it."""
    letter = _direct_message(delivery, note)
    return PostIfMember(letter, channel.slack_id) if channel.is_private else letter


def render_post(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """The round's one post; too late, it is none."""
    one = tx.session.get_one(Round, delivery.subject_id)
    if one.state == "closed":
        # Only when what it says of somebody is to be reworded.
        return PostMessage(delivery.recipient, *digest.compose(tx, one))
    if one.state != "open" or delivery.started_at >= one.post_before:
        return None
    channel = tx.session.get_one(Channel, one.channel_id)
    last = digest.previous_round(tx, one)
    text, drawn = blocks.round_post(view_of(tx.session, one), last)
    return PostMessage(channel.slack_id, text, drawn)


def render_paused(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    if schedule.state != "paused" or schedule.paused_because is None:
        return None
    channel = tx.session.get_one(Channel, schedule.channel_id)
    text, drawn = notes.schedule_paused(
        schedule.question, channel.name, schedule.paused_because
    )
    return PostMessage(delivery.recipient, text, drawn)


def render_paused_outside(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Nobody can tell who is in a private channel that the bot has left."""
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    if schedule.state != "paused" or schedule.paused_because is None:
        return None
    text, drawn = notes.schedule_paused_elsewhere(schedule.paused_because)
    return PostMessage(delivery.recipient, text, drawn)


def render_skipped(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    schedule = tx.session.get_one(Schedule, delivery.subject_id)
    if schedule.state == "deleted":
        return None
    channel = tx.session.get_one(Channel, schedule.channel_id)
    text, drawn = notes.rounds_skipped(
        schedule.question,
        channel.name,
        first=date.fromisoformat(delivery.payload["first"]),
        last=date.fromisoformat(delivery.payload["last"]),
        count=delivery.payload["count"],
        reason=delivery.payload["reason"],
    )
    return PostMessage(delivery.recipient, text, drawn)


MESSAGE_TYPES = (
    MessageType(
        CHECKIN_DIGEST,
        render_digest,
        "repeat",
        on_rejected=round_outcomes.on_update_rejected,
        lock=round_outcomes.lock,
    ),
    MessageType(
        CHECKIN_RESPONSE,
        render_response,
        on_sent=sharing.on_posted,
        on_rejected=sharing.on_rejected,
        on_lost=sharing.on_lost,
        lock=sharing.lock,
    ),
    MessageType(
        CHECKIN_NOT_POSTED,
        render_not_posted,
        quoted_channels=_channels_of_checkin,
        render_without_access=render_not_posted_outside,
    ),
    MessageType(
        CHECKIN_UPDATE_RESPONSE,
        render_response_update,
        "repeat",
        on_rejected=sharing.on_update_rejected,
        lock=sharing.lock,
    ),
    MessageType(
        CHECKIN_SYNC_THREAD,
        render_thread_sync,
        "repeat",
        on_sent=responses.import_thread,
        on_rejected=round_outcomes.on_update_rejected,
        lock=round_outcomes.lock,
    ),
    MessageType(
        CHECKIN_OFFER_ASK,
        render_ask_offer,
        on_sent=sharing.on_offer_sent,
        lock=sharing.lock,
        quoted_channels=_channels_of_checkin,
    ),
    MessageType(
        CHECKIN_ASK_CREATED,
        render_ask_created,
        "repeat",
        quoted_channels=_channels_of_ask,
    ),
    MessageType(
        CHECKIN_INVITE,
        render_invitation,
        on_sent=participants.on_invited,
        quoted_channels=_channels_of_schedule,
    ),
    MessageType(
        CHECKIN_REMINDER,
        render_reminder,
        on_sent=reminders.on_sent,
        lock=reminders.lock,
    ),
    MessageType(
        CHECKIN_REMINDERS_STOPPED,
        render_reminders_stopped,
        send_after=contact_hours.send_after,
        on_sent=reminders.on_sent,
        lock=reminders.lock,
    ),
    MessageType(
        CHECKIN_POST,
        render_post,
        on_sent=round_outcomes.on_posted,
        on_rejected=round_outcomes.on_rejected,
        on_lost=round_outcomes.on_lost,
        lock=round_outcomes.lock_with_schedule,
    ),
    MessageType(
        CHECKIN_PAUSED,
        render_paused,
        send_after=contact_hours.send_after,
        quoted_channels=_channels_of_schedule,
        render_without_access=render_paused_outside,
    ),
    MessageType(
        CHECKIN_SKIPPED,
        render_skipped,
        send_after=contact_hours.send_after,
        quoted_channels=_channels_of_schedule,
    ),
)
