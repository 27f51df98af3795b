"""What a member's choices mean."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

PublicNaming = Literal["ask", "yes", "never"]
PUBLIC_NAMINGS: tuple[PublicNaming, ...] = get_args(PublicNaming)
# An ISO weekday from which on it is the weekend.
_SATURDAY = 6


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """A member's choices, with the default for what they did not choose.

    `hours_from`, `hours_to` and `paused_until` are of the member's own zone
    (`Member.tz`). The bot may write by itself from `hours_from` on, until before
    `hours_to`, and again on the day `paused_until`.
    """

    topics_known: tuple[str, ...] = ()
    topics_wanted: tuple[str, ...] = ()
    wants_nudges: bool = True
    paused_until: date | None = None
    hours_from: time = time(9)
    hours_to: time = time(17)
    # Whether what they did may be told in public: each time on their yes, always, no.
    may_be_named: PublicNaming = "ask"
    # How often the bot may ask them for help with somebody's ask; 0 is never.
    asks_a_week: int = 1
    is_greeted: bool = False
    wants_greetings: bool = True

    @property
    def accepts_requests(self) -> bool:
        return self.asks_a_week > 0

    def is_paused(self, today: date) -> bool:
        """`today` is the date in the member's zone."""
        return self.paused_until is not None and today < self.paused_until

    def allows_contact_at(self, local_time: datetime) -> bool:
        """Whether the bot may write by itself at a time in the member's zone.

        Not at weekends, not while paused. Hours that end no later than they start go
        on into the next day, and count as hours of the day that they start on. What
        the member caused and waits for (an answer to their ask) is no such message.
        """
        at, day = local_time.time(), local_time.date()
        if self.hours_from < self.hours_to:
            is_hour = self.hours_from <= at < self.hours_to
        else:
            is_hour = at >= self.hours_from or at < self.hours_to
            if at < self.hours_from:
                day -= timedelta(days=1)
        return (
            is_hour
            and day.isoweekday() < _SATURDAY
            and not self.is_paused(local_time.date())
        )
