"""How much somebody may still give: asked of what stands, with the giver held."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from bot import zones
from bot.db import prepare, table
from bot.kudos.rules import A_DAY, IN_DAYS, SAME_WITHIN, TO_THE_SAME, Receiver
from bot.members import service as members
from bot.members.rules import Role
from bot.text import SOMEONE
from models import Giver, Installation, Kudos, Member, Thanks

_installations, _members = table(Installation), table(Member)
_kudos, _thanks = table(Kudos), table(Thanks)

_HOLD = prepare(
    Giver,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["installation_id", "member"],
        set_={"member": insert.excluded.member},
    ),
)
_PEOPLE = (
    select(_installations.c.kudos_a_day, *_members.c)
    .select_from(_installations)
    .outerjoin(
        _members,
        and_(
            _members.c.installation_id == _installations.c.id,
            _members.c.slack_id.in_(bindparam("slack_ids", expanding=True)),
        ),
    )
    .where(_installations.c.id == bindparam("installation_id"))
)
# With the words of what was given only a moment ago.
_GIVEN = (
    select(
        _thanks.c.kudos_id,
        _thanks.c.receiver,
        _thanks.c.given_at,
        _thanks.c.is_second,
        _kudos.c.id,
        _kudos.c.channel_id,
        _kudos.c.reason,
        _kudos.c.receivers,
        _kudos.c.about_channel_id,
        _kudos.c.about_ts,
    )
    .select_from(_thanks)
    .outerjoin(
        _kudos,
        and_(
            _kudos.c.id == _thanks.c.kudos_id,
            _kudos.c.giver == _thanks.c.giver,
            _kudos.c.given_at > bindparam("moment_ago"),
            _kudos.c.emoji.is_(None),
        ),
    )
    .where(
        _thanks.c.installation_id == bindparam("installation_id"),
        _thanks.c.giver == bindparam("giver"),
        _thanks.c.given_at >= bindparam("since"),
    )
    .order_by(_thanks.c.given_at, _thanks.c.kudos_id)
)


@dataclass(frozen=True, slots=True)
class Days:
    """The giver's local day, and the days that a limit looks back on, in UTC."""

    starts: datetime
    ends: datetime
    looks_back_to: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Standing:
    """The kudos that a person may still give and to whom, and those just given."""

    left: int
    a_day: int
    # By their profile: those of the workspace's leads are not asked for.
    roles: frozenset[Role]
    receivers: Mapping[str, Receiver]
    # Rows with the columns of kudos, the earliest first.
    just_now: Sequence[Any]


def days(at: datetime, member: Any) -> Days:
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
    session.execute(
        _HOLD(session), {"installation_id": installation_id, "member": giver}
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


def left(session: Session, installation_id: int, giver: str, at: datetime) -> int:
    """How many the person has left in the day of `at`, wherever they are then."""
    return max(0, standing(session, installation_id, giver, (), at=at).left)


def standing(
    session: Session,
    installation_id: int,
    giver: str,
    named: Iterable[str],
    *,
    at: datetime,
) -> Standing:
    """How the person stands in the day of `at`, towards those who are named.

    To be asked with the giver held, and in two statements.
    """
    wanted = set(named)
    rows = session.execute(
        _PEOPLE,
        {"installation_id": installation_id, "slack_ids": list({giver, *wanted})},
    ).all()
    chosen = rows[0].kudos_a_day if rows else None
    a_day = A_DAY if chosen is None else chosen
    known = {row.slack_id: row for row in rows if row.slack_id is not None}
    within = days(at, known.get(giver))
    given = session.execute(
        _GIVEN,
        {
            "installation_id": installation_id,
            "giver": giver,
            "since": within.looks_back_to,
            "moment_ago": at - SAME_WITHIN,
        },
    ).all()
    # What was given since counts, too: of yesterday's reactions some are heard of
    # today.
    lately: dict[str, list[datetime]] = {}
    for row in given:
        lately.setdefault(row.receiver, []).append(row.given_at)
    names = members.told_apart(known[one] for one in wanted if one in known)
    return Standing(
        left=a_day - _spent(given, within),
        a_day=a_day,
        roles=members.roles_by_profile(known.get(giver)),
        receivers={
            one: _receiver(
                known.get(one), names.get(one), lately.get(one, []), within.zone
            )
            for one in wanted
        },
        just_now=[row for row in given if row.id is not None],
    )


def _spent(given: Iterable[Any], within: Days) -> int:
    """Count what was given in the day: one a receiver, one where somebody joined in."""
    today = [row for row in given if within.starts <= row.given_at < within.ends]
    joined = {row.kudos_id for row in today if row.is_second}
    return sum(not row.is_second for row in today) + len(joined)


def _receiver(
    member: Any,
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


def _is_somebody(member: Any) -> bool:
    return bool(member.name) or not member.is_deactivated
