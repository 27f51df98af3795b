"""Decide if an entry is still right, by what people did. No database, Slack, clock."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.clock import datetime_to_micros

# "due": nobody has confirmed it for long; "old": people say that it is out of date.
Freshness = Literal["good", "due", "old"]

# So many people, or an author of its answers, make an entry old.
MIN_OUTDATED_VERDICTS = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """A member's verdict on an entry; `event_micros` is Slack's time."""

    member: str
    verdict: str
    event_micros: int
    reason: str | None = None


def outdated(verdicts: Sequence[Verdict], *, confirmed_at_micros: int) -> list[Verdict]:
    """Return the verdicts that an entry is out of date, since it was confirmed."""
    return [
        verdict
        for verdict in verdicts
        if verdict.verdict == "outdated" and verdict.event_micros > confirmed_at_micros
    ]


def freshness(
    *,
    confirmed_at_micros: int,
    verdicts: Sequence[Verdict],
    authors: Collection[str],
    confirmed_for: timedelta,
    now: datetime,
) -> Freshness:
    """Return the state of an entry. Verdicts from before its confirmation do not count.

    To be shown or opened confirms nothing.
    """
    recent = outdated(verdicts, confirmed_at_micros=confirmed_at_micros)
    is_by_author = any(verdict.member in authors for verdict in recent)
    if is_by_author or len(recent) >= MIN_OUTDATED_VERDICTS:
        return "old"
    is_due = confirmed_at_micros <= datetime_to_micros(now - confirmed_for)
    return "due" if is_due else "good"
