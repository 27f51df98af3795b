"""A channel with champions, and the job that suggests things to them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select

import jobs.onboarding
import jobs.worklist
from bot.workspace import channels, sync
from models import Ask, AskRoute, WorkItem
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.remembered import played_once
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

# Nine o'clock in Helsinki, where everyone is.
FRIDAY = datetime(2026, 3, 6, 7, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 7, tzinfo=UTC)
NEWCOMER = "U0NEW"
DAY = timedelta(days=1)


class WorkList:
    """Moves the clock, and lets the job suggest things."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def at(self, now: datetime) -> None:
        assert now >= self.story.clock.now
        self.story.clock.now = now
        self.run()

    def run(self) -> None:
        rt, worker = self.story.rt, self.story.worker
        jobs.onboarding.notice_newcomers(rt, worker)
        jobs.worklist.suggest_in(rt, self.story.workspace)
        self.story.deliver()

    def watch(self, *, until: datetime, every: timedelta = DAY / 24) -> None:
        while self.story.clock.now < until:
            self.at(min(self.story.clock.now + every, until))

    def join(
        self,
        member: str = NEWCOMER,
        channel: str = HELP_CHANNEL,
        profile: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Let a person join a channel, and learn their profile."""
        slack = self.story.slack
        slack.people.setdefault(member, user_object(member, **profile))
        slack.members_by_channel.setdefault(channel, []).append(member)
        self.story.event(
            {
                "type": "member_joined_channel",
                "user": member,
                "channel": channel,
                "team": self.story.team,
                "event_ts": self.story.ts(),
            }
        )
        sync.refresh(self.story.rt, self.story.workspace, users=[member])
        self.story.deliver()

    def wait_for_answers(self, count: int) -> None:
        """Let Ana's asks wait for an answer, after two steps."""
        for number in range(count):
            self.story.ask(f"How do I get the thing of number {number}?")
        with self.write() as tx:
            for ask in tx.session.scalars(select(Ask)):
                ask.is_first_ask = False
                key = {"ask_id": ask.id, "installation_id": tx.workspace.id}
                tx.session.add(AskRoute(**key, next_step=3))

    def leave(self, member: str = NEWCOMER, channel: str = HELP_CHANNEL) -> None:
        self.story.slack.members_by_channel[channel].remove(member)
        leave = {"type": "member_left_channel", "user": member, "channel": channel}
        assert self.story.event({**leave, "event_ts": self.story.ts()}) == 200

    def items(self, kind: str | None = None) -> list[WorkItem]:
        with self.story.rt.read_session() as session:
            rows = session.scalars(select(WorkItem).order_by(WorkItem.id)).all()
            return [row for row in rows if kind in {None, row.kind}]

    def item(self, kind: str | None = None) -> WorkItem:
        [item] = self.items(kind)
        return item

    def open(self) -> list[tuple[str, str, str | None]]:
        """Return the open items: kind, subject, champion."""
        return [
            (item.kind, item.subject, item.champion)
            for item in self.items()
            if item.outcome == "open"
        ]

    def press(self, member: str, action_id: str, item: WorkItem | None = None) -> Any:
        item = item or self.item()
        direct = f"D{member}"
        return self.story.click(member, action_id, str(item.id), channel=direct)

    def home(self, member: str) -> str:
        """Open the page of programs in a member's Home tab, and return its text."""
        self.story.event({"type": "app_home_opened", "user": member, "tab": "home"})
        self.story.deliver()
        view = self.story.slack.homes[member]
        if "home_page_program" in str(view):
            self.story.click(member, "home_page_program", "program", view=view)
            self.story.deliver()
        return str(self.story.slack.homes[member])

    def messages(self, member: str = CHAMPION) -> list[PostedMessage]:
        """Return the messages of Mondays."""
        return [
            message
            for message in self.story.slack.messages_to(member)
            if "for your peers this week" in message.text
        ]

    def write(self):
        return self.story.rt.write(self.story.workspace)


@pytest.fixture
def work(story: Story) -> WorkList:
    _name_champion(story)
    return WorkList(story)


@played_once
def _name_champion(story: Story) -> None:
    story.clock.now = FRIDAY
    everyone = [ASKER, HELPER, PEER, CHAMPION, ADMIN]
    story.slack.members_by_channel[HELP_CHANNEL] = everyone
    sync.refresh(story.rt, story.workspace, users=everyone, channel=HELP_CHANNEL)
    assert story.set_up_channel(champions=[CHAMPION]).body == ""
    with story.rt.write(story.workspace) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        channel.bot_joined_at = FRIDAY - 100 * DAY
