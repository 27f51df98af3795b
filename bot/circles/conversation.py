"""The conversation of a circle: a channel, a group, or direct messages to each.

The bot posts what is for all once in the channel or the group, and sends it to each
person who is not in it. The bot reads nothing there. The functions that change the
people of a circle call `follow`, under the lock of its season.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from bot.circles import meeting_store as store
from bot.circles.message_kinds import CIRCLE_UPDATE_GREETING
from bot.outbox import lookup
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType, Render
from bot.outbox.queue import Delivery
from bot.people import places
from bot.runtime import Transaction
from bot.slack.actions import Reschedule, SlackAction
from bot.slack.text import to_plain
from bot.workspace import contact_hours
from models import (
    Circle,
    CircleMeeting,
    CircleMeetingMessage,
    CircleSeason,
    PeerPlace,
)

# The subject of a circle's place begins with it, and ends with the circle's id.
_SUBJECT = "circle:"
# Slack's errors if the bot can't write there any longer.
GONE = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "restricted_action"}
)
# Key in the payload of a message to all: what makes it unique beside its subject.
_OCCURRENCE = "occurrence"
_SETTLES_IN = timedelta(seconds=10)
_MAX_THEME = 40
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def subject(circle_id: int) -> str:
    """Return the subject of a circle's places."""
    return f"{_SUBJECT}{circle_id}"


def place_of(tx: Transaction, circle_id: int) -> PeerPlace | None:
    """Return the circle's place; None for one that was never opened."""
    return places.latest(tx, subject(circle_id))


def circle_of(place: PeerPlace) -> int | None:
    """Return the id of the place's circle; None for a place of another feature."""
    if not place.subject.startswith(_SUBJECT):
        return None
    return int(place.subject.removeprefix(_SUBJECT))


def channel_of(tx: Transaction, circle_id: int) -> str | None:
    """Return the channel or group, if the circle has one."""
    return places.channel_of(place_of(tx, circle_id))


def has_past(tx: Transaction, circle_id: int) -> bool:
    """Return True if people who join the circle can read what was written before."""
    place = place_of(tx, circle_id)
    return place is not None and bool(place.name) and place.lost_at is None


def is_opening(tx: Transaction, circle_id: int) -> bool:
    """Return True while Slack is asked for the circle's place."""
    place = place_of(tx, circle_id)
    return place is not None and place.opened_at is None


def channel_for(tx: Transaction, circle_id: int, reader: str) -> str:
    """Return the channel that the circle's page links for a reader; empty if none."""
    place = place_of(tx, circle_id)
    if place is None or not place.name or reader not in place.inside:
        return ""
    return places.channel_of(place) or ""


def all_channels(tx: Transaction, circle_id: int) -> Sequence[str]:
    """Return the channels and groups that the circle has or had."""
    return places.channels_of(tx, subject(circle_id))


def open_for(tx: Transaction, circle: Circle) -> None:
    """Open the circle's place; `greetings` introduces the people there.

    Without a channel or a group, that happens in this transaction.
    """
    places.open_place(
        tx,
        subject(circle.id),
        store.members_of(tx, circle.id),
        name=_name(tx, circle),
    )


def _name(tx: Transaction, circle: Circle) -> str:
    """Return a name for a channel: "circle-" and the theme, if there is one."""
    season = tx.session.get(CircleSeason, circle.season_id)
    theme = to_plain(season.theme) if season is not None else ""
    plain = unicodedata.normalize("NFKD", theme).encode("ascii", "ignore").decode()
    words = _NOT_IN_NAMES.sub("-", plain.lower()).strip("-")[:_MAX_THEME]
    return f"circle-{words}".strip("-")


def open_if_missing(tx: Transaction, circle: Circle) -> None:
    """Open a place for a circle that has none, if there is a scope for one now.

    A circle whose channel or group is gone gets no other one.
    """
    if circle.introduced_at is None or not (
        places.has_channels(tx) or places.has_groups(tx)
    ):
        return
    place = place_of(tx, circle.id)
    if place is None or (
        place.opened_at is not None
        and place.channel is None
        and not any(each.inside for each in places.before(tx, place))
    ):
        open_for(tx, circle)


def follow(tx: Transaction, circle: Circle) -> None:
    """Let the place follow who is in the circle, until the circle ends."""
    place = place_of(tx, circle.id)
    if place is None or store.is_over(tx, circle):
        return
    show(tx, circle.id)
    places.set_people(tx, place, store.members_of(tx, circle.id))


def show(tx: Transaction, circle_id: int) -> None:
    """Show in the greeting what has changed of a circle."""
    place = place_of(tx, circle_id)
    channel = places.channel_of(place)
    if place is not None and channel is not None:
        tx.enqueue_updates(CIRCLE_UPDATE_GREETING, [(place.id, channel)])


# Messages to all


def recipients(tx: Transaction, circle_id: int) -> list[str]:
    """Return those to whom a message to all goes.

    That is the channel or the group, and the people who are not in it.
    """
    people = list(store.members_of(tx, circle_id))
    place = place_of(tx, circle_id)
    channel = places.channel_of(place)
    if place is None or channel is None:
        return people
    return [channel, *(each for each in people if each not in place.inside)]


def readers(tx: Transaction, circle_id: int, recipient: str) -> list[str]:
    """Return the people in the circle who read a message to a recipient."""
    people = store.members_of(tx, circle_id)
    if recipient in people:
        return [recipient]
    place = place_of(tx, circle_id)
    if place is None or recipient != places.channel_of(place):
        return []
    return [each for each in people if each in place.inside]


def send(
    tx: Transaction,
    kind: MessageKind,
    subject_id: int,
    circle_id: int,
    *,
    occurrence: str = "",
    payload: dict[str, Any] | None = None,
) -> None:
    """Enqueue a message to all in a circle, once for each `occurrence`."""
    for recipient in recipients(tx, circle_id):
        tx.enqueue(
            kind,
            subject_id,
            to=recipient,
            payload={**(payload or {}), _OCCURRENCE: occurrence},
            occurrence=occurrence,
        )


def send_waiting(tx: Transaction, circle_id: int) -> None:
    """Send to the circle as it is now what still waits for its channels and groups.

    Nothing is posted at an earlier one.
    """
    channels = all_channels(tx, circle_id)
    for item in lookup.waiting(tx.session, tx.workspace.id, channels):
        if _OCCURRENCE in item.payload:
            send(
                tx,
                MessageKind(item.kind),
                item.subject_id,
                circle_id,
                occurrence=item.payload[_OCCURRENCE],
                payload=item.payload,
            )


def on_channel_id_changed(tx: Transaction, old_id: str, new_id: str) -> None:
    """Edit the agendas at the new id of a circle's channel."""
    meetings = select(CircleMeeting.id).filter_by(installation_id=tx.workspace.id)
    tx.session.execute(
        update(CircleMeetingMessage)
        .where(
            CircleMeetingMessage.meeting_id.in_(meetings),
            CircleMeetingMessage.recipient == old_id,
        )
        .values(recipient=new_id, slack_channel=new_id)
        .execution_options(synchronize_session=False)
    )


def message_type(kind: MessageKind, render: Render) -> MessageType:
    """Return the type of a message to all, which `send` enqueues."""
    return MessageType(
        kind,
        when_settled(render),
        send_after=send_after,
        lock=lock_place,
        on_rejected=_on_rejected,
        on_lost=_on_lost,
    )


def when_settled(render: Render) -> Render:
    """Wait while a person is in the channel who has left the circle."""

    def render_or_wait(
        tx: Transaction, delivery: Delivery
    ) -> SlackAction | Reschedule | None:
        action = render(tx, delivery)
        place = places.find_by_channel(tx, delivery.recipient)
        if action is None or place is None or places.is_settled(place):
            return action
        return Reschedule(tx.now + _SETTLES_IN)

    return render_or_wait


def send_after(tx: Transaction, delivery: Delivery) -> datetime:
    """Return the earliest time (UTC) that suits all who read the message.

    In a channel or a group, those who are away don't hold the others up.
    """
    place = places.find_by_channel(tx, delivery.recipient)
    if place is None:
        return contact_hours.send_after(tx, delivery)
    people = {*places.readers(place, delivery.recipient)}
    return places.contact_time(
        replace(tx, now=delivery.started_at),
        people - contact_hours.away_members(tx, people) or people,
        since=delivery.first_sent_at,
    )


def lock_place(tx: Transaction, delivery: Delivery) -> None:
    """Lock the place before the message to it."""
    places.lock_by_channel(tx, delivery.recipient)


def lose_if_gone(tx: Transaction, recipient: str, error: str) -> list[str]:
    """Return those who have to get a message each that Slack did not take.

    If the channel or group is gone, the circle gets another place.
    """
    place = places.lock_by_channel(tx, recipient)
    circle_id = circle_of(place) if place is not None else None
    if place is None or circle_id is None:
        return []
    people = [
        each
        for each in store.members_of(tx, circle_id)
        if each in places.readers(place, recipient)
    ]
    if error in GONE:
        places.lose(tx, place)
    return people


def _on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    _send_to_each(tx, delivery, lose_if_gone(tx, delivery.recipient, error))


def _on_lost(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Send it to each alone; if Slack did take it, they read it twice."""
    _send_to_each(tx, delivery, lose_if_gone(tx, delivery.recipient, ""))


def _send_to_each(tx: Transaction, delivery: Delivery, people: Sequence[str]) -> None:
    for member in people:
        tx.enqueue(
            delivery.kind,
            delivery.subject_id,
            to=member,
            payload=delivery.payload,
            occurrence=str(delivery.payload.get(_OCCURRENCE, "")),
        )
