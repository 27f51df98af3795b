"""A workspace whose bot is killed and started again, and what is left of it all."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_char, c_double
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import yaml
from sqlalchemy import func, select

import app
from bot.clock import utc_now
from bot.db import Database
from commands.running import free_port
from models import OutboxItem
from sandbox import Ack, Message, Sandbox
from sandbox.clock import TravelClock
from tests.acceptance import invariants, mortal
from tests.acceptance.mortal import Birth, Fate
from tests.acceptance.rest import is_at_rest
from tests.processes import processes

MANIFEST = Path(app.__file__).parent / "manifest.yml"
WAITING = ("pending", "sending", "unverified")
# Longer than a lease, and than Slack waits before its second try.
STEP = timedelta(seconds=61)
PATIENCE_SECONDS = 90
KILLED = -9


@dataclass
class City:
    """A workspace with people; the bot in it dies and lives again."""

    database: Database
    folder: Path
    clock: TravelClock = field(default_factory=TravelClock)

    def __post_init__(self) -> None:
        self.fate = Fate(
            processes.RawValue(c_double, 0.0), processes.RawArray(c_char, 128)
        )
        self.slack = Sandbox(yaml.safe_load(MANIFEST.read_text()), clock=self.clock)
        self.slack.start()
        self.eva, self.ana, self.ben, self.chi = (
            self.person(name) for name in ("Eva", "Ana", "Ben", "Chi")
        )
        self.slack.change_person(self.eva, is_admin=True)
        everybody = [self.slack.workspace.person(who) for who in self.everybody]
        self.here = self.slack.channel("help", *everybody).id
        self.numbers = count(1)
        self.port = free_port()
        self.log = self.folder / "log"
        # What a dead worker held, and nobody sends any more.
        self.orphans: set[tuple[int, int]] = set()
        self.deaths = 0
        self.live()
        self.slack.connect_http(f"http://127.0.0.1:{self.port}/slack/events")
        self.settle()

    @property
    def everybody(self) -> tuple[str, ...]:
        return self.eva, self.ana, self.ben, self.chi

    def person(self, name: str) -> str:
        return self.slack.person(name.lower(), real_name=name).id

    def newcomer(self, name: str) -> str:
        """Somebody who has done nothing yet, in the channel."""
        someone = self.person(f"{name}{next(self.numbers)}")
        self.slack.join(self.here, someone)
        return someone

    def words(self) -> str:
        """A question that nobody has asked before."""
        return f"How do I do number {next(self.numbers)}?"

    # Lives and deaths

    def live(self) -> None:
        birth = Birth(
            fate=self.fate,
            database_url=self.database.engine.url.render_as_string(hide_password=False),
            api_url=self.slack.api_url,
            bot_token=self.slack.bot_token,
            signing_secret=self.slack.signing_secret,
            port=self.port,
            log=self.log,
        )
        self.process = processes.Process(target=mortal.live, args=(birth,))
        self.process.start()
        self.until(self._is_listening)

    def _is_listening(self) -> bool:
        assert self.process.is_alive(), self.log.read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @contextmanager
    def dying(self, point: str, about: str = "") -> Iterator[None]:
        """What is done inside leads the process to the point, and no further."""
        self.settle()
        self.fate.armed.value = f"{point}|{about}".encode()
        try:
            yield
            self.until(lambda: not self.process.is_alive())
            assert self.process.exitcode == KILLED, self.log.read_text()[-2000:]
            self.deaths += 1
        finally:
            self.fate.armed.value = b""
            self.process.kill()
            self.process.join()
            self._begin_anew()

    def _begin_anew(self) -> None:
        with self.database.reads() as session:
            held = select(OutboxItem.id, OutboxItem.attempts).filter_by(state="sending")
            self.orphans = {(row.id, row.attempts) for row in session.execute(held)}
        self.live()

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.slack.stop()

    # Time

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not true():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.01)

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.fate.ahead.value = (self.clock() - utc_now()).total_seconds()

    def travel_to(self, moment: datetime) -> None:
        self.advance(moment - self.clock())

    def settle(self) -> None:
        """Let time pass until nothing is on its way any more, to the bot or from it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            self.until(self._is_still)
            if not self.slack.deliveries_desk.waiting and not self._waiting():
                return
            assert time.monotonic() < end, "it does not come to rest"
            self.advance(max(STEP, self._until_the_next()))

    def _until_the_next(self) -> timedelta:
        """What waits for somebody's daytime, or for tomorrow, is waited for at once."""
        with self.database.reads() as session:
            due = session.scalar(
                select(func.min(OutboxItem.due_at)).where(OutboxItem.state.in_(WAITING))
            )
        is_tried_again = self.slack.deliveries_desk.waiting
        return STEP if is_tried_again or due is None else due - self.clock()

    def _is_still(self) -> bool:
        """Nobody is at work, and there is nothing to do before time has passed."""
        self.slack.settle()
        return is_at_rest(self.database, self.clock(), orphans=self.orphans)

    def _waiting(self) -> int:
        with self.database.reads() as session:
            waiting = select(func.count()).where(OutboxItem.state.in_(WAITING))
            return session.scalar(waiting) or 0

    def name(self, person: str) -> str:
        return self.slack.workspace.person(person).name

    # What people see

    def shown(self, words: str) -> list[Message]:
        """The bot's messages in the channel that show these words."""
        return [
            message
            for message in self.slack.messages(self.here)
            if message.bot_id == self.slack.bot_id
            and words in f"{message.text} {message.blocks}"
        ]

    def told(self, person: str, words: str) -> list[Message]:
        return [m for m in self.slack.dm(person) if words in m.text]

    def ask(self, asker: str = "") -> str:
        """An ask that stands, by its ts."""
        words = self.words()
        ack = self.slack.command(asker or self.ana, self.here, "/ask", words)
        assert (ack.status, ack.text) == (200, "")
        self.settle()
        [message] = self.shown(words)
        return message.ts

    def form(self, person: str, values: dict[str, object]) -> Callable[[], Ack]:
        """What the person has before them, to be submitted."""
        view = self.slack.view(person)
        assert view is not None
        return lambda: self.slack.submit(person, view["id"], values)

    def check(self) -> None:
        invariants.check(self.slack, self.database, self.log.read_text())
