"""The outbox's items that open places, and let people into channels and out of them."""

from datetime import datetime

from sqlalchemy import select

from bot.clock import datetime_to_micros
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.people import places
from bot.people.message_kinds import (
    PEOPLE_OPEN_CHANNEL,
    PEOPLE_OPEN_PLACE,
    PEOPLE_SET_CHANNEL,
)
from bot.runtime import Transaction
from bot.slack.actions import SlackAction
from bot.slack.channel_actions import (
    ChannelPeople,
    OpenChannel,
    OpenGroup,
    SetChannelMembers,
)
from bot.slack.text import ERASED_PREFIX, is_erased
from models import Member, PeerPlace


def _render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Open the group or the channel, with those who are in it now."""
    place = tx.session.get(PeerPlace, delivery.subject_id)
    if place is None or place.opened_at is not None:
        return None
    people = [person for person in place.people if not is_erased(person)]
    if place.name:
        return OpenChannel(place.name, tx.workspace.bot_user_id, people)
    return OpenGroup(people)


def _on_opened(tx: Transaction, delivery: Delivery, channel: str) -> None:
    place = _lock(tx, delivery)
    if place is not None:
        places.set_open(tx, place, channel=channel)


def _on_channel_opened(
    tx: Transaction, delivery: Delivery, opened: ChannelPeople
) -> None:
    place = _lock(tx, delivery)
    if place is None or place.opened_at is not None:
        return
    _store(tx, place, opened, since=delivery.started_at)
    places.set_open(tx, place, channel=opened.channel)
    if not places.is_settled(place) or places.missing(place):
        # Someone left or joined while Slack made the channel.
        places.enqueue_members(tx, place)


def _store(
    tx: Transaction, place: PeerPlace, people: ChannelPeople, *, since: datetime
) -> None:
    """Store what the bot changed; people may have left or come back meanwhile.

    `since` is the time (UTC) from which the bot invited them. One who was forgotten
    since has to be taken out.
    """
    micros = datetime_to_micros(since)
    forgotten = {*people.invited} & _erased(tx)
    invited = {*people.invited} - forgotten
    last = {each: place.changed_micros.get(each, 0) for each in invited}
    left = {
        each for each, at in last.items() if at > micros and each not in place.inside
    }
    inside = {*place.inside, *invited} - {*people.removed} - left
    if forgotten:
        inside.add(ERASED_PREFIX)
    place.inside = sorted(inside)
    # If Slack delivers late that they left before, that is not news.
    latest = {each: max(at, micros) for each, at in last.items()}
    place.changed_micros = {**place.changed_micros, **latest}
    outside = {*place.outside, *people.refused, *left} - inside
    place.outside = sorted(outside & {*place.people})


def _on_refused(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Write to each alone.

    Slack opens no group with someone who is deactivated (`user_disabled`), unknown or
    invisible to the bot (`user_not_found`, `user_not_visible`), or of organisations
    that share no channel (`invalid_user_combination`); or the app may open none.
    """
    place = _lock(tx, delivery)
    if place is not None and place.opened_at is None:
        places.set_open(tx, place, channel=None)


def _on_channel_refused(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Open a group instead.

    The workspace lets the bot make no channel (`restricted_action`), it has too many,
    or a person has one of this name (`name_taken`); or nobody can be in it.
    """
    place = _lock(tx, delivery)
    if place is not None and place.opened_at is None:
        place.name = ""
        places.request(tx, place)


def _lock(tx: Transaction, delivery: Delivery) -> PeerPlace | None:
    return tx.session.scalar(
        select(PeerPlace)
        .filter_by(id=delivery.subject_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _render_members(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Let those into the channel who are missing, and take the others out of it."""
    place = tx.session.get(PeerPlace, delivery.subject_id, populate_existing=True)
    channel = places.channel_of(place)
    if place is None or channel is None:
        return None
    gone = [each for each in place.inside if each not in place.people]
    invited = places.missing(place)
    if not gone and not invited:
        return None
    return SetChannelMembers(
        channel,
        invited=invited,
        removed=gone,
        erased=_erased(tx) if any(map(is_erased, gone)) else frozenset(),
    )


def _erased(tx: Transaction) -> frozenset[str]:
    """Return Slack's ids of those who were forgotten: one of them is in the channel."""
    return frozenset(
        tx.session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == tx.workspace.id,
                Member.erased_at.is_not(None),
            )
        )
    )


def _on_members_set(tx: Transaction, delivery: Delivery, people: ChannelPeople) -> None:
    place = _lock(tx, delivery)
    if place is not None:
        _store(tx, place, people, since=delivery.started_at)


def _on_members_refused(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Open another place.

    The bot is no longer in the channel (`channel_not_found`, `not_in_channel`), it is
    archived, or the workspace lets the bot take nobody out (`restricted_action`).
    """
    place = _lock(tx, delivery)
    if place is not None:
        places.lose(tx, place)


MESSAGE_TYPES = (
    MessageType(
        PEOPLE_OPEN_PLACE,
        _render,
        "resend",
        on_sent=_on_opened,
        on_rejected=_on_refused,
    ),
    MessageType(
        PEOPLE_OPEN_CHANNEL,
        _render,
        "resend",
        on_sent=_on_channel_opened,
        on_rejected=_on_channel_refused,
    ),
    MessageType(
        PEOPLE_SET_CHANNEL,
        _render_members,
        "resend",
        on_sent=_on_members_set,
        on_rejected=_on_members_refused,
    ),
)
