"""Places where the bot writes to a few people: a channel, a group, or each alone.

1. A feature calls `open_place`. If it gives a name, and the workspace the scope for
   private channels, Slack is asked to make one and to bring these people into it.
   Else, with the scope for groups, and for two to eight people, Slack is asked to open
   their group. Both can be repeated without harm: a channel that was made is found
   again by its name. Without the scopes, or if Slack refuses, the bot writes to each
   alone.
2. The features' hook `on_place_opened` runs once: the feature enqueues its message to
   each of `recipients`.
3. With `set_people` the place follows who is in it: a channel lets people in and takes
   them out. Nobody can leave a group in Slack, so a new one is opened for the others.
   A person who leaves the channel, or can't be in it, reads the messages alone.
4. If Slack no longer lets the bot write there, `lose` opens another place.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Select, select, update

from bot.clock import datetime_to_micros
from bot.people.message_kinds import (
    PEOPLE_OPEN_CHANNEL,
    PEOPLE_OPEN_PLACE,
    PEOPLE_SET_CHANNEL,
)
from bot.runtime import Transaction
from bot.slack.text import is_erased
from bot.workspace import contact_hours, installations
from models import PeerPlace

# The scopes for private channels, and for groups of direct messages.
CHANNELS_SCOPE = "groups:write"
GROUPS_SCOPE = "mpim:write"
# Slack's limits for a group, without the bot.
MIN_PEOPLE, MAX_PEOPLE = 2, 8
# Slack's limit for a channel's name; the end of ours makes it unique.
_MAX_NAME = 80
_TOKEN_LENGTH = 6
# All places are opened one after the other, and a second apart: Slack takes about
# twenty new channels a minute, and fifty groups
# (https://docs.slack.dev/apis/web-api/rate-limits).
_QUEUE = "groups"
_MAX_ROUNDS = 5


def has_channels(tx: Transaction) -> bool:
    """Return True if the workspace lets the bot make private channels."""
    return installations.has_scope(tx, CHANNELS_SCOPE)


def has_groups(tx: Transaction) -> bool:
    """Return True if the workspace lets the bot open groups."""
    return installations.has_scope(tx, GROUPS_SCOPE)


def open_place(
    tx: Transaction, subject: str, people: Iterable[str], *, name: str = ""
) -> PeerPlace:
    """Open a place for people; the subject's feature learns when it is open.

    `subject` is the feature's word and the id of a row, as in "pair:12". With a `name`
    (lowercase letters, digits and hyphens) it may be a private channel. If there is
    neither a channel nor a group, `on_place_opened` runs in this transaction: call it
    last.
    """
    if name:
        token = uuid4().hex[:_TOKEN_LENGTH]
        name = f"{name[: _MAX_NAME - _TOKEN_LENGTH - 1].strip('-')}-{token}"
    place = PeerPlace(
        installation_id=tx.workspace.id,
        subject=subject,
        people=sorted(set(people)),
        name=name if has_channels(tx) else "",
        inside=[],
        outside=[],
        requested_at=tx.now,
    )
    tx.session.add(place)
    tx.session.flush()
    request(tx, place)
    return place


def request(tx: Transaction, place: PeerPlace) -> None:
    """Ask Slack for the best place that is left."""
    if place.name and len(place.people) >= MIN_PEOPLE:
        tx.enqueue(PEOPLE_OPEN_CHANNEL, place.id, to=_QUEUE)
    elif has_groups(tx) and MIN_PEOPLE <= len(place.people) <= MAX_PEOPLE:
        place.name = ""
        tx.enqueue(PEOPLE_OPEN_PLACE, place.id, to=_QUEUE)
    else:
        place.name = ""
        set_open(tx, place, channel=None)


def _of(tx: Transaction, subject: str) -> Select[PeerPlace]:
    return (
        select(PeerPlace)
        .filter_by(installation_id=tx.workspace.id, subject=subject)
        .order_by(PeerPlace.id.desc())
        .execution_options(populate_existing=True)
    )


def latest(tx: Transaction, subject: str) -> PeerPlace | None:
    """Return the subject's last place; None if there is none."""
    return tx.session.scalar(_of(tx, subject).limit(1))


def channels_of(tx: Transaction, subject: str) -> Sequence[str]:
    """Return all channels and groups that the subject has had."""
    return [
        each.channel for each in tx.session.scalars(_of(tx, subject)) if each.channel
    ]


def _by_channel(tx: Transaction, channel: str) -> Select[PeerPlace]:
    return (
        select(PeerPlace)
        .filter_by(installation_id=tx.workspace.id, channel=channel)
        .order_by(PeerPlace.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def find_by_channel(tx: Transaction, channel: str) -> PeerPlace | None:
    """Return the last place in a channel or group; None if there is none."""
    return tx.session.scalar(_by_channel(tx, channel))


def lock_by_channel(tx: Transaction, channel: str) -> PeerPlace | None:
    """Lock and return the last place in a channel or group; None if there is none."""
    return tx.session.scalar(_by_channel(tx, channel).with_for_update())


def channel_of(place: PeerPlace | None) -> str | None:
    """Return the channel or group, if the bot can write there."""
    return place.channel if place is not None and place.lost_at is None else None


def recipients(place: PeerPlace) -> Sequence[str]:
    """Return those to whom a message of the place goes.

    That is the channel or group with those who are not in it, or each person.
    """
    people = [person for person in place.people if not is_erased(person)]
    channel = channel_of(place)
    if channel is None:
        return people
    return [channel, *(each for each in people if each not in place.inside)]


def readers(place: PeerPlace, recipient: str) -> Sequence[str]:
    """Return the people who read a message to one of the recipients."""
    if recipient != place.channel:
        return [recipient]
    return [
        person
        for person in place.people
        if person in place.inside and not is_erased(person)
    ]


def is_settled(place: PeerPlace) -> bool:
    """Return False while someone is in the channel who has to be taken out of it."""
    return not place.name or set(place.inside) <= set(place.people)


def set_people(tx: Transaction, place: PeerPlace, people: Iterable[str]) -> None:
    """Let a place follow who is in it; for a group, open a new one.

    The place is its subject's last one, and the subject is locked.
    """
    wanted = sorted(set(people))
    tx.session.refresh(place, with_for_update=True)
    if wanted == place.people:
        return
    if not place.name and (place.channel is not None or place.opened_at is None):
        open_place(tx, place.subject, wanted)
        return
    place.people = wanted
    place.outside = [each for each in place.outside if each in wanted]
    tx.session.flush()
    if channel_of(place) is not None:
        enqueue_members(tx, place)


def enqueue_members(tx: Transaction, place: PeerPlace) -> None:
    """Let people into the channel and take others out of it, as the place says."""
    tx.enqueue_updates(PEOPLE_SET_CHANNEL, [(place.id, _QUEUE)])


def before(tx: Transaction, place: PeerPlace) -> Sequence[PeerPlace]:
    """Return the earlier places of the place's subject, the last first."""
    return tx.session.scalars(
        _of(tx, place.subject).where(PeerPlace.id < place.id)
    ).all()


def lose(tx: Transaction, place: PeerPlace) -> None:
    """Open another place, since the bot can no longer write in this one.

    It is a group after a channel, and each person alone after a group.
    """
    if place.lost_at is not None:
        return
    place.lost_at = tx.now
    tx.session.flush()
    following = latest(tx, place.subject)
    if following is None or following.id != place.id:
        return
    if place.name:
        open_place(tx, place.subject, place.people)
        return
    alone = PeerPlace(
        installation_id=tx.workspace.id,
        subject=place.subject,
        people=place.people,
        inside=[],
        outside=[],
        requested_at=tx.now,
    )
    tx.session.add(alone)
    tx.session.flush()
    set_open(tx, alone, channel=None)


def on_member_left(tx: Transaction, channel: str, member: str, at: datetime) -> None:
    """Write to a person alone who left the channel, and don't invite them again.

    People can leave a group, too, if one of them made it a channel.
    """
    place = lock_by_channel(tx, channel)
    if place is None or not _is_latest(place, member, at):
        return
    if member not in place.inside:
        # They are still being invited, or were never there.
        return
    place.inside = [each for each in place.inside if each != member]
    if member in place.people:
        place.outside = sorted({*place.outside, member})


def _is_latest(place: PeerPlace, member: str, at: datetime) -> bool:
    """Store the time of an event about one of the people.

    Return False if they came or left since, and for other people.
    """
    micros = datetime_to_micros(at)
    if member not in {*place.people, *place.inside}:
        return False
    if micros < place.changed_micros.get(member, 0):
        return False
    place.changed_micros = {**place.changed_micros, member: micros}
    return True


def on_member_joined(tx: Transaction, channel: str, member: str, at: datetime) -> None:
    """Write to a person in the channel who came back."""
    place = lock_by_channel(tx, channel)
    if place is None or not _is_latest(place, member, at):
        return
    if member not in place.people:
        return
    place.inside = sorted({*place.inside, member})
    place.outside = [each for each in place.outside if each != member]


def on_channel_id_changed(tx: Transaction, old_id: str, new_id: str) -> None:
    """Write at the new id of a channel, for example when it is shared."""
    tx.session.execute(
        update(PeerPlace)
        .where(
            PeerPlace.installation_id == tx.workspace.id, PeerPlace.channel == old_id
        )
        .values(channel=new_id)
    )


def contact_time(
    tx: Transaction, people: Iterable[str], *, since: datetime | None = None
) -> datetime:
    """Return a time (UTC) that suits all of the people, from now on.

    If they have no hour in common, it suits the one who can be contacted first. If
    someone is away and it is unknown for how long, it is the time to check again.
    """
    hours = [contact_hours.for_message(tx, person, since=since) for person in {*people}]
    at = tx.now
    for _ in range(_MAX_ROUNDS):
        suits = max((each.next_allowed(at) for each in hours), default=at)
        if suits == at:
            return at
        at = suits
    times = [each.next_allowed(tx.now) for each in hours]
    return max(times) if any(each.is_away for each in hours) else min(times)


def missing(place: PeerPlace) -> list[str]:
    """Return those who have to be invited."""
    known = {*place.inside, *place.outside}
    return [each for each in place.people if each not in known and not is_erased(each)]


def set_open(tx: Transaction, place: PeerPlace, *, channel: str | None) -> None:
    """Store that the place is open, and tell its feature, once."""
    if place.opened_at is not None:
        return
    place.opened_at, place.channel = tx.now, channel
    if channel is not None and not place.name:
        place.inside = place.people
    tx.session.flush()
    tx.features.on_place_opened(tx, place)
