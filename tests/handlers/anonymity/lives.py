"""A whole life of an ask without a name, with everything that it leaves behind.

Two people do the same, at the same times, except that only one opens the form, fills it
in and presses Post. Two such lives differ in nothing but which of the two it was.
"""

import argparse
import itertools
import logging
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, Table, select

import handlers.bolt_app
import jobs
from bot import logs
from bot.anonymity import rules
from bot.config.mentors import SMALL_WORKSPACE
from bot.config.settings import Settings
from bot.db import engine as db_engine
from bot.features import load_features
from bot.outbox import enqueue
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, ServedWorkspaces
from bot.search.follower import SearchFollower
from bot.workspace import sync
from cli import backup, export_tables
from handlers.bolt_app import BoltApp
from models import AnonymousDraft, AnonymousLink, Base
from tests.ask_forms import with_typed
from tests.factories import Clock, Story
from tests.fakes import FakeSlack
from tests.handlers.anonymity.acting import Actor
from tests.handlers.anonymity.conftest import Anonymity, set_up
from tests.handlers.anonymity.keys import KEYS
from tests.home import opens
from tests.slack_payloads import ADMIN, HELP_CHANNEL, HELPER, PEER, user_object
from tests.two_workspaces import install

# The author is one of these. Nothing else contains their ids and names.
FIRST, SECOND = "U0CANARYQX", "U0CANARYZJ"
CANARIES = {FIRST: "Zephyrinequx", SECOND: "Wolfhildazjk"}
QUESTION = "How do I tell a customer that the printer delivery fails?"


@dataclass
class World:
    """A bot on a file of its own, with its logs and its search index."""

    story: Story
    bolt: BoltApp
    file: Path
    follower: SearchFollower
    lines: list[str]

    @property
    def folder(self) -> Path:
        return self.file.parent


class _Lines(logging.Handler):
    """Collects all log lines, as production would write them."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logs.JSON_FORMATTER)
        self.addFilter(logs.is_loggable)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


def be_predictable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take chance out of what is not sealed, so that two lives can be compared."""
    numbers = itertools.count(1)

    @dataclass
    class Id:
        number: int

        @property
        def hex(self) -> str:
            return f"{self.number:032x}"

    monkeypatch.setattr(enqueue, "uuid4", lambda: Id(next(numbers)))
    monkeypatch.setattr("secrets.randbits", lambda _bits: 10**17 + next(numbers))
    monkeypatch.setattr(rules, "random_delay", lambda longest: longest / 2)


@contextmanager
def world(folder: Path, database: Path, now: datetime) -> Iterator[World]:
    """Serve a workspace with both people on a copy of the database."""
    folder.mkdir()
    file = folder / "backswing.db"
    shutil.copy(database, file)
    opened = db_engine.connect(f"sqlite:///{file}")
    clock, slack = Clock(now), FakeSlack()
    rt = Runtime(
        ServedWorkspaces(),
        opened.write_session,
        opened.read_session,
        opened.autocommit,
        clock,
        load_features(SMALL_WORKSPACE, anonymity_keys=KEYS),
    )
    workspace = install(rt, "T0PEERS")
    rt.workspaces.add_all([(workspace, slack, None)])
    bolt = handlers.bolt_app.create_app(rt)
    worker = OutboxWorker(
        rt,
        rt.features.message_types,
        fetch_new_users=sync.fetch_new_users,
        on_attempt=bolt.metrics.count_attempt,
    )
    follower = SearchFollower(rt, folder / "search")
    lines: list[str] = []
    handler = _Lines(lines)
    logging.getLogger().addHandler(handler)
    try:
        yield World(Story(bolt, rt, worker, slack, clock), bolt, file, follower, lines)
    finally:
        logging.getLogger().removeHandler(handler)
        follower.close()
        opened.close()


def prepare(story: Story) -> Anonymity:
    """Let both people join a channel that takes asks without a name."""
    anonymity = set_up(story)
    for member, name in CANARIES.items():
        story.slack.people[member] = user_object(member, name, team_id=story.team)
    story.slack.members_by_channel[HELP_CHANNEL] += [*CANARIES]
    sync.refresh(story.rt, story.workspace, users=[*CANARIES])
    for member in CANARIES:
        opens(story, member)
    story.command(ADMIN, "/ask", "What is the usual way here?")
    story.deliver()
    return anonymity


def ask(anonymity: Anonymity, author: str, title: str = QUESTION) -> None:
    """Fill in the form as people do, hours after anything else, and press Post."""
    story = anonymity.story
    story.advance(hours=3)
    story.command(author, "/ask")
    form = story.slack.views[-1][1]
    typed = with_typed(form, title)
    story.click(author, "ask_title", title, view=typed)
    story.click(author, "ask_channel", view=typed, selected_conversation=HELP_CHANNEL)
    preview = anonymity.preview(title, member=author, view=form)
    anonymity.press_post(preview, member=author, view_id="VPOST")


def live(the_world: World, author: str) -> Iterator[str]:
    """Play the life of an ask by `author`; pause after each part with its name."""
    story = the_world.story
    anonymity = prepare(story)
    yield "before"
    ask(anonymity, author)
    yield "pressed"
    anonymity.run()
    message = story.slack.messages_to(HELP_CHANNEL)[-1]
    yield "posted"
    reply = story.say(HELPER, "Tell them today.", thread_ts=message.ts)
    other = story.say(PEER, "Or call them.", thread_ts=message.ts)
    for member in CANARIES:
        story.react(member, message.ts, "eyes")
        story.react(member, reply, "white_check_mark")
        story.react(member, other, "+1")
        story.say(member, "I would like to know, too.", thread_ts=message.ts)
        story.click(member, "ask_same", str(story.asks()[-1].id))
    _run_jobs(story)
    the_world.follower.follow()
    yield "answered"
    for member in CANARIES:
        opens(story, member)
    yield "seen"
    act(story, author)
    story.advance(minutes=10)
    yield "acted"
    story.say(HELPER, "Good to hear.", thread_ts=message.ts)
    for _ in range(10):
        story.advance(hours=3)
        _run_jobs(story)
    yield "told"
    story.command(PEER, "/find", "customer printer")
    for member in CANARIES:
        story.command(member, "/backswing", "my data")
        story.command(member, "/kudos", f"<@{HELPER}> for the help of today")
    story.advance(hours=4)
    _run_jobs(story)
    the_world.follower.follow()
    yield "later"
    for member, name in CANARIES.items():
        user = user_object(member, name, team_id=story.team)
        story.event({"type": "user_change", "user": user})
    story.advance(days=100)
    _run_jobs(story)
    yield "cut"


def act(story: Story, author: str) -> None:
    """Do all that an author does in their own Home tab, hours after anything else."""
    story.advance(hours=2)
    ask_id = next(ask.id for ask in story.asks() if ask.asker == "anonymous")
    answers = {answer.author: answer.id for answer in story.answers()}
    actor = Actor(story, author)
    actor.press("open", ask_id)
    actor.press("mark_solved", f"{ask_id}:{answers[HELPER]}:1")
    actor.press("mark_helpful", f"{ask_id}:{answers[PEER]}:1")
    actor.submit(actor.press("reply", ask_id), text="I did, and it went well.")
    actor.submit(actor.press("worked", ask_id), worked="Telling them.")
    thanks = {"people": [HELPER], "reason": "It was good to hear that."}
    actor.submit(actor.press("thank", ask_id), **thanks)
    story.advance(minutes=10)
    _run_jobs(story)


def _run_jobs(story: Story) -> None:
    for job in jobs.JOBS:
        job.run(story.rt, story.worker)
    story.deliver()


# Observations


_HEX = re.compile(r"[0-9a-f]{64}|(?<=forgotten-)[0-9a-f]+")
SEALED = "sealed"


def rows(
    story: Story, tables: Sequence[Table] = Base.metadata.sorted_tables
) -> dict[str, list[str]]:
    """Return all rows as text, without sealed authors and keyed indexes."""
    with story.rt.read_session() as session:
        return {
            table.name: [
                _HEX.sub(
                    SEALED,
                    str(
                        [
                            SEALED if isinstance(column.type, LargeBinary) else value
                            for column, value in zip(table.c, row, strict=True)
                        ]
                    ),
                )
                for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for table in tables
            # Each index has a name of its own.
            if table.name != "search_replicas"
        }


def sealed(story: Story) -> list[bytes]:
    """Return the sealed authors and indexes that are stored now."""
    found: list[bytes] = []
    with story.rt.read_session() as session:
        for table in (AnonymousLink, AnonymousDraft):
            for row in session.execute(select(table.author, table.blind_index)):
                found += [row.author, row.blind_index.encode()]
    return found


_MOMENT = re.compile(r'"timestamp": "[^"]*"')


def logged(the_world: World) -> list[str]:
    return [_MOMENT.sub("", line) for line in the_world.lines]


_PROCESS = re.compile(
    rb"^(?:# \w+ )?(?:process_|backswing_last_event).*$", re.MULTILINE
)


def metrics(the_world: World) -> bytes:
    return _PROCESS.sub(b"", the_world.bolt.metrics.render())


def exported(the_world: World, name: str) -> bytes:
    """Return all files of `app.py export`."""
    folder = the_world.folder / name
    arguments = argparse.Namespace(folder=folder, format="json")
    settings = Settings(_env_file=None, database_url=f"sqlite:///{the_world.file}")
    assert export_tables.write(settings, arguments) == 0
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def backed_up(the_world: World, name: str) -> Path:
    file = the_world.folder / name
    settings = Settings(_env_file=None, database_url=f"sqlite:///{the_world.file}")
    assert backup.back_up(settings, argparse.Namespace(file=file)) == 0
    return file


def occurrences(data: bytes) -> dict[str, int]:
    """Count the canaries in bytes, in any case, and as UTF-16."""
    lower = data.lower()
    return {
        f"{word} {encoding}": lower.count(word.lower().encode(encoding))
        for pair in CANARIES.items()
        for word in pair
        for encoding in ("utf-8", "utf-16-le")
    }


def files(the_world: World) -> dict[str, Counter[str]]:
    """Count the canaries in the files of the bot: database, log, index and others."""
    counts: dict[str, Counter[str]] = {}
    for path in sorted(the_world.folder.rglob("*")):
        if path.is_file():
            # The index's files have random names.
            relative = path.relative_to(the_world.folder)
            name = relative.parts[0] if "search" in relative.parts else str(relative)
            counts.setdefault(name, Counter()).update(occurrences(path.read_bytes()))
    return counts


def sent(story: Story) -> dict[str, Any]:
    """Return what Slack shows to all people, apart from the author's own presses."""
    slack = story.slack
    return {
        "messages": [
            # The note that something waits, which says not what, is the author's.
            (m.channel in CANARIES or m.channel, m.ts, m.text, m.blocks, m.thread_ts)
            for m in slack.messages
        ],
        "ephemeral": [(m.visible_to, m.text) for m in slack.ephemeral_messages],
        "files": {name: file.content for name, file in slack.files.items()},
        "calls": [*slack.calls],
    }
