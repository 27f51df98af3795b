"""How much somebody may still give: asked of what stands, with the giver held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, distinct, func, select
from sqlalchemy.orm import Session

from bot import zones
from bot.db import table
from bot.kudos.rules import A_DAY, IN_DAYS, TO_THE_SAME, Receiver
from bot.members import service as members
from bot.outbox import upsert
from bot.text import SOMEONE
from models import Giver, Installation, Member, Thanks

_thanks = table(Thanks)


@dataclass(frozen=True, slots=True)
class Days:
    """The giver's local day, and the days that a limit looks back on, in UTC."""

    starts: datetime
    ends: datetime
    looks_back_to: datetime
    zone: ZoneInfo


def days(at: datetime, member: Member | None) -> Days:
    """The days around `at` where the person is; in UTC where that is not known."""
    zone = zones.zone(member.tz if member else None) or zones.zone("UTC")
    assert zone is not None  # noqa: S101 - every list of zones has it
    starts, ends = zones.day_bounds(at, zone)
    first = zones.local_date(at, zone) - timedelta(days=IN_DAYS - 1)
    return Days(
        starts, ends, zones.resolve(datetime.combine(first, time()), zone), zone
    )


def hold(session: Session, installation_id: int, giver: str) -> None:
    """Let nobody else decide meanwhile what this person may give.

    What they have given is to be read after this, not before.
    """
    insert = upsert(session, Giver).values(
        installation_id=installation_id, member=giver
    )
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["installation_id", "member"],
            set_={"member": insert.excluded.member},
        )
    )


def a_day(session: Session, installation_id: int) -> int:
    """How many people one person may thank in a day, as the workspace chose."""
    chosen = session.scalar(
        select(Installation.kudos_a_day).filter_by(id=installation_id)
    )
    return A_DAY if chosen is None else chosen


def set_a_day(session: Session, installation_id: int, a_day: int) -> None:
    """From now on one person may thank so many in a day, today's included."""
    chosen = None if a_day == A_DAY else a_day
    session.get_one(Installation, installation_id).kudos_a_day = chosen


def spent(session: Session, installation_id: int, giver: str, within: Days) -> int:
    """What the giver has given in the day: one a receiver, one where they joined in."""
    joined = case((_thanks.c.is_second, _thanks.c.kudos_id))
    given = case((_thanks.c.is_second.is_(False), 1))
    return session.execute(
        select(func.count(given) + func.count(distinct(joined))).where(
            _by(installation_id, giver),
            _thanks.c.given_at >= within.starts,
            _thanks.c.given_at < within.ends,
        )
    ).scalar_one()


def left(session: Session, installation_id: int, giver: str, at: datetime) -> int:
    """How many the person has left in the day of `at`, wherever they are then."""
    within = days(at, members.find(session, installation_id, giver))
    allowed = a_day(session, installation_id)
    return max(0, allowed - spent(session, installation_id, giver, within))


def receivers(
    session: Session,
    installation_id: int,
    giver: str,
    slack_ids: Iterable[str],
    within: Days,
) -> dict[str, Receiver]:
    """Who these people are, and how often the giver has thanked them lately."""
    wanted = set(slack_ids)
    lately: dict[str, list[datetime]] = {}
    for receiver, given_at in session.execute(
        select(_thanks.c.receiver, _thanks.c.given_at)
        .where(
            _by(installation_id, giver),
            _thanks.c.receiver.in_(wanted),
            # What was given since counts, too: of yesterday's reactions some are heard
            # of today.
            _thanks.c.given_at >= within.looks_back_to,
        )
        .order_by(_thanks.c.given_at)
    ):
        lately.setdefault(receiver, []).append(given_at)
    rows = session.scalars(
        select(Member).where(
            Member.installation_id == installation_id, Member.slack_id.in_(wanted)
        )
    )
    known = {row.slack_id: row for row in rows}
    names = members.told_apart(known.values())
    return {
        one: _receiver(known.get(one), names.get(one), lately.get(one, []), within.zone)
        for one in wanted
    }


def _by(installation_id: int, giver: str) -> ColumnElement[bool]:
    return and_(_thanks.c.installation_id == installation_id, _thanks.c.giver == giver)


def _receiver(
    member: Member | None,
    name: str | None,
    lately: Sequence[datetime],
    zone: ZoneInfo,
) -> Receiver:
    again = ""
    if len(lately) >= TO_THE_SAME:
        first = lately[-TO_THE_SAME].astimezone(zone).date() + timedelta(days=IN_DAYS)
        again = f"{first:%a} {first.day} {first:%b}"
    # Of somebody whom Slack doesn't know we have learned only that they are gone.
    if member is None or member.looked_up_at is None or not _is_somebody(member):
        return Receiver(SOMEONE, is_known=False)
    return Receiver(
        name=name or SOMEONE,
        is_bot=member.is_bot,
        is_deactivated=member.is_deactivated,
        is_stranger=member.is_stranger,
        times=len(lately),
        again=again,
    )


def _is_somebody(member: Member) -> bool:
    return bool(member.name) or not member.is_deactivated
