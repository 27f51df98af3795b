"""What stands on somebody's Home tab: a handful of queries, however much there is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.models.views import View
from sqlalchemy import ColumnElement, Select, func, select, text

from bot import timezones, visibility
from bot.checkins import participants
from bot.checkins.participants import JoinableSchedule
from bot.home import blocks, memberships, rules
from bot.home.blocks import (
    CheckInItem,
    DueRound,
    HomeView,
    ListItem,
    ListPage,
    SettingsSummary,
)
from bot.home.joined_asks import list_joined_asks
from bot.home.rules import PAGE_SIZES
from bot.home.unanswered_asks import list_unanswered_asks
from bot.home.view_context import HomeContext
from bot.kudos import history as kudos
from bot.mentors import home as mentors_home
from bot.permissions import DENIED_ROLES, Role
from bot.runtime import Transaction
from bot.settings import member as of_member
from bot.slack import rich_text
from bot.workspace import member_settings, members, roles
from models import Answer, Ask, Channel, Home
from models.asks import HAS_HELPED

RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RenderedHome:
    """A Home tab as it now is; `hash` is Slack's, of the one that it is to replace."""

    view: View
    hash: str | None


def render(tx: Transaction, member: str) -> RenderedHome:
    """Somebody's Home tab. Whoever is shut out sees nothing, and guests their own."""
    home = tx.session.get(Home, (tx.workspace.id, member))
    known = home.hash if home else None
    held = roles.in_workspace(tx, member)
    if held & DENIED_ROLES:
        return RenderedHome(blocks.denied_view(), known)
    page = _HomePage(
        tx,
        member,
        home,
        members.zone(tx, member),
        member_settings.get(tx, member),
    )
    return RenderedHome(
        blocks.home_view(page.build(sees_others=Role.MEMBER in held)), known
    )


class _HomePage(HomeContext):
    """What stands there."""

    def build(self, *, sees_others: bool) -> HomeView:
        member = self.member
        asks, helped = self._asks(), self._helpful_answers()
        credits_ = mentors_home.section(self.tx, member)
        questions = mentors_home.pending_section(self.tx, member)
        visible = memberships.visible_channels(self.tx, member)
        joined_asks = list_joined_asks(self, visible)
        checkins = participants.joined_schedules(self.tx, member)
        others = (
            participants.joinable_schedules(self.tx, member, visible)
            if sees_others
            else []
        )
        has_nothing = not (
            asks.total
            or helped.total
            or credits_
            or questions
            or checkins
            or self._has_activity()
        )
        waiting, why = list_unanswered_asks(self) if sees_others else (None, "")
        return HomeView(
            is_new=has_nothing,
            questions=questions,
            due_rounds=self._due_rounds(visible),
            checkins=self._checkins(checkins, others, visible),
            credits=credits_,
            kudos=kudos.recent(self.tx, member),
            asks=asks,
            joined=joined_asks,
            unanswered=waiting,
            unanswered_empty_text=why,
            helped=helped,
            settings=self._settings_summary(),
        )

    @property
    def _visible_channels(self) -> Select[int]:
        """The channels whose words they may see."""
        return select(Channel.id).where(
            Channel.installation_id == self.tx.workspace.id,
            visibility.visible(self.member, now=self.tx.now),
        )

    def _has_activity(self) -> bool:
        """Whether they have ever asked, been thanked, or said what they know."""
        asked = select(Ask.id).where(
            Ask.installation_id == self.tx.workspace.id, Ask.asker == self.member
        )
        return bool(
            self.settings.topics_known
            or self.tx.session.scalar(asked.limit(1))
            or kudos.has_any(self.tx, self.member)
        )

    def _asks(self) -> ListPage[ListItem]:
        """My open asks, the newest first."""
        mine = (
            Ask.installation_id == self.tx.workspace.id,
            Ask.asker == self.member,
            Ask.state.in_(("open", "answered")),
            Ask.ts.is_not(None),
            Ask.channel_id.in_(self._visible_channels),
        )
        total = self._count(Ask.id, *mine)
        start = self.page_start("asks", total)
        rows = self.fetch_page(
            select(Ask, Channel)
            .join(Channel, Channel.id == Ask.channel_id)
            .where(*mine)
            .order_by(Ask.asked_at.desc(), Ask.id.desc()),
            "asks",
            start,
            total,
        )
        return ListPage(
            [
                ListItem(
                    members.text_with_names(self.tx, ask.title),
                    self.message_url(channel.slack_id, ask.ts or ""),
                    (ask.state, f"#{channel.name}", self.format_day(ask.asked_at)),
                )
                for ask, channel in rows
            ],
            start,
            total,
        )

    def _helpful_answers(self) -> ListPage[ListItem]:
        """My answers that helped somebody lately, the newest first."""
        mine = (
            Answer.author == self.member,
            Answer.answered_at >= self.tx.now - RECENT,
            text(f"({HAS_HELPED})"),
            Answer.is_deleted.is_(False),
            Ask.installation_id == self.tx.workspace.id,
            Ask.deleted_at.is_(None),
            Ask.channel_id.in_(self._visible_channels),
        )
        total = (
            self.tx.session.scalar(
                select(func.count())
                .select_from(Answer)
                .join(Ask, Ask.id == Answer.ask_id)
                .where(*mine)
            )
            or 0
        )
        start = self.page_start("helped", total)
        rows = self.fetch_page(
            select(Answer, Ask, Channel)
            .join(Ask, Ask.id == Answer.ask_id)
            .join(Channel, Channel.id == Ask.channel_id)
            .where(*mine)
            .order_by(Answer.answered_at.desc(), Answer.id.desc()),
            "helped",
            start,
            total,
        )
        called = members.names(
            self.tx,
            [ask.asker for _, ask, _ in rows],
        )
        return ListPage(
            [
                ListItem(
                    members.text_with_names(self.tx, ask.title),
                    self.message_url(channel.slack_id, answer.ts, ask.ts),
                    (
                        _outcome(answer, called[ask.asker]),
                        f"#{channel.name}",
                        self.format_day(answer.answered_at),
                    ),
                )
                for answer, ask, channel in rows
            ],
            start,
            total,
        )

    def _due_rounds(self, visible: Collection[str]) -> list[DueRound]:
        """The check-ins to share in, the first to close first."""
        found = participants.open_rounds_for(self.tx, self.member)
        return [
            DueRound(
                one.round_id,
                one.question,
                one.url,
                one.channel_name,
                rich_text.date_token(one.closes_at, self.zone),
            )
            for one in found
            if not one.is_private or one.channel in visible
        ][: rules.MAX_DUE_ROUNDS]

    def _checkins(
        self,
        joined: Sequence[JoinableSchedule],
        others: Sequence[JoinableSchedule],
        visible: Collection[str],
    ) -> ListPage[CheckInItem]:
        """Those that they have joined, and those that they may."""
        everything = [(True, one) for one in joined] + [(False, one) for one in others]
        start = self.page_start("checkins", len(everything))
        return ListPage(
            [
                _checkin_item(
                    one,
                    has_joined=is_in,
                    is_visible=not one.is_private or one.channel in visible,
                )
                for is_in, one in everything[start : start + PAGE_SIZES["checkins"]]
            ],
            start,
            len(everything),
        )

    def _settings_summary(self) -> SettingsSummary:
        today = timezones.local_date(self.tx.now, self.zone)
        until = self.settings.paused_until
        return SettingsSummary(
            of_member.summary(self.settings, self.zone.key),
            of_member.format_day(until)
            if until and self.settings.is_paused(today)
            else "",
        )

    def _count(self, column: Any, *where: ColumnElement[bool]) -> int:
        return self.tx.session.scalar(select(func.count(column)).where(*where)) or 0


def _checkin_item(
    schedule: JoinableSchedule, *, has_joined: bool, is_visible: bool
) -> CheckInItem:
    return CheckInItem(
        schedule.schedule_id,
        schedule.question if is_visible else "",
        schedule.channel_name if is_visible else "",
        has_joined,
        schedule.reminders_stopped,
    )


def _outcome(answer: Answer, asker: str) -> str:
    if answer.is_solution:
        return f"solved it for {asker}"
    people = "person" if answer.helped == 1 else "people"
    return f"helped {answer.helped} {people}, asked by {asker}"
