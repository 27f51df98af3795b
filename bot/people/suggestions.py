"""Times at which people can meet, in the words and the zone of their reader."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.matching.people import Person
from bot.people import rules
from bot.people.blocks import SuggestedTime
from bot.slack.rich_text import date_token

# The first day on which they may meet begins after a day and a half.
_AFTER = timedelta(hours=12)


def suggested_times(
    people: Sequence[Person],
    names: Mapping[str, str],
    *,
    formed_at: datetime,
    reader: str | None,
    now: datetime | None = None,
) -> list[SuggestedTime]:
    """Return up to two times for people who were matched at a time (UTC).

    The others' times are in their own zones. In a group, without a `reader`, each reads
    a time in their own zone. With `now`, times that are over are left out.
    """
    zones = {person.id: person.zone for person in people}
    own = zones[reader or min(zones)]
    if own is None:
        return []
    shown = []
    for at in rules.suggested_times(people, formed_at + _AFTER):
        if now is not None and at <= now:
            continue
        offset = at.astimezone(own).utcoffset()
        others = []
        for person in people if reader else ():
            there = at.astimezone(person.zone)
            if there.utcoffset() != offset:
                others.append(f"{there.hour}:{there:%M} for {names[person.id]}")
        shown.append((date_token(at, own), ", ".join(others)))
    return shown
