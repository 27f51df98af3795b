"""Champions' work list, as a feature."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from bot.feature import DueRows, Feature
from bot.runtime import Transaction
from bot.worklist import assignment, home, items, mondays, personal_data, settings
from models import Channel, WorkItem

_EVERY = timedelta(minutes=30)


def _open_items_of(installation_id: int) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that an item is open, and that a champion has it."""
    return [
        WorkItem.installation_id == installation_id,
        WorkItem.outcome == "open",
        WorkItem.champion.is_not(None),
    ]


def _purge(tx: Transaction, _before: datetime) -> None:
    assignment.purge(tx)


def _on_channel_restricted(tx: Transaction, channel: Channel) -> None:
    if channel.is_private:
        items.hide(tx, channel)


class LastRuns:
    """The times of the job's last runs in this process, by the installation's id."""

    def __init__(self) -> None:
        self._at: dict[int, datetime] = {}

    def is_due(self, installation_id: int, now: datetime) -> bool:
        """Return True, once, if half an hour has passed or the clock was set back."""
        last = self._at.get(installation_id)
        if last is not None and timedelta() <= now - last < _EVERY:
            return False
        self._at[installation_id] = now
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist(Feature):
    """The feature, with what its job remembers in a process."""

    last_runs: LastRuns = field(default_factory=LastRuns)


def worklist() -> Worklist:
    return Worklist(
        name="worklist",
        message_types=mondays.MESSAGE_TYPES,
        personal_data=personal_data.PERSONAL_DATA,
        erasure_lines=personal_data.ERASURE_LINES,
        message_policies=mondays.MESSAGES,
        purge=_purge,
        member_settings=settings.MEMBER_SETTINGS,
        home_sections=(home.WORK_LIST,),
        due_rows=(DueRows("suggest-work", WorkItem.until, _open_items_of),),
        on_channel_restricted=_on_channel_restricted,
    )
