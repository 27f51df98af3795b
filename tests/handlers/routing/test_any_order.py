"""Whatever people do, and in which order, the facts decide whom the bot asks."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.routing import steps
from bot.routing.rules import weekly_cap
from bot.workspace.working_time import WorkingTime
from models import AskStep, HelpRequest
from tests.factories import Story
from tests.handlers.routing.conftest import Routing, set_up
from tests.remembered import checkpoint
from tests.slack_payloads import ASKER, CHAMPION, HELPER, PEER

# Half past nine in Helsinki.
MONDAY = datetime(2026, 3, 9, 7, 30, tzinfo=UTC)
HOURS = WorkingTime(ZoneInfo("Europe/Helsinki"))
WEEK = timedelta(days=7)
PEOPLE = (HELPER, PEER)
PRESSES = ("request_help", "request_decline", "request_never", "request_refuse_channel")

actions = st.lists(
    st.one_of(
        st.tuples(st.just("hours"), st.sampled_from([1, 2, 3, 5, 15, 24])),
        st.tuples(st.sampled_from(PRESSES), st.sampled_from(PEOPLE)),
        st.tuples(st.sampled_from(["eyes", "no eyes"]), st.sampled_from(PEOPLE)),
        st.tuples(st.just("answer"), st.sampled_from([*PEOPLE, CHAMPION])),
        st.tuples(st.sampled_from(["unanswer", "close", "reopen", "ask"])),
    ),
    max_size=14,
)


@dataclass
class Play:
    """Does what people do, and remembers what they chose, by their member id."""

    routing: Routing
    story: Story
    # Times from which on a member may not be asked.
    stops: dict[str, datetime] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    # Requests, by their id, and what their member chose.
    choices: dict[int, str] = field(default_factory=dict)

    def act(self, action: str, *args: object) -> None:  # noqa: C901 - it is a list
        story = self.story
        ask = story.asks()[-1]
        match action, args:
            case "hours", [int() as hours]:
                story.clock.advance(hours=hours)
                self.routing.run()
            case "eyes", [str() as member]:
                story.react(member, str(ask.ts), "eyes")
            case "no eyes", [str() as member]:
                story.unreact(member, str(ask.ts), "eyes")
            case "answer", [str() as member]:
                ts = story.say(member, "Like this.", thread_ts=ask.ts)
                self.answers.append((member, ts))
            case "unanswer", []:
                if self.answers:
                    member, ts = self.answers.pop()
                    story.delete(member, ts, thread_ts=ask.ts)
            case "close", []:
                story.click(ASKER, "ask_menu", option=f"close:{ask.id}")
            case "reopen", []:
                story.click(ASKER, "ask_reopen", str(ask.id))
            case "ask", []:
                self.answers.clear()
                story.ask("How do I renew the VPN certificate at home?")
            case _, [str() as member]:
                self._press(action, member)
        story.advance(seconds=2)

    def _press(self, action: str, member: str) -> None:
        requests = [r for r in self.requests() if r.member == member]
        if not requests:
            return
        request = requests[-1]
        is_waiting = next(
            ask.state == "open" for ask in self.story.asks() if ask.id == request.ask_id
        )
        if action == "request_help":
            if is_waiting:
                self.choices[request.id] = "helping"
        elif action != "request_refuse_channel" and request.outcome == "open":
            self.choices[request.id] = "declined"
        if action in {"request_never", "request_refuse_channel"}:
            self.stops.setdefault(member, self.story.clock.now)
        self.story.click(member, action, str(request.id))

    def requests(self) -> list[HelpRequest]:
        with self.story.rt.read_session() as session:
            return list(session.scalars(select(HelpRequest).order_by(HelpRequest.id)))

    def check(self) -> None:
        requests, asks = self.requests(), {ask.id: ask for ask in self.story.asks()}
        with self.story.rt.read_session() as session:
            taken = session.scalars(select(AskStep).order_by(AskStep.step)).all()
        for ask in asks.values():
            own = [step for step in taken if step.ask_id == ask.id]
            assert [step.step for step in own] == list(range(1, len(own) + 1))
            for step in own:
                wait = steps.HOURS[step.step]
                assert step.taken_at >= HOURS.add(ask.asked_at, wait)
            for before, after in pairwise(own):
                assert after.taken_at >= HOURS.add(before.taken_at, 2)
            counts = Counter(r.step for r in requests if r.ask_id == ask.id)
            assert counts == Counter(
                {s.step: s.request_count for s in own if s.request_count}
            )
        for request in requests:
            assert request.member != ASKER
            # They were asked in working hours, and before they said no.
            assert HOURS.add(request.requested_at, 0) == request.requested_at
            if request.member in self.stops:
                assert request.requested_at <= self.stops[request.member]
            week = [
                r
                for r in requests
                if r.member == request.member
                and request.requested_at - WEEK < r.requested_at <= request.requested_at
            ]
            # They have given one or two answers.
            assert len(week) <= weekly_cap(2) == 1
            is_open = asks[request.ask_id].state == "open"
            chosen = self.choices.get(request.id)
            assert request.outcome == (chosen or ("open" if is_open else "over")) or (
                # It was over before, and the ask is open again.
                (request.outcome, chosen, is_open) == ("over", None, True)
            )


@pytest.mark.deep
@pytest.mark.timeout(400)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("count", [12, pytest.param(100, marks=pytest.mark.exhaustive)])
def test_facts_decide_whatever_the_order(story: Story, count: int) -> None:
    routing = set_up(story)
    routing.at(MONDAY)
    story.ask("How do I renew the VPN certificate?")
    Play(routing, story).act("hours", 5)
    go_back = checkpoint(story)

    @settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow])
    @given(played=actions)
    def check(played: list[tuple[Any, ...]]) -> None:
        go_back()
        play = Play(routing, story)
        for action in played:
            play.act(*action)
        routing.run()
        play.check()

    check()
