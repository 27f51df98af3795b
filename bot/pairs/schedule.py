"""The introductions of matches: when they are sent, to whom, and what follows."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent, find_state
from bot.pairs import opt_ins, rules
from bot.pairs.message_kinds import (
    PAIR_GROUP_INTRODUCTION,
    PAIR_INTRODUCTION,
    PAIR_QUESTION,
    PAIR_REMINDER,
)
from bot.people import places
from bot.runtime import Transaction
from bot.slack.actions import Reschedule
from bot.workspace import member_settings, members
from models import PairMatch, PairRound

# The subject of a group's place begins with it, and ends with the match's id.
PLACE = "pair:"
# By then the job has taken out those who can no longer be matched.
_RECHECK_AFTER = timedelta(minutes=2)


def current(tx: Transaction) -> Sequence[ColumnElement[bool]]:
    """Return the conditions for matches of a round that is not over.

    It is over when the next one is formed, and some days after the question whether
    people met.
    """
    latest = select(func.max(PairRound.id)).filter_by(installation_id=tx.workspace.id)
    return [
        PairMatch.installation_id == tx.workspace.id,
        PairMatch.round_id == latest.scalar_subquery(),
        PairMatch.formed_at > tx.now - rules.ASK_AFTER - rules.ASK_AGAIN_AFTER,
    ]


def is_current(tx: Transaction, match: PairMatch) -> bool:
    """Return True for a match of a round that is not over."""
    own = select(PairMatch.id).where(PairMatch.id == match.id, *current(tx))
    return tx.session.scalar(own) is not None


def is_early(tx: Transaction, match: PairMatch) -> bool:
    """Return True while people are matched anew: not in a round that is almost over."""
    is_new = match.formed_at > tx.now - rules.REMATCH_FOR
    return is_new and is_current(tx, match)


def introduce_each(tx: Transaction, match: PairMatch, people: Iterable[str]) -> None:
    """Introduce people of a match in a message to each."""
    for member in people:
        at = start(tx, match, member)
        tx.enqueue(PAIR_INTRODUCTION, match.id, to=member, send_at=at)


def start(tx: Transaction, match: PairMatch, member: str) -> datetime:
    """Return the hour (UTC) of the round in a member's zone, or now if it is over."""
    day = tx.session.get_one(PairRound, match.round_id).day
    hour = opt_ins.recurrence(tx).local_time(day, members.zone(tx, member))
    return max(tx.now, hour)


def reschedule(tx: Transaction, match: PairMatch) -> Reschedule | None:
    """Return when to try again to introduce people; None if it is too late."""
    return Reschedule(tx.now + _RECHECK_AFTER) if is_early(tx, match) else None


def follow_up(tx: Transaction, match_id: int, member: str) -> None:
    """Enqueue what comes some days after an introduction, if it makes sense then."""
    holidays_of = member_settings.get(tx, member).holidays_of
    remind_at = rules.remind_at(tx.now, members.zone(tx, member), holidays_of)
    tx.enqueue(PAIR_REMINDER, match_id, to=member, send_at=remind_at)
    ask_at = tx.now + rules.ASK_AFTER
    tx.enqueue(PAIR_QUESTION, match_id, to=member, send_at=ask_at)


def group_of(tx: Transaction, match_id: int) -> str | None:
    """Return Slack's id of the group of a match, if it has one."""
    place = places.latest(tx, f"{PLACE}{match_id}")
    return place.channel if place is not None else None


def is_introduced(tx: Transaction, match_id: int, member: str) -> bool:
    """Return True if the member has read the introduction, alone or in the group."""
    keys = [dedup_key(PAIR_INTRODUCTION, match_id, member)]
    group = group_of(tx, match_id)
    if group is not None:
        keys.append(dedup_key(PAIR_GROUP_INTRODUCTION, match_id, group))
    return any(find_sent(tx.session, tx.workspace.id, key) for key in keys)


def may_be_introduced(tx: Transaction, match_id: int, member: str) -> bool:
    """Return True while it is unknown whether Slack took the introduction."""
    key = dedup_key(PAIR_INTRODUCTION, match_id, member)
    return find_state(tx.session, tx.workspace.id, key) == "unconfirmed"
