"""Contact hours: the times at which the bot may write to a member unasked."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot import timezones
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.workspace import member_settings, members
from models import Member

# Many forget to clear a status; few are away for longer.
MAX_VACATION = timedelta(days=21)
_RECHECK_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContactHours:
    """The hours and days, in the member's zone, at which the bot may write unasked."""

    zone: ZoneInfo
    start: time
    end: time
    # The end of a pause or a vacation; None if there is none.
    away_until: datetime | None = None
    # On a vacation without a known end.
    is_away: bool = False

    def next_allowed(self, now: datetime) -> datetime:
        """Return `now` if the member may be contacted, else the time to check again."""
        at = now
        if self.is_away:
            at = now + _RECHECK_AFTER
        if self.away_until is not None and self.away_until > at:
            at = self.away_until
        return timezones.next_open_time(at, self.zone, self.start, self.end)


def get(tx: Transaction, member: str) -> ContactHours:
    """Return a member's contact hours from their settings and Slack profile."""
    known = members.find(tx, member)
    chosen = member_settings.get(tx, member)
    zone = members.zone(tx, member)
    back_at = None
    if chosen.paused_until is not None and chosen.is_paused(
        timezones.local_date(tx.now, zone)
    ):
        back_at = timezones.to_utc(datetime.combine(chosen.paused_until, time()), zone)
    is_away = known is not None and known.is_away
    if is_away and known is not None and known.away_until is not None:
        is_away = False
        if known.away_until > tx.now:
            back_at = max(back_at or known.away_until, known.away_until)
    return ContactHours(
        zone, chosen.hours_from, chosen.hours_to, away_until=back_at, is_away=is_away
    )


def next_contact_time(
    tx: Transaction, member: str, *, since: datetime | None = None
) -> datetime:
    """Return `now`, or the next instant to write to the member, or to check again.

    Members are contacted in their own hours, on weekdays, and neither in a pause nor
    while their status says that they are on vacation. A status without an end is
    checked again a day later, for three weeks at most: `since` is the time at which the
    message was first to be sent, `now` if left out.
    """
    person = get(tx, member)
    if since is not None and tx.now - since >= MAX_VACATION:
        person = replace(person, is_away=False)
    return person.next_allowed(tx.now)


def send_after(tx: Transaction, delivery: Delivery) -> datetime:
    """Return the time to send a delivery: now, or in the recipient's contact hours.

    Hours, a pause or a vacation may have changed since it was enqueued.
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
    chosen = member_settings.get_many(tx, people)
    maybe |= {member for member in people if chosen[member].paused_until is not None}
    return {
        member
        for member in maybe
        for contact in [get(tx, member)]
        if contact.is_away or contact.away_until is not None
    }
