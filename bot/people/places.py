"""Places where the bot writes to a few people: to their group, or to each alone.

1. A feature calls `open_place`. If the workspace gave the scope for groups, and these
   are two to eight people, Slack is asked to open their group, which can be repeated
   without harm. Without the scope, or if Slack refuses, the bot writes to each alone.
2. The features' hook `on_place_opened` runs once: the feature enqueues its message to
   each of `recipients`.

Nobody can leave a group in Slack. When someone leaves a pair or a circle, the feature
opens a new place for the others, and writes only there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.people.message_kinds import PEOPLE_OPEN_PLACE
from bot.runtime import Transaction
from bot.slack.actions import OpenGroup
from bot.slack.text import is_erased
from bot.workspace import contact_hours, installations
from models import PeerPlace

# The scope for groups of direct messages.
GROUPS_SCOPE = "mpim:write"
# Slack's limits for a group, without the bot.
MIN_PEOPLE, MAX_PEOPLE = 2, 8
# All groups are opened one after the other, and a second apart: Slack takes about fifty
# a minute (https://docs.slack.dev/apis/web-api/rate-limits).
_QUEUE = "groups"
_MAX_ROUNDS = 5


def has_groups(tx: Transaction) -> bool:
    """Return True if the workspace lets the bot open groups."""
    return installations.has_scope(tx, GROUPS_SCOPE)


def open_place(tx: Transaction, subject: str, people: Iterable[str]) -> PeerPlace:
    """Open a place for people; the subject's feature learns when it is open.

    `subject` is the feature's word and the id of a row, as in "pair:12". If there is
    no group, `on_place_opened` runs in this transaction: call it last.
    """
    place = PeerPlace(
        installation_id=tx.workspace.id, subject=subject, people=sorted(set(people))
    )
    tx.session.add(place)
    tx.session.flush()
    if has_groups(tx) and MIN_PEOPLE <= len(place.people) <= MAX_PEOPLE:
        tx.enqueue(PEOPLE_OPEN_PLACE, place.id, to=_QUEUE)
    else:
        _set_open(tx, place, channel=None)
    return place


def latest(tx: Transaction, subject: str) -> PeerPlace | None:
    """Return the subject's last place; None if there is none."""
    return tx.session.scalar(
        select(PeerPlace)
        .filter_by(installation_id=tx.workspace.id, subject=subject)
        .order_by(PeerPlace.id.desc())
        .limit(1)
    )


def recipients(place: PeerPlace) -> Sequence[str]:
    """Return those to whom a message of the place goes: the group, or each person."""
    if place.channel is not None:
        return [place.channel]
    return [person for person in place.people if not is_erased(person)]


def readers(place: PeerPlace, recipient: str) -> Sequence[str]:
    """Return the people who read a message to one of the recipients."""
    if recipient != place.channel:
        return [recipient]
    return [person for person in place.people if not is_erased(person)]


def contact_time(
    tx: Transaction, people: Iterable[str], *, since: datetime | None = None
) -> datetime:
    """Return a time (UTC) that suits all of the people, from now on.

    If they have no hour in common, it suits those who can be contacted last.
    """
    at = tx.now
    for _ in range(_MAX_ROUNDS):
        suits = max(
            (
                contact_hours.next_contact_time(
                    replace(tx, now=at), person, since=since
                )
                for person in people
            ),
            default=at,
        )
        if suits == at:
            break
        at = suits
    return at


def _render(tx: Transaction, delivery: Delivery) -> OpenGroup | None:
    place = tx.session.get(PeerPlace, delivery.subject_id)
    if place is None or place.opened_at is not None:
        return None
    return OpenGroup([person for person in place.people if not is_erased(person)])


def _on_opened(tx: Transaction, delivery: Delivery, channel: str) -> None:
    place = _lock(tx, delivery)
    if place is not None:
        _set_open(tx, place, channel=channel)


def _on_refused(tx: Transaction, delivery: Delivery, _error: str) -> None:
    place = _lock(tx, delivery)
    if place is not None:
        _set_open(tx, place, channel=None)


def _lock(tx: Transaction, delivery: Delivery) -> PeerPlace | None:
    return tx.session.scalar(
        select(PeerPlace)
        .filter_by(id=delivery.subject_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _set_open(tx: Transaction, place: PeerPlace, *, channel: str | None) -> None:
    if place.opened_at is not None:
        return
    place.opened_at, place.channel = tx.now, channel
    tx.session.flush()
    tx.features.on_place_opened(tx, place)


MESSAGE_TYPES = (
    MessageType(
        PEOPLE_OPEN_PLACE,
        _render,
        "resend",
        on_sent=_on_opened,
        on_rejected=_on_refused,
    ),
)
