"""A simulated year of asks: everybody's limits, and the answers that requests bring.

    uv run --group dev python -m benchmarks.routing_year
    uv run --group dev python -m benchmarks.routing_year --days 60

The clock is moved; what people do is drawn; all else is the bot itself, on SQLite: its
events, jobs and deliveries. It prints what it assumes. The same asks, people and draws
are played with requests and without.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from slack_sdk.models.blocks import Block
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

import handlers.bolt_app
import jobs.routing
from benchmarks.routing_people import (
    ASSUMPTIONS,
    CHANNELS,
    HELPS_IF_KNOWN,
    HELPS_OTHERWISE,
    PEOPLE,
    START,
    People,
    Question,
    chosen_cap,
)
from benchmarks.workspace import (
    Clock,
    add_workspace,
    answer_request,
    channel_id,
    make_runtime,
    person,
)
from bot.asks.service import AskDraft, insert_ask
from bot.db import engine, schema
from bot.outbox.worker import OutboxWorker
from bot.routing import rules
from bot.routing.peers import load_peers
from bot.search.follower import SearchFollower
from bot.slack.api import SlackApi
from bot.workspace import budget_rules, channels, contact_budget, sync
from bot.workspace.workspace_settings import WorkspaceSettings
from models import (
    Ask,
    Channel,
    HelpRequest,
    MemberSettingsRow,
    UnaskedMessage,
)

TICK = timedelta(minutes=20)
BUDGET = WorkspaceSettings().unasked_per_week
WEEK = timedelta(days=7)


@dataclass
class QuietSlack:
    """Accepts messages, and counts them."""

    count: int = 0

    def post(
        self, channel: str, _text: str, _blocks: Sequence[Block], **_: object
    ) -> tuple[str, str]:
        self.count += 1
        return f"D{channel[1:]}", f"{1_600_000_000 + self.count}.000100"

    def update(self, *_: object) -> None: ...

    def publish_home(self, *_: object, **__: object) -> str:
        return "hash"

    def add_reaction(self, *_: object) -> None: ...

    def remove_reaction(self, *_: object) -> None: ...


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(ASSUMPTIONS, "\n")
    draw = random.Random(options.seed)  # noqa: S311 - a draw, no secret
    people = People(draw)
    questions = people.questions(draw, options.days)
    for name, is_on in (("without requests", False), ("with requests", True)):
        with tempfile.TemporaryDirectory() as folder:
            year = Year(Path(folder), people, questions, is_on=is_on)
            year.play(options.days, options.seed)
            print(f"{name}: {year.answered()}")
            if is_on:
                year.report(options.days)
            year.close()


@dataclass
class Year:
    """Plays the questions, in a database of its own."""

    folder: Path
    people: People
    questions: list[Question]
    is_on: bool
    # Answers to requests by their time: the ask's id, and the member.
    promised: list[tuple[datetime, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database = engine.connect(f"sqlite:///{self.folder / 'year.db'}")
        schema.upgrade(self.database)
        self.clock = Clock(START)
        # The channels of a year without requests turn them off.
        routes_asks = None if self.is_on else False
        with self.database.write_session.begin() as session:
            self.workspace = add_workspace(
                session,
                START,
                people=PEOPLE,
                channels=CHANNELS,
                routes_asks=routes_asks,
            )
            self._add_choices(session)
        slack = cast("SlackApi", QuietSlack())
        self.rt = make_runtime(self.database, self.workspace, slack, self.clock)
        self.bolt = handlers.bolt_app.create_app(self.rt)
        self.worker = OutboxWorker(
            self.rt,
            self.rt.features.message_types,
            fetch_new_users=sync.fetch_new_users,
        )
        self.follower = SearchFollower(self.rt, self.folder / "search")
        self.asks: dict[int, Question] = {}
        self.last_request = 0
        # The most requests in seven days, by the cap of those who were asked; and the
        # most unasked messages, by their limit.
        self.most_requests, self.most_messages = Counter[int](), Counter[int]()
        self.above_cap = self.above_limit = 0
        self.sent = 0

    def _add_choices(self, session: Session) -> None:
        """Add the people's numbers of requests, and a champion in each channel."""
        rows = [
            {
                "installation_id": self.workspace.id,
                "member": person(n),
                "max_requests_per_week": chosen_cap(n),
            }
            for n in range(PEOPLE)
            if chosen_cap(n) is not None
        ]
        session.execute(insert(MemberSettingsRow), rows)
        for channel in session.scalars(select(Channel)).all():
            champion = person(20 + 23 * channel.id)
            channels.set_champions(session, channel.id, [champion])

    def play(self, days: int, seed: int) -> None:
        draw = random.Random(seed)  # noqa: S311
        waiting = list(reversed(self.questions))
        answers: list[tuple[datetime, int, int]] = []
        end = START + timedelta(days=days)
        while self.clock.now < end:
            self.clock.now += TICK
            if not 8 <= self.clock.now.hour < 18:  # noqa: PLR2004 - no one is at work
                continue
            while waiting and waiting[-1].at <= self.clock.now:
                question = waiting.pop()
                ask_id = self._ask(question)
                if question.answered_at is not None:
                    answers.append((question.answered_at, ask_id, question.answerer))
            for at, ask_id, member in [*answers, *self.promised]:
                if at <= self.clock.now:
                    self._answer(ask_id, member)
            answers = [each for each in answers if each[0] > self.clock.now]
            self.promised = [p for p in self.promised if p[0] > self.clock.now]
            self.follower.follow()
            if self.is_on:
                jobs.routing.route_asks(self.rt, self.worker)
            self._deliver()
            self._hear_requests(draw)

    def _deliver(self) -> None:
        for _ in range(20):
            if not self.worker.send_due():
                break
            self.clock.now += timedelta(seconds=1)

    def _ask(self, question: Question) -> int:
        self.sent += 1
        ts = f"{int(question.at.timestamp())}.{self.sent:06}"
        text = f"How do I set up topic{question.topic} here?"
        with self.rt.write(self.workspace) as tx:
            channel = tx.session.scalars(
                select(Channel).filter_by(slack_id=channel_id(question.channel))
            ).one()
            ask = insert_ask(
                tx,
                channel,
                AskDraft(text, f"It is about topic{question.topic}."),
                asker=person(question.asker),
                dedup_key=f"year:{self.sent}",
                asked_at=question.at,
                ts=ts,
            )
            assert ask is not None
            # As if it were asked by `/ask`.
            ask.is_confirmed = True
            self.asks[ask.id] = question
            return ask.id

    def _answer(self, ask_id: int, member: int) -> None:
        question = self.asks[ask_id]
        with self.rt.read_session() as session:
            thread = session.scalars(select(Ask.ts).filter_by(id=ask_id)).one()
        assert thread is not None
        self.sent += 1
        ts = f"{int(self.clock.now.timestamp())}.{self.sent:06}"
        channel = channel_id(question.channel)
        request = answer_request(person(member), channel, thread, ts)
        response = self.bolt.dispatch(request)
        assert response.status == 200  # noqa: PLR2004 - of HTTP

    def _hear_requests(self, draw: random.Random) -> None:
        """Let those who were just asked decide whether they answer."""
        with self.rt.read_session() as session:
            new = session.scalars(
                select(HelpRequest)
                .where(HelpRequest.id > self.last_request)
                .order_by(HelpRequest.id)
            ).all()
        if new:
            self._compare_with_caps(new)
        for request in new:
            self.last_request = request.id
            member = int(request.member[1:])
            knows = self.asks[request.ask_id].topic in self.people.known[member]
            if draw.random() < (HELPS_IF_KNOWN if knows else HELPS_OTHERWISE):
                at = self.clock.now + timedelta(hours=draw.uniform(0, 4))
                self.promised.append((at, request.ask_id, member))

    def _compare_with_caps(self, new: Sequence[HelpRequest]) -> None:
        """Compare requests of one tick with the caps that people had then."""
        with self.rt.read(self.workspace) as tx:
            then = replace(tx, now=new[0].requested_at)
            answer_counts = load_peers(then).answer_counts
            for request in new:
                chosen = chosen_cap(int(request.member[1:]))
                cap = rules.weekly_cap(answer_counts[request.member], chosen)
                sent = contact_budget.sent_times(then, [request.member])
                messages = sum(at <= then.now for at in sent[request.member])
                requests = tx.session.scalar(
                    select(func.count()).where(
                        HelpRequest.member == request.member,
                        HelpRequest.id <= request.id,
                        HelpRequest.requested_at > then.now - WEEK,
                    )
                )
                assert requests is not None
                self.most_requests[cap] = max(requests, self.most_requests[cap])
                limit = budget_rules.request_limit(BUDGET, cap)
                self.most_messages[limit] = max(messages, self.most_messages[limit])
                self.above_cap += requests > cap
                self.above_limit += messages > limit

    # Results

    def answered(self) -> str:
        with self.rt.read_session() as session:
            states = Counter(session.scalars(select(Ask.state)))
        share = states["answered"] / states.total()
        return f"{share:.1%} of {states.total():,} asks got an answer"

    def report(self, days: int) -> None:
        with self.rt.read_session() as session:
            requests = session.scalars(select(HelpRequest)).all()
            messages = session.execute(
                select(UnaskedMessage.member, UnaskedMessage.claimed_at)
            ).all()
        people = {request.member for request in requests}
        print(f"{len(requests):,} requests to {len(people)} people")
        most = dict(sorted(self.most_requests.items()))
        print(f"the most in 7 days, by their cap: {most}; above it: {self.above_cap}")
        most = dict(sorted(self.most_messages.items()))
        print(
            "the most unasked messages in 7 days, by their limit:"
            f" {most}; above it: {self.above_limit}"
        )
        each = Counter((member, (at - START) // WEEK) for member, at in messages if at)
        counts = sorted(
            each[person(n), week] for n in range(PEOPLE) for week in range(days // 7)
        )
        if counts:
            p50, p99 = (counts[len(counts) * share // 100] for share in (50, 99))
            print(
                f"unasked messages by person and week: p50 {p50}, p99 {p99},", end=" "
            )
            print(f"max {counts[-1]}")

    def close(self) -> None:
        self.follower.close()
        self.database.close()


if __name__ == "__main__":
    main()
