"""When the bot may write to somebody by itself."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import zones
from bot.lanes import Claim
from bot.members import service as members
from bot.preferences import service as preferences

# Many forget to take a status back; few are away for longer.
LONGEST_VACATION = timedelta(days=21)
_LOOK_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reachable:
    """When the bot may write to somebody by itself: hours and days in their zone."""

    zone: ZoneInfo
    start: time
    end: time
    # Not before then, because of a pause or a vacation; None is no such thing.
    back_at: datetime | None = None
    # On a vacation of which nobody knows the end.
    is_away: bool = False

    def welcome_at(self, now: datetime) -> datetime:
        """`now` if the person may be written to; else when to look again."""
        at = now
        if self.is_away:
            at = now + _LOOK_AGAIN
        if self.back_at is not None and self.back_at > at:
            at = self.back_at
        return zones.next_daytime(at, self.zone, self.start, self.end)


def reachable(
    session: Session, installation_id: int, member: str, *, now: datetime
) -> Reachable:
    """When the bot may write to somebody by itself, as they and Slack say now."""
    known = members.find(session, installation_id, member)
    chosen = preferences.of(session, installation_id, member)
    zone = members.zone(session, installation_id, member)
    back_at = None
    if chosen.paused_until is not None and chosen.is_paused(
        zones.local_date(now, zone)
    ):
        back_at = zones.resolve(datetime.combine(chosen.paused_until, time()), zone)
    is_away = known is not None and known.is_away
    if is_away and known is not None and known.away_until is not None:
        is_away = False
        if known.away_until > now:
            back_at = max(back_at or known.away_until, known.away_until)
    return Reachable(
        zone, chosen.hours_from, chosen.hours_to, back_at=back_at, is_away=is_away
    )


def welcome(
    session: Session,
    installation_id: int,
    member: str,
    *,
    now: datetime,
    since: datetime | None = None,
) -> datetime:
    """`now`, or the next instant at which to write to the person, or to look again.

    They are written to in their own hours, on weekdays, and neither in a pause nor
    while their status says that they are on vacation. Where the status has no end, it
    is looked at again a day later, but for three weeks at most: `since` is when the
    message was first to be sent, `now` if left out.
    """
    person = reachable(session, installation_id, member, now=now)
    if since is not None and now - since >= LONGEST_VACATION:
        person = replace(person, is_away=False)
    return person.welcome_at(now)


def due(session: Session, claim: Claim) -> datetime:
    """When to keep a promise whose turn has come: at once, or when it is welcome.

    Much may have changed since it was made: hours, a pause, a vacation.
    """
    return welcome(
        session,
        claim.installation_id,
        claim.recipient,
        now=claim.claimed_at,
        since=claim.first_sent_at,
    )
