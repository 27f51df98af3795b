"""One look at somebody's Home tab: whose it is and as of when, for each list there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select

from bot import timezones
from bot.home import rules
from bot.home.rules import PAGE_SIZES, ListName
from bot.runtime import Transaction
from bot.slack.text import permalink
from bot.workspace.member_settings import MemberSettings
from models import Home


@dataclass(frozen=True, slots=True)
class HomeContext:
    """The state that the sections of a member's Home tab are made from."""

    tx: Transaction
    member: str
    # None for whoever has not opened it.
    home: Home | None
    zone: ZoneInfo
    settings: MemberSettings

    def page_start(self, name: ListName, total: int) -> int:
        """Where the page begins that they look at, of a list of so many."""
        starts = self.home.starts if self.home else {}
        return rules.page_start(starts.get(name, 0), total, PAGE_SIZES[name])

    def fetch_page(
        self,
        statement: Select[*tuple[Any, ...]],
        name: ListName,
        start: int,
        total: int,
    ) -> Sequence[Any]:
        if not total:
            return []
        found = statement.offset(start).limit(PAGE_SIZES[name])
        return self.tx.session.execute(found).all()

    def message_url(self, channel: str, ts: str, thread_ts: str | None = None) -> str:
        """Of a message; `channel` is Slack's id."""
        return permalink(self.tx.workspace.team_url, channel, ts, thread_ts)

    def format_day(self, at: datetime) -> str:
        return timezones.format_day(at, self.tx.now, self.zone)
