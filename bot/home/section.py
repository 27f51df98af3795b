"""A section of the Home tab, and the context that it is rendered in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from bot.home import rules
from bot.home.row_blocks import RowList
from bot.home.rules import HomePage, PagedList
from bot.runtime import Transaction
from bot.slack.text import format_day, permalink
from bot.workspace import visibility
from bot.workspace.member_settings import MemberSettings
from models import Channel, Home


@dataclass(frozen=True, slots=True)
class HomeContext:
    """The state that the sections of a member's Home tab are made from."""

    tx: Transaction
    member: str
    # None if the member has never opened it.
    home: Home | None
    zone: ZoneInfo
    settings: MemberSettings
    # Slack's ids of the channels that the member is in and may see.
    channels: frozenset[str]
    # False for guests, who see only their own asks, kudos and so on.
    sees_others: bool

    def page_start(self, pages: PagedList, total: int) -> int:
        """Return the offset of the member's current page in a list of `total`."""
        starts = self.home.page_offsets if self.home else {}
        return rules.page_start(starts.get(pages.name, 0), total, pages.page_size)

    def fetch_page(
        self,
        statement: Select[*tuple[Any, ...]],
        pages: PagedList,
        start: int,
        total: int,
    ) -> Sequence[Any]:
        if not total:
            return []
        page = statement.offset(start).limit(pages.page_size)
        return self.tx.session.execute(page).all()

    @property
    def visible_channels(self) -> Select[int]:
        """A query for the ids of the channels whose texts the member may see."""
        return select(Channel.id).where(
            Channel.installation_id == self.tx.workspace.id,
            visibility.visible(self.member, now=self.tx.now),
        )

    def message_url(self, channel: str, ts: str, thread_ts: str | None = None) -> str:
        """Return a message's permalink; `channel` is Slack's id."""
        return permalink(self.tx.workspace.team_url, channel, ts, thread_ts)

    def format_day(self, at: datetime) -> str:
        return format_day(at, self.tx.now, self.zone)


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """A rendered section; it is left out if its list is empty."""

    rows: RowList = field(default_factory=RowList)
    # True if the member has done something in it, so they are not new.
    has_activity: bool = False
    # True if new members see the first steps instead.
    is_hidden_from_new: bool = False


def _is_always_available(_context: HomeContext) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSection:
    """A section of the Home tab, plugged in by a feature."""

    render: Callable[[HomeContext], RenderedSection]
    # Sections with a lower position come first.
    position: int = 500
    # True to show it at the top of every page, below "Waiting for you".
    is_waiting: bool = False
    # The page that it is on, unless it is waiting.
    page: HomePage = "today"
    # Returns True if the member can see or do something in it. A page without such a
    # section has no button; "today" always has one.
    is_available: Callable[[HomeContext], bool] = _is_always_available
    # False if there is nothing to press in it: a modal is not opened for it alone.
    has_actions: bool = True
    # The list that it shows in pages, if any.
    pages: PagedList | None = None
