"""Texts for property tests: any text, and the worst that people have tried."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot import timezones

_DAY = timedelta(days=1)
# Local dates and times around the first and the last date are other dates in UTC.
_MARGIN = 3 * _DAY

_ANY_CHARACTER = st.characters(exclude_categories=())
ANY_TEXT = st.text(_ANY_CHARACTER)

HARMFUL_SNIPPETS = [
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S0TEAM>",
    "<!subteam^S0TEAM|@team>",
    "<!date^1772442000^{date}|a day>",
    "&lt;!channel&gt;",
    "&amp;lt;!channel&amp;gt;",
    "@channel",
    "<@U0ANA>",
    "<@U0BEN|ben>",
    *(f"<@U{number}>" for number in range(8)),
    "<#C0HELP|help>",
    "<https://evil.example|https://bank.example>",
    "<https://evil.example/bank.example|bank.example>",
    "<https://a.example/b c>",
    "<https://a.example>",
    "<mailto:eve@evil.example|ana@peers.example>",
    "<javascript:alert(1)|https://bank.example>",
    *("`", "```", "```\n", "*", "_", "~", "&gt; ", ">", "<", "|", "&", ";", ":", "^"),
    ":+1:",
    ":wave::skin-tone-3:",
    ":" + "a" * 101 + ":",
    "\u202eevil",
    "\u2066",
    "\u200b",
    "\x00",
    "\ud83d",
    "\u0335" * 6,
    "\n",
    " ",
]
# Text that Slack might send as mrkdwn, and text that it never would.
HARMFUL_TEXT = st.lists(
    st.one_of(st.sampled_from(HARMFUL_SNIPPETS), ANY_TEXT), max_size=12
).map("".join)


def zones_that_differ(first: date, last: date) -> list[ZoneInfo]:
    """Return a zone for each course of offsets between these dates.

    Most names share theirs: zones differ in their past, and neighbours have one rule.
    """
    start = datetime.combine(first, time(), UTC)
    zones: dict[object, ZoneInfo] = {}
    for name in sorted(timezones.known_names()):
        zone = ZoneInfo(name)
        course = (
            _offset(start - _MARGIN, zone),
            *offset_changes(zone, first - _MARGIN, last + _MARGIN),
        )
        zones.setdefault(course, zone)
    return [*zones.values()]


def offset_changes(
    zone: ZoneInfo, first: date, last: date
) -> list[tuple[datetime, timedelta | None]]:
    """Return the minutes at which a zone's offset changes, with the new offsets.

    A zone whose offset changed twice within a day would seem not to have changed.
    """
    changes = []
    before = datetime.combine(first, time(), UTC)
    old = _offset(before, zone)
    while before.date() <= last:
        after = before + _DAY
        new = _offset(after, zone)
        if new != old:
            changes.append((_change_between(before, after, zone), new))
        before, old = after, new
    return changes


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    new, minute = _offset(after, zone), timedelta(minutes=1)
    while after - before > minute:
        middle = before + (after - before) // minute // 2 * minute
        if _offset(middle, zone) == new:
            after = middle
        else:
            before = middle
    return after


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
