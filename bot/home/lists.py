"""What stands on somebody's Home tab: a handful of queries, however much there is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.models.views import View
from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.orm import Session

from bot import rich, visibility, zones
from bot.checkins import seats
from bot.checkins.seats import Joinable
from bot.home import blocks, places, rules
from bot.home.blocks import CheckIn, Due, Line, Listed, Mine, Shown
from bot.home.joined import joined
from bot.home.look import Look
from bot.home.rules import SIZES
from bot.home.unanswered import unanswered
from bot.kudos import lists as kudos
from bot.members import service as members
from bot.members.rules import SHUT_OUT, Role
from bot.mentors import past
from bot.preferences import service as preferences
from bot.runtime import Workspace
from bot.settings import member as of_member
from models import Answer, Ask, Channel, Home
from models.answers import HELPED

LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A Home tab as it now is; `hash` is Slack's, of the one that it is to replace."""

    view: View
    hash: str | None


def view(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> Drawn:
    """Somebody's Home tab. Whoever is shut out sees nothing, and guests their own."""
    home = session.get(Home, (workspace.id, member))
    known = home.hash if home else None
    held = members.roles_in_workspace(session, workspace.id, member)
    if held & SHUT_OUT:
        return Drawn(blocks.closed(), known)
    page = _Page(
        session,
        workspace,
        member,
        home,
        now,
        members.zone(session, workspace.id, member),
        preferences.of(session, workspace.id, member),
    )
    return Drawn(blocks.home(page.shown(sees_others=Role.MEMBER in held)), known)


class _Page(Look):
    """What stands there."""

    def shown(self, *, sees_others: bool) -> Shown:
        session, workspace, member = self.session, self.workspace, self.member
        asks, helped = self._asks(), self._helped()
        credits_ = past.section(session, workspace, member, now=self.now)
        questions = past.asked(session, workspace, member, now=self.now)
        visible = places.where_in(session, workspace.id, member, now=self.now)
        joined_asks = joined(self, visible)
        checkins = seats.joined(session, workspace, member)
        others = (
            seats.may_join(session, workspace, member, visible) if sees_others else []
        )
        has_nothing = not (
            asks.total
            or helped.total
            or credits_
            or questions
            or checkins
            or self._was_here()
        )
        waiting, why = unanswered(self) if sees_others else (None, "")
        return Shown(
            is_new=has_nothing,
            questions=questions,
            due=self._due(visible),
            checkins=self._checkins(checkins, others, visible),
            credits=credits_,
            kudos=kudos.lately(session, workspace, member, now=self.now),
            asks=asks,
            joined=joined_asks,
            unanswered=waiting,
            no_unanswered=why,
            helped=helped,
            mine=self._mine(),
        )

    @property
    def _visible(self) -> Select[int]:
        """The channels whose words they may see."""
        return select(Channel.id).where(
            Channel.installation_id == self.workspace.id,
            visibility.visible(self.member, now=self.now),
        )

    def _was_here(self) -> bool:
        """Whether they have ever asked, been thanked, or said what they know."""
        asked = select(Ask.id).where(
            Ask.installation_id == self.workspace.id, Ask.asker == self.member
        )
        return bool(
            self.chosen.topics_known
            or self.session.scalar(asked.limit(1))
            or kudos.has_any(self.session, self.workspace, self.member)
        )

    def _asks(self) -> Listed[Line]:
        """My open asks, the newest first."""
        mine = (
            Ask.installation_id == self.workspace.id,
            Ask.asker == self.member,
            Ask.state.in_(("open", "answered")),
            Ask.ts.is_not(None),
            Ask.channel_id.in_(self._visible),
        )
        total = self._count(Ask.id, *mine)
        start = self.start("asks", total)
        rows = self.page(
            select(Ask, Channel)
            .join(Channel, Channel.id == Ask.channel_id)
            .where(*mine)
            .order_by(Ask.asked_at.desc(), Ask.id.desc()),
            "asks",
            start,
            total,
        )
        return Listed(
            [
                Line(
                    members.with_names(self.session, self.workspace.id, ask.title),
                    self.url(channel.slack_id, ask.ts or ""),
                    (ask.state, f"#{channel.name}", self.day(ask.asked_at)),
                )
                for ask, channel in rows
            ],
            start,
            total,
        )

    def _helped(self) -> Listed[Line]:
        """My answers that helped somebody lately, the newest first."""
        mine = (
            Answer.author == self.member,
            Answer.answered_at >= self.now - LATELY,
            text(f"({HELPED})"),
            Answer.is_deleted.is_(False),
            Ask.installation_id == self.workspace.id,
            Ask.deleted_at.is_(None),
            Ask.channel_id.in_(self._visible),
        )
        total = (
            self.session.scalar(
                select(func.count())
                .select_from(Answer)
                .join(Ask, Ask.id == Answer.ask_id)
                .where(*mine)
            )
            or 0
        )
        start = self.start("helped", total)
        rows = self.page(
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
            self.session, self.workspace.id, [ask.asker for _, ask, _ in rows]
        )
        return Listed(
            [
                Line(
                    members.with_names(self.session, self.workspace.id, ask.title),
                    self.url(channel.slack_id, answer.ts, ask.ts),
                    (
                        _what(answer, called[ask.asker]),
                        f"#{channel.name}",
                        self.day(answer.answered_at),
                    ),
                )
                for answer, ask, channel in rows
            ],
            start,
            total,
        )

    def _due(self, visible: Collection[str]) -> list[Due]:
        """The check-ins to share in, the first to close first."""
        found = seats.to_share(self.session, self.workspace, self.member, now=self.now)
        return [
            Due(
                one.round_id,
                one.question,
                one.url,
                one.channel_name,
                rich.when(one.closes_at, self.zone),
            )
            for one in found
            if not one.is_private or one.channel in visible
        ][: rules.MOST_DUE]

    def _checkins(
        self,
        joined: Sequence[Joinable],
        others: Sequence[Joinable],
        visible: Collection[str],
    ) -> Listed[CheckIn]:
        """Those that they have joined, and those that they may."""
        everything = [(True, one) for one in joined] + [(False, one) for one in others]
        start = self.start("checkins", len(everything))
        return Listed(
            [
                _checkin(
                    one,
                    is_in=is_in,
                    is_seen=not one.is_private or one.channel in visible,
                )
                for is_in, one in everything[start : start + SIZES["checkins"]]
            ],
            start,
            len(everything),
        )

    def _mine(self) -> Mine:
        today = zones.local_date(self.now, self.zone)
        until = self.chosen.paused_until
        return Mine(
            of_member.summary(self.chosen, self.zone.key),
            of_member.day(until) if until and self.chosen.is_paused(today) else "",
        )

    def _count(self, what: Any, *where: ColumnElement[bool]) -> int:
        return self.session.scalar(select(func.count(what)).where(*where)) or 0


def _checkin(one: Joinable, *, is_in: bool, is_seen: bool) -> CheckIn:
    return CheckIn(
        one.schedule_id,
        one.question if is_seen else "",
        one.channel_name if is_seen else "",
        is_in,
        one.nudges_stopped,
    )


def _what(answer: Answer, asker: str) -> str:
    if answer.is_solution:
        return f"solved it for {asker}"
    people = "person" if answer.helped == 1 else "people"
    return f"helped {answer.helped} {people}, asked by {asker}"
