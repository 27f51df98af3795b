"""The progress of an ask without a name, sealed in the row of its link or draft.

Beside the times of answers and posts it would tell when someone was there.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.anonymity.keys import AnonymityKeys
from bot.db.sealing import WrongKey
from models import AnonymousDraft, AnonymousLink

# Slack's clock and ours may differ by so much.
_CLOCKS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """The part of an ask or a draft that its author has seen, and was told of."""

    # The numbers of answers when they last looked, and were last told of news.
    seen_count: int = 0
    noticed_count: int = 0
    # The day, in their zone, on which they were last told.
    noticed_on: date | None = None
    # The earliest time (UTC) at which they may have sent it: its random time less the
    # longest one. None in a row without an author, or of an older version.
    sent_after: datetime | None = None

    @property
    def known_count(self) -> int:
        return max(self.seen_count, self.noticed_count)

    def is_sent_after(self, at: datetime) -> bool:
        """Return True if it was certainly sent after a time of Slack's (UTC)."""
        return self.sent_after is not None and at < self.sent_after - _CLOCKS


_NOTHING = Progress()


def seal(keys: AnonymityKeys, name: str, progress: Progress = _NOTHING) -> bytes:
    """Seal it for the row of this name; its length is always the same."""
    day = progress.noticed_on.toordinal() if progress.noticed_on else 0
    sent_after = int(progress.sent_after.timestamp()) if progress.sent_after else 0
    text = f"{progress.seen_count} {progress.noticed_count} {day} {sent_after}"
    return keys.seal(text, f"{name} progress")


def unseal(
    keys: AnonymityKeys, name: str, row: AnonymousLink | AnonymousDraft
) -> Progress:
    """Return the progress in the row of this name; nothing if no key opens it."""
    if row.progress is None:
        return _NOTHING
    try:
        text = keys.open(row.progress, f"{name} progress")
    except WrongKey:
        return _NOTHING
    seen_count, noticed_count, day, sent_after = map(int, f"{text} 0".split()[:4])
    return Progress(
        seen_count,
        noticed_count,
        date.fromordinal(day) if day else None,
        datetime.fromtimestamp(sent_after, UTC) if sent_after else None,
    )
