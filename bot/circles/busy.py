"""Meetings that people have in their other circles, so that no two are at one time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot import timezones
from bot.circles import rules
from bot.circles.formats import Format
from bot.circles.meeting_times import Recurrence, all_dates, as_moved
from bot.people.ask_facts import among
from bot.runtime import Transaction
from models import Circle, CircleMeeting, CircleMember, CircleSeason

# Begin and end (UTC).
Span = tuple[datetime, datetime]


def is_busy(
    tx: Transaction,
    season: CircleSeason | None,
    member: str,
    dates: Iterable[datetime],
    minutes: int,
) -> bool:
    """Return True if another circle of the member meets at one of these times (UTC).

    Without a season, any circle of theirs.
    """
    own = load(tx, season, [member]).get(member, ())
    return rules.is_busy(own, dates, minutes)


def load(
    tx: Transaction, season: CircleSeason | None, members: Collection[str]
) -> Mapping[str, tuple[Span, ...]]:
    """Return the meetings ahead of members in circles of other seasons.

    Circles that have a break are among them: they meet again at the same time. The
    number of statements is always the same.
    """
    rows = tx.session.execute(
        select(
            CircleMember.member,
            Circle.id,
            Circle.starts_at,
            Circle.zone,
            CircleSeason.meetings,
            CircleSeason.weeks_between,
            CircleSeason.minutes,
            CircleSeason.holidays_of,
        )
        .join(Circle, Circle.id == CircleMember.circle_id)
        .join(CircleSeason, CircleSeason.id == Circle.season_id)
        .where(
            Circle.installation_id == tx.workspace.id,
            *([] if season is None else [Circle.season_id != season.id]),
            Circle.starts_at.is_not(None),
            Circle.is_in_writing.is_(False),
            Circle.ended_at.is_(None),
            CircleSeason.ended_at.is_(None),
            CircleSeason.ends_on >= tx.now.date(),
            among(CircleMember.member, members),
            CircleMember.taken_at.is_not(None),
            CircleMember.left_at.is_(None),
        )
    ).all()
    if not rows:
        return {}
    meetings = _load_meetings(tx, {row.id for row in rows})
    spans = {row.id: _spans(row, meetings[row.id], tx.now) for row in rows}
    by_member: dict[str, tuple[Span, ...]] = defaultdict(tuple)
    for row in rows:
        by_member[row.member] += spans[row.id]
    return by_member


def _load_meetings(tx: Transaction, ids: Collection[int]) -> Mapping[int, list[Any]]:
    rows = tx.session.execute(
        select(
            CircleMeeting.circle_id,
            CircleMeeting.number,
            CircleMeeting.planned_at,
            CircleMeeting.moved_from,
            CircleMeeting.moved_to,
            CircleMeeting.posted_at,
            CircleMeeting.ended_at,
        ).where(
            CircleMeeting.installation_id == tx.workspace.id,
            among(CircleMeeting.circle_id, ids),
        )
    )
    by_circle: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_circle[row.circle_id].append(row)
    return by_circle


def _spans(row: Any, meetings: Collection[Any], now: datetime) -> tuple[Span, ...]:
    recurrence = Recurrence(
        row.meetings,
        row.weeks_between,
        row.minutes,
        Format.TURNS,
        row.holidays_of,
    )
    zone = timezones.get_or_utc(row.zone)
    dates = as_moved(
        all_dates(row.starts_at, zone, recurrence),
        past={each.number: each.planned_at for each in meetings if _is_past(each)},
        moved={each.moved_from: each.moved_to for each in meetings if each.moved_to},
    )
    length = timedelta(minutes=row.minutes)
    return tuple((at, at + length) for at in dates if at + length > now)


def _is_past(meeting: Any) -> bool:
    return meeting.posted_at is not None or meeting.ended_at is not None
