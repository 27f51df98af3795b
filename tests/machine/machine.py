"""People act, Slack delivers, processes crash: the rules, independent of features.

A feature's rules are a class such as `tests/machine/asks.py`: a mixin of `Machine` that
takes `self.world`, `self.act` and `self.rows`, and adds to `check` and `settle_check`.
"""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from slack_bolt import BoltRequest, BoltResponse
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

import handlers.bolt_app
from bot.db.engine import Database
from bot.features import FEATURES
from bot.outbox.queue import LEASE_DURATION
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from bot.slack.api import NotSent, OutcomeUnknown, RateLimited
from bot.workspace import sync
from jobs import privacy as privacy_jobs
from models import Champion, Channel, Installation, Member, OutboxItem
from tests.factories import Clock
from tests.machine.model import EXTERNAL, ROBOT
from tests.machine.world import COUNTERS, OPEN, QUIET, Crash, Event, World
from tests.slack_payloads import BOT, CHAMPION, conversation_object, user_object
from tests.two_workspaces import ALPHA, BETA, mixed_rows, rows_in

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MEMBERS = ("U0ANA", "U0BEN", "U0CHI", "U0DAN", "U0EVA", "U0GUS")
EVERYBODY = (*MEMBERS, EXTERNAL, ROBOT)
METHODS = (
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "chat.postEphemeral",
    "reactions.add",
    "reactions.remove",
    "conversations.history",
    "conversations.replies",
    "users.info",
    "views.open",
    "response_url",
)
# Each workspace's texts contain its own word.
WORDS = (ALPHA, BETA)
# The minimum of steps between two complete checks.
_STEPS_BEFORE_CHECK = 60
FINISHED_STATES = {"sent", "cancelled", "lost"}
EPHEMERAL_KINDS = {"ask.suggest_solution", "kudos.receipt", "kudos.limit_reached"}


class CrashingSessions(sessionmaker[Session]):
    """Sessions of a process that can die right before or after a commit."""

    crash_at: str | None = None

    @contextlib.contextmanager
    def begin(self) -> Iterator[Session]:
        with super().begin() as session:
            yield session
            self._crash_if_due("before a commit")
        self._crash_if_due("after a commit")

    def _crash_if_due(self, point: str) -> None:
        if self.crash_at == point:
            self.crash_at = None
            raise Crash(point)


class Replica:
    """One process, whose memory is lost when it crashes."""

    def __init__(
        self, database: Database, sides: Iterable["Side"], clock: Clock
    ) -> None:
        self.sessions = CrashingSessions(database.engine)
        self.rt = Runtime(
            ServedWorkspaces([(side.workspace, side.world) for side in sides]),
            self.sessions,
            database.read_session,
            database.autocommit,
            clock,
            FEATURES,
        )
        self.worker = OutboxWorker(
            self.rt,
            self.rt.features.message_types,
            fetch_new_users=sync.fetch_new_users,
        )
        self.bolt = handlers.bolt_app.create_app(self.rt)


@dataclass
class Side:
    """A workspace; people, channels and messages have the same ids in each."""

    world: World
    workspace: Workspace
    # So that the ids of requests are the same, too.
    number: int = 0

    @property
    def team(self) -> str:
        return self.workspace.team_id


class Machine(RuleBasedStateMachine):
    """The rules of the world around the bot, in two workspaces by turns."""

    replicas_count = 1
    # Rows that a transaction of another workspace loaded; there must be none.
    foreign_loads: list[str]

    def __init__(self) -> None:
        super().__init__()
        COUNTERS["examples"] += 1
        self.clock = Clock(NOW)
        self.interrupted: list[str] = []
        self.database = self.new_database()
        self.sides = [self._new_side(word) for word in WORDS]
        self._turns = itertools.cycle(self.sides)
        self.side = next(self._turns)
        self.replicas = [self._start() for _ in range(self.replicas_count)]
        self.steps = 0
        self.latest = NOW

    def new_database(self) -> Database:
        """Return an empty, migrated database."""
        raise NotImplementedError

    def end_database(self) -> None:
        self.database.close()

    @property
    def world(self) -> World:
        return self.side.world

    def _new_side(self, word: str) -> Side:
        team = f"T0{word.upper()}"
        world = World(
            clock=self.clock, interrupted=self.interrupted, team=team, word=word
        )
        world.people = {
            member: user_object(member, team_id=team) for member in MEMBERS
        } | {
            EXTERNAL: user_object(EXTERNAL, "Zed", team_id="T0OTHER", is_admin=True),
            ROBOT: user_object(ROBOT, "Robo", team_id=team, is_bot=True),
        }
        for slack_id in (QUIET, OPEN):
            world.channels[slack_id] = conversation_object(slack_id, slack_id.lower())
        return Side(world, self._install(team))

    def _install(self, team: str) -> Workspace:
        with self.database.write_session.begin() as session:
            row = Installation(
                team_id=team,
                bot_id="B0BACKSWING",
                bot_user_id=BOT,
                team_name="Peers",
                team_url="https://peers.slack.com/",
                installed_at=NOW,
            )
            session.add(row)
            session.flush()
            for slack_id, capture, kudos in (
                (QUIET, "off", []),
                (OPEN, "all", ["tada"]),
            ):
                channel = Channel(
                    installation_id=row.id,
                    slack_id=slack_id,
                    name=slack_id.lower(),
                    is_joined=True,
                    capture=capture,
                    kudos_emoji=kudos,
                )
                session.add(channel)
                session.flush()
                session.add(Champion(channel_id=channel.id, member=CHAMPION))
            return Workspace(
                row.id, row.team_id, row.bot_id, row.bot_user_id, row.team_url
            )

    def _start(self) -> Replica:
        return Replica(self.database, self.sides, self.clock)

    # Actions, in a process that may die of them

    def replica_for(self, number: int) -> Replica:
        return self.replicas[number % len(self.replicas)]

    def survives(self, replica: Replica, do: Callable[[Replica], None]) -> bool:
        """Return True if the process survived; a dead one is restarted."""
        try:
            do(replica)
        except Crash:
            self.world.disturbances += 1
            COUNTERS["crashes"] += 1
            event.remove(replica.sessions, "after_commit", replica.worker._on_commit)
            if replica in self.replicas:
                self.replicas[self.replicas.index(replica)] = self._start()
            return False
        return True

    def act(self, which: int, body: Mapping[str, Any]) -> BoltResponse | None:
        """Use a command, a button or a form; return None if the process died."""
        answers: list[BoltResponse] = []
        request = json.loads(json.dumps(body))

        def dispatch(replica: Replica) -> None:
            answer = replica.bolt.dispatch(
                BoltRequest(body=request, mode="socket_mode")
            )
            answers.append(answer)

        if not self.survives(self.replica_for(which), dispatch):
            return None
        assert answers[0].status in {200, 500}
        return answers[0]

    def click(
        self,
        which: int,
        member: str,
        action_id: str,
        *,
        value: str = "",
        option: str = "",
    ) -> BoltResponse | None:
        action: dict[str, Any] = {
            "type": "overflow" if option else "button",
            "action_id": action_id,
            "block_id": "b",
            "value": value,
            "action_ts": self.world.ts(),
        }
        if option:
            action["selected_option"] = {"value": option}
        return self.act(
            which,
            {
                "type": "block_actions",
                "team": {"id": self.side.team},
                "user": {"id": member, "team_id": self.side.team},
                "trigger_id": "trigger",
                "actions": [action],
                "channel": {"id": QUIET, "name": "help"},
                "container": {"type": "message"},
                "response_url": "https://hooks.slack.test/click",
            },
        )

    def deliver_batch(self, replica: Replica, batch: list[Event]) -> None:
        """Deliver events; unacknowledged ones stay to be delivered."""

        def dispatch(to: Replica) -> None:
            answers = to.bolt.dispatch_batch(
                [
                    BoltRequest(
                        body=self.world_of(news).envelope(news), mode="socket_mode"
                    )
                    for news in batch
                ]
            )
            for news, answer in zip(batch, answers, strict=True):
                assert answer.status == 200, news
                world = self.world_of(news)
                if news in world.pending:
                    world.pending.remove(news)
                    world.delivered.append(news)

        COUNTERS["events"] += len(batch)
        self.survives(replica, dispatch)

    def world_of(self, news: Event) -> World:
        [world] = [each for each in self.worlds() if each.team == news.team]
        return world

    def worlds(self) -> list[World]:
        return [side.world for side in self.sides]

    def deliverable(self) -> list[Event]:
        """Return the events that may be next, of either workspace."""
        return [news for world in self.worlds() for news in world.deliverable()]

    def rows(self, query: Any) -> list[Any]:
        """Return the rows of the workspace whose turn it is; answers of both."""
        model = query.column_descriptions[0]["entity"]
        if hasattr(model, "installation_id"):
            query = query.where(model.installation_id == self.side.workspace.id)
        with self.database.read_session() as session:
            return list(session.scalars(query).all())

    # Slack

    @precondition(lambda self: self.deliverable())
    @rule(data=st.data(), which=st.integers(0, 1), size=st.integers(1, 5))
    def deliver(self, data: st.DataObject, which: int, size: int) -> None:
        batch: list[Event] = []
        for _ in range(size):
            ready = [n for n in self.deliverable() if n not in batch]
            if ready:
                batch.append(data.draw(st.sampled_from(ready)))
        self.deliver_batch(self.replica_for(which), batch)

    @precondition(lambda self: self.world.delivered)
    @rule(data=st.data(), which=st.integers(0, 1))
    def redeliver(self, data: st.DataObject, which: int) -> None:
        COUNTERS["duplicates"] += 1
        news = data.draw(st.sampled_from(self.world.repeatable()))
        self.deliver_batch(self.replica_for(which), [news])

    @rule(
        method=st.sampled_from(METHODS),
        kind=st.sampled_from(["429", "5xx", "refused", "lost", "crash", "crash after"]),
    )
    def inject_fault(self, method: str, kind: str) -> None:
        COUNTERS["faults"] += 1
        errors: dict[str, BaseException] = {
            "429": RateLimited(method, 30),
            "5xx": OutcomeUnknown(method, "http_503"),
            "refused": NotSent(method, "not_connected"),
            "lost": OutcomeUnknown(method, "TimeoutError"),
            "crash": Crash(method),
            "crash after": Crash(method),
        }
        is_after = kind in {"lost", "crash after"}
        point: Any = self.world.fail_after if is_after else self.world.fail
        point.setdefault(method, []).append(errors[kind])

    @rule(which=st.integers(0, 1), point=st.sampled_from(["before", "after", "now"]))
    def plan_crash(self, which: int, point: str) -> None:
        def die(_: Replica) -> None:
            raise Crash

        if point == "now":
            self.survives(self.replica_for(which), die)
        else:
            self.replica_for(which).sessions.crash_at = f"{point} a commit"

    # The clock, and its jobs

    @rule(seconds=st.sampled_from([1, 2, 11, 31, 61, 600]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule(seconds=st.sampled_from([-3600, 3 * 3600, 25 * 3600]))
    def jump_clock(self, seconds: int) -> None:
        if not self.deliverable() or seconds < 0:
            self.clock.advance(seconds=seconds)

    @rule(which=st.integers(0, 1))
    def send_due(self, which: int) -> None:
        self.survives(self.replica_for(which), lambda r: _discard(r.worker.send_due()))

    @rule(which=st.integers(0, 1))
    def send_next(self, which: int) -> None:
        self.survives(self.replica_for(which), _send_one)

    @rule(which=st.integers(0, 1), name=st.sampled_from(["meet", "again", "purge"]))
    def run_job(self, which: int, name: str) -> None:
        jobs: dict[str, Callable[[Replica], None]] = {
            "meet": lambda r: sync.fetch_new_users(r.rt, self.side.workspace),
            "again": lambda r: sync.refresh_stale_users(r.rt, self.side.workspace),
            "purge": lambda r: privacy_jobs.purge_expired(r.rt, r.worker),
        }
        self.survives(self.replica_for(which), jobs[name])

    @rule(which=st.integers(0, 1), name=st.sampled_from(["news", "send", "stall"]))
    def interrupt_next_call(self, which: int, name: str) -> None:
        """Make something happen elsewhere during the next call."""

        def happen() -> None:
            # Another process dies of it than the one in the call.
            other = self._start()
            try:
                if name == "news" and self.deliverable():
                    self.deliver_batch(other, self.deliverable()[:2])
                    return
                if name == "stall":
                    self.clock.advance(seconds=LEASE_DURATION.total_seconds() + 1)
                self.survives(other, lambda r: _discard(r.worker.send_due()))
            finally:
                with contextlib.suppress(Exception):
                    event.remove(
                        other.sessions, "after_commit", other.worker._on_commit
                    )

        (self.world.stalls if name == "stall" else self.world.interruptions).append(
            happen
        )

    # Invariants

    @invariant()
    def steps_are_counted(self) -> None:
        COUNTERS["steps"] += 1
        self.steps += 1
        self.side = next(self._turns)
        self.latest = max(self.latest, self.clock())

    @invariant()
    def nothing_is_there_twice(self) -> None:
        for world in self.worlds():
            operations = [posted.metadata_token for posted in world.messages]
            assert len(set(operations)) == len(operations)

    @invariant()
    def nothing_of_another_workspace_is_loaded(self) -> None:
        assert self.foreign_loads == []

    @invariant()
    def nobody_is_shouted_at(self) -> None:
        for world in self.worlds():
            for posted in (*world.messages, *world.ephemeral_messages):
                assert_harmless(posted.text, posted.blocks)
            for _, view in world.views:
                assert_harmless("", view)
            for _, text, blocks in world.responses:
                assert_harmless(text, blocks)
            shown = str((world.messages, world.ephemeral_messages, world.views))
            shown += str((world.homes, world.responses, world.files))
            assert_without_others(shown, world)
            world.views.clear()
            world.responses.clear()

    @precondition(lambda self: self.steps > _STEPS_BEFORE_CHECK)
    @rule()
    def settle_and_check(self) -> None:
        self.steps = 0
        self.run_until_idle()

    def run_until_idle(self) -> None:
        """Deliver all lost events and send all due messages, then check."""
        self.cancel_plans()
        while self.deliverable():
            self.deliver_batch(self.replicas[0], self.deliverable()[-1:])
        for turn in range(100):
            for replica in self.replicas:
                for workspace in replica.rt.workspaces:
                    sync.fetch_new_users(replica.rt, workspace)
                self.run_clock_jobs(replica)
                replica.worker.send_due()
            if not self._unfinished_work():
                break
            if turn == 60:
                # Work from before the clock was set back is due by then.
                self.clock.now = max(self.clock.now, self.latest)
            self.clock.advance(seconds=61)
        unfinished = self._unfinished_work()
        assert not unfinished, unfinished
        COUNTERS["settled"] += 1
        self.check_both()

    def cancel_plans(self) -> None:
        """Let no planned fault happen."""
        for world in self.worlds():
            for planned in (world.fail, world.fail_after):
                planned.clear()
            for happening in (world.interruptions, world.stalls):
                happening.clear()
        for replica in self.replicas:
            replica.sessions.crash_at = None

    def check_both(self) -> None:
        for side in self.sides:
            self.side = side
            self.check_everything()
        rt = self.replicas[0].rt
        assert mixed_rows(rt) == []
        for side in self.sides:
            rows = str(rows_in(rt, side.workspace))
            self.side = side
            assert side.world.word in rows or not self.keeps_texts()
            assert_without_others(rows, side.world)

    def run_clock_jobs(self, replica: Replica) -> None:
        """Run what the clock does by itself; each feature adds to it."""

    def waits_for_later(self, item: OutboxItem) -> bool:
        """Return True for what waits for another day; each feature adds to it."""
        return False

    def keeps_texts(self) -> bool:
        """Return True if people's texts must be in rows; each feature adds to it.

        No row contains the texts of refused commands and of messages without an ask.
        """
        return False

    def _unfinished_work(self) -> list[str]:
        """Return the unsent messages and the unknown users."""
        unfinished: list[str] = []
        waiting = select(OutboxItem).where(OutboxItem.state.not_in(FINISHED_STATES))
        for side in self.sides:
            self.side = side
            unfinished += [
                f"{item.dedup_key} {item.state} {item.error} {item.due_at}"
                for item in self.rows(waiting)
                if not self.waits_for_later(item)
            ]
            unfinished += self.rows(select(Member.slack_id).filter_by(fetched_at=None))
        return unfinished

    def check_everything(self) -> None:
        """Check what holds when nothing is in flight; each feature adds to it."""
        items = self.rows(select(OutboxItem))
        sent = {item.metadata_token for item in items}
        for posted in self.world.messages:
            assert posted.metadata_token in sent
        for item in items:
            # Only ephemeral messages may be given up.
            assert item.state != "lost" or item.kind in EPHEMERAL_KINDS, item.dedup_key

    def teardown(self) -> None:
        try:
            self.run_until_idle()
        finally:
            self.end_database()


def assert_harmless(text: str, content: Any) -> None:
    """Check that no group is mentioned, and only the bot mentions people."""
    assert "<!" not in text.replace("<!date", "")
    for part in json_objects(content):
        assert part.get("type") not in {"broadcast", "usergroup"}, part
        if part.get("type") == "mrkdwn":
            assert "<!" not in part["text"], part


def assert_without_others(observed: str, world: World) -> None:
    """Check that no text of another workspace got into this one."""
    assert not [word for word in WORDS if word != world.word and word in observed]


def json_objects(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        yield content
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            yield from json_objects(part)


def _send_one(replica: Replica) -> None:
    replica.worker._ask_queue()
    replica.worker._take_turn()


def _discard(_: object) -> None:
    return None
