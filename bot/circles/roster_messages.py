"""Messages about who is in a circle: the greeting, the first note, joined and left."""

from datetime import datetime

from bot.circles import (
    agenda_messages,
    conversation,
    greeting_blocks,
    page_blocks,
    roster,
    seasons,
    service,
)
from bot.circles import meeting_store as store
from bot.circles.message_kinds import (
    CIRCLE_GREETING,
    CIRCLE_JOINED,
    CIRCLE_LEFT,
    CIRCLE_TIME,
    CIRCLE_UPDATE_GREETING,
    CIRCLE_WELCOME,
)
from bot.circles.rules import MAX_THEME, State
from bot.circles.season_blocks import short
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.people import places
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from bot.workspace import contact_hours, members
from models import Circle, CircleMember, PeerPlace


def _circle(tx: Transaction, delivery: Delivery) -> Circle:
    return tx.session.get_one(Circle, delivery.subject_id)


def open_place(tx: Transaction, circle: Circle, member: str) -> CircleMember | None:
    """Return the member's place in a circle that goes on, if it has not ended.

    While it has a break, nothing is sent to it.
    """
    place = tx.session.get(CircleMember, (circle.id, member))
    if place is None or place.left_at is not None or circle.ended_at is not None:
        return None
    if circle.frozen_at is not None:
        return None
    if not service.is_present(tx, circle.program_id, member):
        return None
    season = service.season_of(tx, circle)
    return place if seasons.state(tx, season) is State.RUNNING else None


def _is_read(tx: Transaction, circle: Circle, recipient: str) -> bool:
    """Return True if people in a circle that goes on read a message to a recipient."""
    readers = conversation.readers(tx, circle.id, recipient)
    return any(open_place(tx, circle, each) is not None for each in readers)


# The conversation


def on_place_opened(tx: Transaction, place: PeerPlace) -> None:
    """Greet a circle in its new place, or introduce its people to each alone.

    Those who were introduced before are not introduced again.
    """
    circle_id = conversation.circle_of(place)
    if circle_id is None or _latest(tx, place) is None:
        return
    circle = tx.session.get_one(Circle, circle_id)
    if place.channel is not None:
        tx.enqueue(CIRCLE_GREETING, place.id, to=place.channel)
    roster.welcome_each(tx, circle, without=_introduced(tx, circle, place))
    conversation.send_waiting(tx, circle.id)
    agenda_messages.post_where_they_are(tx, circle)
    # Someone may have left or joined meanwhile.
    conversation.follow(tx, circle)


def on_member_left(tx: Transaction, channel: str, member: str, _at: datetime) -> None:
    """Send to a person alone what they would have read in the circle's channel."""
    place = places.find_by_channel(tx, channel)
    circle = _latest(tx, place) if place is not None else None
    if place is None or circle is None or member not in place.outside:
        return
    conversation.send_waiting(tx, circle.id)
    agenda_messages.post_where_they_are(tx, circle)


def _introduced(tx: Transaction, circle: Circle, place: PeerPlace) -> set[str]:
    """Return those who were introduced in the circle before a place was open.

    They read the greeting in an earlier channel or group, or the first note alone.
    """
    people: set[str] = set()
    following = place
    for each in places.before(tx, place):
        # One that opened after it had been replaced introduced nobody.
        if each.opened_at and each.opened_at <= (following.requested_at or tx.now):
            people |= {*each.people} - {*each.inside}
            key = dedup_key(CIRCLE_GREETING, each.id, each.channel or "")
            if find_sent(tx.session, tx.workspace.id, key):
                people |= {*each.inside}
        following = each
    asked_at = following.requested_at
    if asked_at and asked_at != circle.introduced_at:
        # The circle had met without a place.
        people |= {
            each.member
            for each in service.places(tx, circle)
            if each.taken_at and each.taken_at < asked_at
        }
    return people


def _latest(tx: Transaction, place: PeerPlace) -> Circle | None:
    """Return the circle that goes on in this place; None if it has another one."""
    circle_id = conversation.circle_of(place)
    if circle_id is None:
        return None
    latest = conversation.place_of(tx, circle_id)
    circle = tx.session.get_one(Circle, circle_id)
    if latest is None or latest.id != place.id or store.is_over(tx, circle):
        return None
    return circle


def _greeting(tx: Transaction, delivery: Delivery) -> Note | None:
    place = tx.session.get(PeerPlace, delivery.subject_id)
    circle = _latest(tx, place) if place is not None else None
    if place is None or circle is None:
        return None
    if not _is_read(tx, circle, delivery.recipient):
        return None
    own = [each for each in service.places(tx, circle) if each.taken_at is not None]
    names = members.first_names(tx, {each.member for each in own})
    runs = service.facilitator(tx, circle)
    return greeting_blocks.greeting(
        greeting_blocks.Greeting(
            circle_id=circle.id,
            theme=short(service.season_of(tx, circle).theme, MAX_THEME),
            names=sorted(names.values(), key=str.casefold),
            agreed=sum(each.agreed_at is not None for each in own),
            facilitator=names.get(runs, "") if runs else "",
            is_in_writing=circle.is_in_writing,
            meets_at=service.next_meeting(tx, circle),
            has_time=circle.starts_at is not None,
            zone=service.zone_of(circle),
            is_channel=bool(place.name),
        )
    )


def _render_greeting(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    note = _greeting(tx, delivery)
    return PostMessage(delivery.recipient, *note) if note is not None else None


def _render_greeting_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    key = dedup_key(CIRCLE_GREETING, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    note = _greeting(tx, delivery) if message is not None else None
    if message is None or note is None:
        return None
    return UpdateMessage(*message, *note)


def _on_greeting_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    _introduce_each(tx, delivery, error)


def _on_greeting_lost(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Introduce people one by one; if Slack did post it, they read it twice."""
    _introduce_each(tx, delivery, "")


def _introduce_each(tx: Transaction, delivery: Delivery, error: str) -> None:
    place = tx.session.get_one(PeerPlace, delivery.subject_id)
    circle = _latest(tx, place)
    people = conversation.lose_if_gone(tx, delivery.recipient, error)
    if circle is not None:
        roster.welcome(tx, circle, people)


# To each, or to all


def _render_welcome(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    circle, member = _circle(tx, delivery), delivery.recipient
    place = open_place(tx, circle, member)
    if place is None or place.taken_at is None:
        return None
    return PostMessage(
        member, *page_blocks.welcome_note(service.page(tx, circle, by=member))
    )


def _render_time(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the reminder to choose a time, unless someone has."""
    circle, member = _circle(tx, delivery), delivery.recipient
    place = open_place(tx, circle, member)
    if place is None or place.taken_at is None or circle.starts_at is not None:
        return None
    page = service.page(tx, circle, by=member)
    return PostMessage(member, *page_blocks.time_note(page))


def _render_joined(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    circle, recipient = _circle(tx, delivery), delivery.recipient
    joined = str(delivery.payload["member"])
    people = service.people_in(tx, circle)
    if joined not in people or not _is_read(tx, circle, recipient):
        return None
    names = members.first_names(tx, people)
    note = page_blocks.joined_note([names[joined]], len(people))
    return PostMessage(recipient, *note)


def _render_left(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    circle, recipient = _circle(tx, delivery), delivery.recipient
    if not _is_read(tx, circle, recipient):
        return None
    gone = str(delivery.payload["member"])
    people = service.people_in(tx, circle)
    names = members.first_names(tx, {gone, *people})
    note = page_blocks.left_note([names[gone]], len(people))
    return PostMessage(recipient, *note)


MESSAGE_TYPES = (
    MessageType(
        CIRCLE_GREETING,
        conversation.when_settled(_render_greeting),
        send_after=conversation.send_after,
        lock=conversation.lock_place,
        update=CIRCLE_UPDATE_GREETING,
        on_rejected=_on_greeting_rejected,
        on_lost=_on_greeting_lost,
    ),
    MessageType(
        CIRCLE_UPDATE_GREETING,
        conversation.when_settled(_render_greeting_update),
        "resend",
    ),
    MessageType(CIRCLE_WELCOME, _render_welcome, send_after=contact_hours.send_after),
    MessageType(CIRCLE_TIME, _render_time, send_after=contact_hours.send_after),
    conversation.message_type(CIRCLE_JOINED, _render_joined),
    conversation.message_type(CIRCLE_LEFT, _render_left),
)
