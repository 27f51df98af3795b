"""Contact hours: the times for messages that a member does not wait for."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot import public_holidays, timezones
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.workspace import member_settings, members
from models import Member

# A status without an end counts for so long: few people are away for longer, and many
# forget to clear it.
MAX_VACATION = timedelta(days=21)
_RECHECK_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContactHours:
    """A member's contact hours in their zone, and their absence, if any."""

    zone: ZoneInfo
    start: time
    end: time
    # The end of a pause or a vacation; None if there is none.
    away_until: datetime | None = None
    # True during a vacation without a known end.
    is_away: bool = False
    # The country or part of one whose public holidays they have, if they said so.
    holidays_of: str | None = None

    def next_allowed(self, now: datetime) -> datetime:
        """Return `now` if the member may be contacted, else the time to check again."""
        at = now
        if self.is_away:
            at = now + _RECHECK_AFTER
        if self.away_until is not None and self.away_until > at:
            at = self.away_until
        return timezones.next_open_time(
            at, self.zone, self.start, self.end, is_day_off=self._is_day_off
        )

    def _is_day_off(self, day: date) -> bool:
        return public_holidays.is_day_off(day, self.holidays_of)


def get(tx: Transaction, member: str) -> ContactHours:
    """Return a member's contact hours from their settings and Slack profile."""
    row = members.find(tx, member)
    settings = member_settings.get(tx, member)
    zone = members.zone(tx, member)
    away_until = None
    if settings.paused_until is not None and settings.is_paused(
        timezones.local_date(tx.now, zone)
    ):
        pause_end = datetime.combine(settings.paused_until, time())
        away_until = timezones.to_utc(pause_end, zone)
    is_away = row is not None and row.is_away
    if is_away and row is not None and row.away_until is not None:
        is_away = False
        if row.away_until > tx.now:
            away_until = max(away_until or row.away_until, row.away_until)
    return ContactHours(
        zone,
        settings.hours_from,
        settings.hours_to,
        away_until=away_until,
        is_away=is_away,
        holidays_of=settings.holidays_of,
    )


def next_contact_time(
    tx: Transaction, member: str, *, since: datetime | None = None
) -> datetime:
    """Return `now`, or the next time (UTC) to contact the member or to check again.

    Members are contacted in their own hours and on weekdays, but not on their public
    holidays, during a pause, nor while their status says that they are on vacation. A
    status without an end is checked again after a day, for MAX_VACATION at most. That
    counts from `since`, the time at which the message was first to be sent; by default
    from now.
    """
    return for_message(tx, member, since=since).next_allowed(tx.now)


def for_message(
    tx: Transaction, member: str, *, since: datetime | None = None
) -> ContactHours:
    """Return a member's contact hours for a message that waits since a time (UTC)."""
    hours = get(tx, member)
    if since is not None and tx.now - since >= MAX_VACATION:
        return replace(hours, is_away=False)
    return hours


def send_after(tx: Transaction, delivery: Delivery) -> datetime:
    """Return the earliest time (UTC) to send a delivery: now, or in contact hours.

    It is computed when the delivery is due: settings may have changed since it was
    enqueued.
    """
    return next_contact_time(
        replace(tx, now=delivery.started_at),
        delivery.recipient,
        since=delivery.first_sent_at,
    )


def away_members(tx: Transaction, people: Collection[str]) -> set[str]:
    """Return those who are on vacation or paused: they do not count as missing."""
    maybe = set(
        tx.session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == tx.workspace.id,
                Member.slack_id.in_(people),
                Member.is_away.is_(True),
            )
        )
    )
    settings = member_settings.get_many(tx, people)
    maybe |= {member for member in people if settings[member].paused_until is not None}
    return {
        member
        for member in maybe
        for contact in [get(tx, member)]
        if contact.is_away or contact.away_until is not None
    }
