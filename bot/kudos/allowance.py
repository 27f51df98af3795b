"""A giver's kudos allowance, computed from the kudos that are not taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, select

from bot import timezones
from bot.db.statements import prepare_insert, table
from bot.kudos.rules import (
    DAILY_ALLOWANCE,
    DUPLICATE_WINDOW,
    MAX_PER_RECIPIENT,
    WINDOW_DAYS,
    Recipient,
)
from bot.permissions import Role
from bot.runtime import Transaction
from bot.slack.text import SOMEONE
from bot.workspace import members, roles
from models import Installation, Kudos, KudosGiverLock, KudosThanks, Member

_installations, _members = table(Installation), table(Member)
_kudos, _thanks = table(Kudos), table(KudosThanks)

_LOCK_GIVER = prepare_insert(
    KudosGiverLock,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["installation_id", "member"],
        set_={"member": insert.excluded.member},
    ),
)
_SELECT_MEMBERS = (
    select(_installations.c.daily_kudos_allowance, *_members.c)
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
# The thanks of the last days; columns of the kudos only within the duplicate window.
_SELECT_GIVEN = (
    select(
        _thanks.c.kudos_id,
        _thanks.c.recipient,
        _thanks.c.given_at,
        _thanks.c.is_join,
        _kudos.c.id,
        _kudos.c.channel_id,
        _kudos.c.reason,
        _kudos.c.recipients,
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
class DayWindow:
    """The giver's local day, and the start of the limit for each recipient, in UTC."""

    starts_at: datetime
    ends_at: datetime
    limit_since: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Allowance:
    """A giver's remaining allowance, facts about recipients, and kudos just given."""

    remaining: int
    daily: int
    # Roles from the giver's profile only, without PROGRAM_LEAD.
    roles: frozenset[Role]
    recipients: Mapping[str, Recipient]
    # Rows with columns of kudos, the earliest first.
    recent_kudos: Sequence[Any]


def day_window(at: datetime, member: Any) -> DayWindow:
    """Return the window for `at` in the member's zone; in UTC if that is unknown."""
    zone = timezones.get(member.tz if member else None) or timezones.get("UTC")
    assert zone is not None  # noqa: S101 - every list of zones has it
    starts, ends = timezones.day_bounds(at, zone)
    first = timezones.local_date(at, zone) - timedelta(days=WINDOW_DAYS - 1)
    return DayWindow(
        starts, ends, timezones.to_utc(datetime.combine(first, time()), zone), zone
    )


def lock_giver(tx: Transaction, giver: str) -> None:
    """Lock the giver, so that no other transaction uses the allowance.

    Read their kudos after this, not before.
    """
    tx.session.execute(
        _LOCK_GIVER(tx.session), {"installation_id": tx.workspace.id, "member": giver}
    )


def daily(tx: Transaction) -> int:
    """Return the workspace's limit on people whom one member may thank in a day."""
    allowance = tx.session.scalar(
        select(Installation.daily_kudos_allowance).filter_by(id=tx.workspace.id)
    )
    return DAILY_ALLOWANCE if allowance is None else allowance


def set_daily(tx: Transaction, allowance: int) -> None:
    """Set the limit on people whom one member may thank in a day, from today on."""
    value = None if allowance == DAILY_ALLOWANCE else allowance
    tx.session.get_one(Installation, tx.workspace.id).daily_kudos_allowance = value


def remaining(tx: Transaction, giver: str, at: datetime) -> int:
    """Return a giver's remaining allowance on the day of `at`, in their own zone."""
    return max(0, load(tx, giver, (), at=at).remaining)


def load(
    tx: Transaction, giver: str, recipients: Iterable[str], *, at: datetime
) -> Allowance:
    """Load a giver's allowance on the day of `at`, with facts about `recipients`.

    Lock the giver first. It runs two statements.
    """
    recipient_ids = set(recipients)
    rows = tx.session.execute(
        _SELECT_MEMBERS,
        {
            "installation_id": tx.workspace.id,
            "slack_ids": list({giver, *recipient_ids}),
        },
    ).all()
    setting = rows[0].daily_kudos_allowance if rows else None
    daily_allowance = DAILY_ALLOWANCE if setting is None else setting
    profiles = {row.slack_id: row for row in rows if row.slack_id is not None}
    window = day_window(at, profiles.get(giver))
    thanks = tx.session.execute(
        _SELECT_GIVEN,
        {
            "installation_id": tx.workspace.id,
            "giver": giver,
            "since": window.limit_since,
            "moment_ago": at - DUPLICATE_WINDOW,
        },
    ).all()
    # Kudos after `at` count, too: an event about yesterday's reaction may arrive today.
    recent: dict[str, list[datetime]] = {}
    for row in thanks:
        recent.setdefault(row.recipient, []).append(row.given_at)
    names = members.distinct_names(
        profiles[recipient] for recipient in recipient_ids if recipient in profiles
    )
    return Allowance(
        remaining=daily_allowance - _used(thanks, window),
        daily=daily_allowance,
        roles=roles.from_profile(profiles.get(giver)),
        recipients={
            recipient: _recipient(
                profiles.get(recipient),
                names.get(recipient),
                recent.get(recipient, []),
                window.zone,
            )
            for recipient in recipient_ids
        },
        recent_kudos=[row for row in thanks if row.id is not None],
    )


def _used(thanks: Iterable[Any], window: DayWindow) -> int:
    """Count the thanks of the day: one for each recipient, or one for joining."""
    today = [row for row in thanks if window.starts_at <= row.given_at < window.ends_at]
    joined = {row.kudos_id for row in today if row.is_join}
    return sum(not row.is_join for row in today) + len(joined)


def _recipient(
    member: Any,
    name: str | None,
    given_at: Sequence[datetime],
    zone: ZoneInfo,
) -> Recipient:
    next_allowed = ""
    if len(given_at) >= MAX_PER_RECIPIENT:
        day = given_at[-MAX_PER_RECIPIENT].astimezone(zone).date() + timedelta(
            days=WINDOW_DAYS
        )
        next_allowed = f"{day:%a} {day.day} {day:%b}"
    # A deactivated member without a name is an id that Slack does not know.
    if member is None or member.fetched_at is None or not _is_identified(member):
        return Recipient(SOMEONE, is_known=False)
    return Recipient(
        name=name or SOMEONE,
        is_bot=member.is_bot,
        is_deactivated=member.is_deactivated,
        is_external=member.is_external,
        recent_count=len(given_at),
        next_allowed=next_allowed,
    )


def _is_identified(member: Any) -> bool:
    return bool(member.name) or not member.is_deactivated
