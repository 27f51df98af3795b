"""The budget of unasked messages: how many a member gets, and which goes first."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum


class Purpose(StrEnum):
    """The purposes of unasked messages, in the order in which they go."""

    REQUEST = "request"
    CONSENT = "consent"
    REMINDER = "reminder"
    QUESTION = "question"
    INVITATION = "invitation"
    NEWS = "news"

    @property
    def rank(self) -> int:
        """The place in the order; the lowest goes first."""
        return list(Purpose).index(self)


WINDOW = timedelta(days=7)
# A message that is next in line takes its place within this time.
TURN = timedelta(minutes=1)
# Between a request and the message before it.
MIN_DISTANCE = timedelta(hours=1)
# Someone may raise a budget of 0 meanwhile.
RECHECK_AFTER = timedelta(days=1)
# For these, the last place is kept: others wait for them, or lose their sense.
_MAY_TAKE_LAST = frozenset({Purpose.REQUEST, Purpose.CONSENT})


def has_room(now: datetime, sent: Collection[datetime], limit: int) -> bool:
    """Return True if a request may be sent now, as one of `limit` in WINDOW.

    Nobody gets two messages within an hour, whatever waits after a weekend.
    """
    return len(sent) < limit and all(at <= now - MIN_DISTANCE for at in sent)


def request_at(now: datetime, last_sent_at: datetime | None) -> datetime:
    """Return `now`, or the end of the hour after the last message to the member."""
    if last_sent_at is None:
        return now
    return max(now, last_sent_at + MIN_DISTANCE)


def request_limit(budget: int, cap: int) -> int:
    """Return the most messages in WINDOW for a member who is asked for help.

    `cap` is the member's own limit of requests; it counts where it is higher. A budget
    of 0 means that nobody gets a message unasked.
    """
    return max(budget, cap) if budget else 0


def places(budget: int, purpose: Purpose) -> int:
    """Return how many messages may be sent in WINDOW, this one included."""
    if purpose in _MAY_TAKE_LAST or budget <= 1:
        return budget
    return budget - 1


def send_at(
    now: datetime, sent: Sequence[datetime], ahead: int, places: int
) -> datetime:
    """Return `now` if a place is free, else the time to try again.

    `sent` are the times at which messages within WINDOW were sent, and `ahead` is the
    number of waiting messages that go first.
    """
    if places == 0:
        return now + RECHECK_AFTER
    if len(sent) >= places:
        return sorted(sent)[-places] + WINDOW
    if len(sent) + ahead >= places:
        return now + TURN
    return now
