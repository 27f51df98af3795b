"""A workspace whose bot is killed and restarted many times."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_char, c_double
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import count
from pathlib import Path

from sqlalchemy import func, select

from bot.clock import utc_now
from bot.db.engine import Database
from cli.manifest import manifest
from models import OutboxItem
from sandbox import Ack, Message, Sandbox
from sandbox.workspace.clock import TravelClock
from tests.acceptance import crash_points, invariants
from tests.acceptance.crash_points import AFTER_THE_200, CrashSwitch, ProcessConfig
from tests.acceptance.idleness import is_idle
from tests.ports import free_port
from tests.processes import processes

UNSENT_STATES = ("pending", "sending", "unconfirmed")
# Longer than a lease, and than Slack's first pause before a retry.
CLOCK_STEP = timedelta(seconds=61)
TIMEOUT_SECONDS = 90
KILLED = -9


@dataclass
class CrashingDeployment:
    """A workspace with people; its bot crashes and restarts."""

    database: Database
    folder: Path
    anonymity_key: str = ""
    hurries: bool = False
    clock: TravelClock = field(default_factory=TravelClock)

    def __post_init__(self) -> None:
        self.crash_switch = CrashSwitch(
            processes.RawValue(c_double, 0.0), processes.RawArray(c_char, 128)
        )
        self.slack = Sandbox(manifest(), clock=self.clock)
        self.slack.start()
        self.eva, self.ana, self.ben, self.chi = (
            self.person(name) for name in ("Eva", "Ana", "Ben", "Chi")
        )
        self.slack.change_person(self.eva, is_admin=True)
        everybody = [
            self.slack.workspace.person(member_id) for member_id in self.member_ids
        ]
        self.channel = self.slack.add_channel("help", *everybody).id
        self.numbers = count(1)
        self.port = free_port()
        self.log = self.folder / "log"
        # Items that a dead worker had claimed and nobody sends.
        self.orphaned_deliveries: set[tuple[int, int]] = set()
        self.crash_count = 0
        self.start_bot()
        self.slack.connect_http(f"http://127.0.0.1:{self.port}/slack/events")
        self.wait_until_idle()

    @property
    def member_ids(self) -> tuple[str, ...]:
        return self.eva, self.ana, self.ben, self.chi

    def person(self, name: str) -> str:
        return self.slack.add_person(name.lower(), real_name=name).id

    def add_member(self, name: str) -> str:
        """Add a new member to the channel."""
        someone = self.person(f"{name}{next(self.numbers)}")
        self.slack.join(self.channel, someone)
        return someone

    def new_question(self) -> str:
        """Return a question that nobody has asked before."""
        return f"How do I do number {next(self.numbers)}?"

    # Starts and crashes

    def start_bot(self) -> None:
        birth = ProcessConfig(
            crash_switch=self.crash_switch,
            database_url=self.database.engine.url.render_as_string(hide_password=False),
            api_url=self.slack.api_url,
            bot_token=self.slack.bot_token,
            signing_secret=self.slack.signing_secret,
            port=self.port,
            log=self.log,
            anonymity_key=self.anonymity_key,
            hurries=self.hurries,
        )
        self.process = processes.Process(target=crash_points.run_bot, args=(birth,))
        self.process.start()
        self.wait_until(self._is_listening)

    def _is_listening(self) -> bool:
        assert self.process.is_alive(), self.log.read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @contextmanager
    def crash_at(self, point: str, about: str = "") -> Iterator[None]:
        """Arm the crash point for the block, which leads the process there."""
        self.wait_until_idle()
        self.crash_switch.armed.value = f"{point}|{about}".encode()
        first = len(self.slack.deliveries)
        try:
            yield
            if point == AFTER_THE_200:
                # A person's request has ended by now; an event may be on its way. The
                # process cannot kill itself then: the event about a message that it
                # has posted meanwhile may get a 200 before the person's request.
                self.wait_until(
                    lambda: any(
                        each.status == HTTPStatus.OK
                        for each in self.slack.deliveries[first:]
                    )
                )
                self.process.kill()
            self.wait_until(lambda: not self.process.is_alive())
            assert self.process.exitcode == KILLED, self.log.read_text()[-2000:]
            self.crash_count += 1
        finally:
            self.crash_switch.armed.value = b""
            self.process.kill()
            self.process.join()
            self._restart_bot()

    def _restart_bot(self) -> None:
        with self.database.read_session() as session:
            sending = select(OutboxItem.id, OutboxItem.attempts).filter_by(
                state="sending"
            )
            self.orphaned_deliveries = {
                (row.id, row.attempts) for row in session.execute(sending)
            }
        self.start_bot()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.slack.stop()

    # Time

    def wait_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + TIMEOUT_SECONDS
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.01)

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.crash_switch.clock_offset.value = (
            self.clock() - utc_now()
        ).total_seconds()

    def travel_to(self, moment: datetime) -> None:
        self.advance(moment - self.clock())

    def wait_until_idle(self) -> None:
        """Advance the clock until nothing is on its way to the bot or from it."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while True:
            self.wait_until(self._is_idle)
            if (
                not self.slack.delivery_queue.scheduled_count
                and not self._unsent_count()
            ):
                return
            assert time.monotonic() < end, "it does not come to rest"
            self.advance(max(CLOCK_STEP, self._time_to_next_item()))

    def _time_to_next_item(self) -> timedelta:
        """Return the time until the next item, to skip waits for contact hours."""
        with self.database.read_session() as session:
            due = session.scalar(
                select(func.min(OutboxItem.due_at)).where(
                    OutboxItem.state.in_(UNSENT_STATES)
                )
            )
        is_tried_again = self.slack.delivery_queue.scheduled_count
        return CLOCK_STEP if is_tried_again or due is None else due - self.clock()

    def _is_idle(self) -> bool:
        """Return True if nothing is in flight and nothing is due yet."""
        self.slack.wait_for_deliveries()
        return is_idle(self.database, self.clock(), orphans=self.orphaned_deliveries)

    def _unsent_count(self) -> int:
        with self.database.read_session() as session:
            waiting = select(func.count()).where(OutboxItem.state.in_(UNSENT_STATES))
            return session.scalar(waiting) or 0

    def name(self, person: str) -> str:
        return self.slack.workspace.person(person).name

    # Observations

    def bot_messages(self, words: str) -> list[Message]:
        """Return the bot's messages in the channel that contain these words."""
        return [
            message
            for message in self.slack.messages(self.channel)
            if message.bot_id == self.slack.bot_id
            and words in f"{message.text} {message.blocks}"
        ]

    def direct_messages(self, person: str, words: str) -> list[Message]:
        return [m for m in self.slack.dm(person) if words in m.text]

    def ask(self, asker: str = "") -> str:
        """Post an ask and wait for it; return its ts."""
        words = self.new_question()
        ack = self.slack.command(asker or self.ana, self.channel, "/ask", words)
        assert (ack.status, ack.text) == (200, "")
        self.wait_until_idle()
        [message] = self.bot_messages(words)
        return message.ts

    def form_submission(
        self, person: str, values: dict[str, object]
    ) -> Callable[[], Ack]:
        """Return the open form, ready to be submitted."""
        view = self.slack.view(person)
        assert view is not None
        return lambda: self.slack.submit(person, view["id"], values)

    def check_invariants(self) -> None:
        invariants.check(self.slack, self.database, self.log.read_text())
