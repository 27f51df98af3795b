"""Introductions in a group of direct messages, where the workspace allows that.

1. With the optional scope, Slack is asked to open a group for each match. Without it,
   or if Slack refuses, the members are introduced one by one.
2. The group reads the introduction at a time that suits all, drawn from what all in it
   may see. The answers to it, the reminder and the questions are for each alone.
3. If someone leaves a three before that, the others are introduced one by one. If
   someone leaves later, the introduction changes.
"""

from dataclasses import replace
from datetime import datetime

from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.queue import Delivery
from bot.pairs import matches, notes, schedule
from bot.pairs.introductions import Introducer
from bot.pairs.message_kinds import (
    PAIR_GROUP_INTRODUCTION,
)
from bot.pairs.rules import Answer, State
from bot.people import places
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, Reschedule, SlackAction, UpdateMessage
from bot.slack.text import SOMEONE
from bot.workspace import members
from models import PairMatch, PairMatchMember, PeerPlace


def on_place_opened(tx: Transaction, place: PeerPlace) -> None:
    """Introduce the members of a match in their group, or one by one."""
    if not place.subject.startswith(schedule.PLACE):
        return
    match = tx.session.get(PairMatch, int(place.subject.removeprefix(schedule.PLACE)))
    if match is None:
        return
    if place.channel is None:
        schedule.introduce_each(tx, match, _current(matches.members_of(tx, match.id)))
        return
    people = matches.members_of(tx, match.id)
    at = max((schedule.start(tx, match, each) for each in people), default=tx.now)
    tx.enqueue(PAIR_GROUP_INTRODUCTION, match.id, to=place.channel, send_at=at)


def _readers(tx: Transaction, delivery: Delivery) -> list[str]:
    """Return those in the group, if it is the match's."""
    place = places.latest(tx, f"{schedule.PLACE}{delivery.subject_id}")
    if place is None or place.channel != delivery.recipient:
        return []
    return list(places.readers(place, delivery.recipient))


def _current(rows: dict[str, PairMatchMember]) -> list[str]:
    return [member for member, row in rows.items() if row.is_current]


def render(tx: Transaction, delivery: Delivery) -> SlackAction | Reschedule | None:
    """Introduce people in their group, unless someone has left or can't come."""
    match = tx.session.get(PairMatch, delivery.subject_id)
    rows = matches.members_of(tx, delivery.subject_id)
    readers = _readers(tx, delivery)
    if match is None or matches.state(rows) is not State.OPEN:
        return None
    if not schedule.is_current(tx, match):
        return None
    if not readers or _current(rows) != sorted(readers):
        return None
    introducer = Introducer(tx, readers, readers)
    if introducer.may_introduce(rows):
        return PostMessage(delivery.recipient, *introducer.note(match))
    return schedule.reschedule(tx, match)


def on_sent(tx: Transaction, delivery: Delivery, _outcome: object) -> None:
    for member in _current(matches.members_of(tx, delivery.subject_id)):
        schedule.follow_up(tx, delivery.subject_id, member)


def on_not_sent(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Introduce people one by one; if Slack did post it, they read it twice."""
    match = tx.session.get(PairMatch, delivery.subject_id)
    if match is not None:
        schedule.introduce_each(tx, match, _current(matches.members_of(tx, match.id)))


def render_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Show in the group who of it can't come, and introduce the others anew."""
    match = tx.session.get(PairMatch, delivery.subject_id)
    key = dedup_key(PAIR_GROUP_INTRODUCTION, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    readers = _readers(tx, delivery)
    if match is None or message is None or not readers:
        return None
    rows = matches.members_of(tx, match.id)
    if matches.state(rows) is not State.CANCELLED:
        note = Introducer(tx, _current(rows), readers).note(match)
    else:
        names = members.first_names(tx, rows)
        gone = [names[each] for each in rows if rows[each].answer == Answer.CANT]
        note = notes.group_cancelled(gone or [SOMEONE])
    return UpdateMessage(*message, *note)


def send_after(tx: Transaction, delivery: Delivery) -> datetime:
    """Return the earliest time (UTC) that suits all in the group."""
    return places.contact_time(
        replace(tx, now=delivery.started_at),
        _readers(tx, delivery),
        since=delivery.first_sent_at,
    )
