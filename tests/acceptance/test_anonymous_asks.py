"""Asks without a name in a whole deployment, and what it leaves on its disk."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from bot.db import engine
from bot.db.engine import Database
from jobs.anonymity import add_channel_members
from models import AnonymousLink, Ask, Base, Member
from sandbox import Message
from sandbox.workspace.clock import TravelClock
from tests.acceptance import anonymous_asks
from tests.acceptance.anonymous_asks import KEY, QUESTION
from tests.acceptance.conftest import (
    Deployment,
    running_bot,
    start_sandbox,
)
from tests.acceptance.long_runs import CrashingDeployment
from tests.acceptance.test_ambiguous import QUICK, SECONDS, settle

ROOT = Path(__file__).parent.parent.parent
AUTHOR, OTHER = "U0CANARYQX", "U0CANARYZJ"
CANARIES = {AUTHOR: "Zephyrinequx", OTHER: "Wolfhildazjk"}


def known_people(database: Database) -> int:
    """Return the number of people whose profiles have been fetched."""
    with database.read_session() as session:
        known = session.scalars(select(Member.fetched_at)).all()
        return len([*filter(None, known)])


class City(CrashingDeployment):
    """A workspace with ten people, two of whom do the same, but one asks."""

    def set_up(self) -> None:
        for member, name in CANARIES.items():
            self.slack.add_person(name.lower(), real_name=name, id=member)
            self.slack.join(self.channel, member)
        for number in range(5):
            self.slack.join(self.channel, self.person(f"Peer{number}"))
        self.wait_until_idle()
        anonymous_asks.allow(self.slack, self.channel, self.eva)
        self.wait_until(lambda: known_people(self.database) >= 11)
        self.wait_until_idle()

    def crash(self) -> None:
        """Kill the process, and start it again."""
        self.process.kill()
        self.process.join()
        self._restart_bot()

    def asked(self) -> Message:
        [message] = self.bot_messages(QUESTION)
        return message

    def link_count(self) -> int:
        with self.database.read_session() as session:
            return len(session.scalars(select(AnonymousLink.ask_id)).all())

    def open_own_ask(self) -> None:
        self.slack.open_home(AUTHOR)
        self.wait_until(lambda: "asker_open" in json.dumps(self.slack.home(AUTHOR)))
        home = self.slack.home(AUTHOR)
        assert home is not None
        self.slack.click_view(AUTHOR, home["id"], "asker_open")

    def act(self, action: str, **values: object) -> None:
        """Press a button of the own ask; fill in its form, if it has one."""
        anonymous_asks.press(self.slack, AUTHOR, action)
        if values:
            anonymous_asks.submit(self.slack, AUTHOR, **values)

    def run(self, *arguments: str) -> None:
        """Run a command of the program, as the operator does."""
        url = self.database.engine.url.render_as_string(hide_password=False)
        subprocess.run(
            [sys.executable, "app.py", *arguments],
            check=True,
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url},
            capture_output=True,
        )


@pytest.fixture
def city(tmp_path: Path, migrated_file: Path) -> Iterator[City]:
    shutil.copy(migrated_file, tmp_path / "city.db")
    database = engine.connect(f"sqlite:///{tmp_path / 'city.db'}")
    city = City(database, tmp_path, KEY, hurries=True)
    city.set_up()
    yield city
    city.stop()
    database.close()


def occurrences(data: bytes) -> Counter[str]:
    """Count the canaries in bytes, in any case, and as UTF-16."""
    lower = data.lower()
    return Counter(
        {
            member: sum(
                lower.count(word.lower().encode(encoding))
                for word in (member, name)
                for encoding in ("utf-8", "utf-16-le")
            )
            for member, name in CANARIES.items()
        }
    )


def rows_with(database: Database, member: str) -> Counter[str]:
    """Count the rows of each table that name the member by id or name."""
    words = (member, CANARIES[member])
    counts: Counter[str] = Counter()
    with database.read_session() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                text = str(tuple(row)).lower()
                counts[table.name] += any(word.lower() in text for word in words)
    return +counts


@pytest.mark.deep
@pytest.mark.timeout(300)
def test_a_life_leaves_no_trace_of_its_author_on_the_disk(city: City) -> None:
    # So that the author can be told of news on the next day at this time.
    now = city.clock()
    monday = now.date() + timedelta(days=7 - now.weekday())
    city.travel_to(datetime.combine(monday, time(8), UTC))
    for member in CANARIES:
        city.slack.open_home(member)
    city.wait_until_idle()
    city.advance(timedelta(hours=3))

    anonymous_asks.press_post(city.slack, city.channel, AUTHOR)
    city.crash()
    city.advance(timedelta(minutes=5))
    city.wait_until(lambda: bool(city.bot_messages(QUESTION)))
    city.wait_until_idle()
    ask = city.asked()
    city.slack.say(city.ben, city.channel, "Tell them today.", thread_ts=ask.ts)
    city.wait_until_idle()
    for member in CANARIES:
        city.slack.open_home(member)
    city.open_own_ask()
    city.crash()
    city.act("mark_solved")
    city.act("reply", text="I did, and it went well.")
    city.act("worked", worked="Telling them.")
    city.act("thank", people=[city.ben], reason="It was good to hear that.")
    city.advance(timedelta(minutes=5))
    city.wait_until(
        lambda: "it went well" in str(city.slack.thread(city.channel, ask.ts))
    )
    city.wait_until_idle()
    assert city.asked().text.startswith("Ask (solved)")
    thanked = city.direct_messages(city.ben, "thanks you")
    assert ["Someone you helped" in message.text for message in thanked] == [True]
    city.slack.say(city.chi, city.channel, "Good to hear.", thread_ts=ask.ts)
    city.advance(timedelta(days=1))
    city.wait_until(lambda: bool(city.direct_messages(AUTHOR, "Something is waiting")))
    city.wait_until_idle()
    check(city, "before the cut")

    assert city.link_count() == 1
    city.advance(timedelta(days=31))
    city.wait_until(lambda: city.link_count() == 0)
    city.wait_until_idle()
    assert city.asked().text.startswith("Ask (solved)")
    city.slack.open_home(AUTHOR)
    city.wait_until(lambda: "asker_open" not in json.dumps(city.slack.home(AUTHOR)))
    city.slack.open_home(OTHER)
    city.wait_until_idle()
    check(city, "after the cut")


def check(city: City, when: str) -> None:
    """Look for the author in all rows and files, as someone who only was there."""
    assert rows_with(city.database, AUTHOR) == rows_with(city.database, OTHER)
    assert rows_with(city.database, AUTHOR)["members"] == 1
    metrics = httpx.get(f"http://127.0.0.1:{city.port}/metrics").content
    assert b"backswing_" in metrics
    city.run("export", str(city.folder / f"export {when}"))
    city.run("backup", str(city.folder / f"backup {when}.db"))
    files = {
        path.relative_to(city.folder): path.read_bytes()
        for path in city.folder.rglob("*")
        if path.is_file()
    }
    databases = {path for path in files if re.search(r"\.db(-wal|-shm)?$", path.name)}
    assert len(databases) >= 3, when
    assert any("search" in path.parts for path in files)
    assert QUESTION.encode() in files[Path("city.db")] + files.get(
        Path("city.db-wal"), b""
    )
    counts = {path: occurrences(data) for path, data in files.items()}
    for path in files.keys() - databases:
        assert counts[path].total() == 0, (path, when)
    assert occurrences(metrics).total() == 0
    for path in databases:
        assert counts[path][AUTHOR] == counts[path][OTHER], (path, when, counts[path])


# Slack's lost answers


@pytest.fixture
def crowded(database: Database, transport: str) -> Iterator[Deployment]:
    """A workspace with ten people, where they can ask without their names."""
    clock = TravelClock()
    slack = start_sandbox(clock)
    people = {
        name: slack.add_person(name, real_name=name, is_admin=name == "Eva")
        for name in ("Ana", "Ben", "Chi", "Eva", *(f"Peer{n}" for n in range(6)))
    }
    here = slack.add_channel("help", *people.values())
    with running_bot(slack, database, transport, anonymity_key=KEY) as backswing:
        ids = {name.lower(): people[name].id for name in ("Ana", "Ben", "Chi", "Eva")}
        deployment = Deployment(slack, backswing, clock, here.id, **ids)
        anonymous_asks.allow(slack, here.id, deployment.eva)
        add_channel_members(backswing.rt, backswing.worker)
        deployment.wait_until(lambda: known_people(database) >= 10)
        yield deployment


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_lost_response_leaves_one_ask_that_names_no_one(
    crowded: Deployment, kind: str, is_done: bool
) -> None:
    slack = crowded.slack
    fault = slack.faults.add(
        kind,
        "chat.postMessage",
        times=1,
        after=is_done,
        seconds=SECONDS.get(kind, 0.2),
    )
    anonymous_asks.press_post(slack, crowded.channel, crowded.ana)
    crowded.advance(minutes=5)
    crowded.wait_until(lambda: fault.fired == 1)
    settle(crowded)
    [message] = [m for m in slack.messages(crowded.channel) if QUESTION in str(m)]
    with crowded.backswing.rt.read_session() as session:
        [ask] = session.scalars(select(Ask)).all()
    assert (ask.asker, ask.ts) == ("anonymous", message.ts)
    assert message.metadata is not None
    [(name, token)] = message.metadata["event_payload"].items()
    assert re.fullmatch("[0-9a-f]{32}", token), name
    calls = [call.args for call in slack.calls if call.method == "chat.postMessage"]
    for trace in (message, *calls):
        assert crowded.ana not in str(trace)
        assert "Ana" not in str(trace)
    slack.say(crowded.ben, crowded.channel, "Like this.", thread_ts=message.ts)
    crowded.wait_for_text(message.ts, "Answered")
