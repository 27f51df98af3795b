"""Two workspaces served by one process, in which the same people do the same."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

import handlers.bolt_app
import jobs
from bot.exports import service as exports
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from bot.workspace import sync
from bot.workspace.installations import to_workspace
from models import Base, Installation
from tests.checkins import join, share, visible_text
from tests.factories import MONDAY, Clock, Story
from tests.fakes import FakeSlack
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    user_object,
)

# Each workspace's texts contain its own word; everything else is the same.
ALPHA, BETA = "Zinnober", "Quitten"


@dataclass(frozen=True)
class Pair:
    """Both stories, on one runtime, one worker and one Bolt app."""

    alpha: Story
    beta: Story

    @property
    def rt(self) -> Runtime:
        return self.alpha.rt


def install(rt: Runtime, team: str) -> Workspace:
    """Add an installation, whose bot has the same id as any other."""
    with rt.write_session.begin() as session:
        row = Installation(
            team_id=team,
            bot_id="B0BACKSWING",
            bot_user_id=BOT,
            team_name="Peers",
            team_url="https://peers.slack.com/",
            installed_at=rt.clock(),
        )
        session.add(row)
        session.flush()
        return to_workspace(row)


def serve_two(rt: Runtime, clock: Clock) -> Pair:
    """Serve two new workspaces; others in the database are no longer served."""
    served = [
        (install(rt, "T0ALPHA"), FakeSlack()),
        (install(rt, "T0BETA"), FakeSlack()),
    ]
    both = replace(rt, workspaces=ServedWorkspaces(served))
    worker = OutboxWorker(
        both, both.features.message_types, fetch_new_users=sync.fetch_new_users
    )
    bolt = handlers.bolt_app.create_app(both)
    return Pair(
        *(
            Story(bolt, both, worker, slack, clock, workspace)
            for workspace, slack in served
        )
    )


def tell(story: Story, word: str) -> Iterator[None]:
    """Play a story with all of people's actions, pausing after each step."""
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER]
    for member in (ASKER, HELPER):
        story.event({"type": "app_home_opened", "user": member, "tab": "home"})
    bot_joins = {"type": "member_joined_channel", "user": BOT, "inviter": ADMIN}
    story.event({**bot_joins, "channel": HELP_CHANNEL})
    yield
    story.set_up_channel(capture="questions", champions=[CHAMPION])
    story.set_up_workspace(program_leads=[ADMIN])
    story.change_my_settings(PEER, topics_known=f"{word} doors")
    yield
    yield from _ask_and_answer(story, word)
    story.command(PEER, "/kudos", f"<@{HELPER}|ben> for the {word} help of today")
    story.deliver()
    yield
    answer_ts = story.say(HELPER, f"{word}: I fixed it")
    story.react(ASKER, answer_ts, "tada", author=HELPER)
    story.deliver()
    yield
    story.add_schedule(question=f"{word}: what are you on?")
    yield
    round_ = story.post_round(MONDAY)
    yield
    join(story, ASKER, round_)
    join(story, HELPER, round_)
    yield
    share(story, ASKER, round_, working_on=f"{word} parser", stuck_on=f"{word} lexer")
    yield
    story.close_rounds()
    yield
    _run_jobs(story)
    story.advance(minutes=1)
    yield
    offer = story.slack.messages_to(HELPER)[-1]
    story.click(HELPER, *button(offer, "Yes, tell them"))
    story.advance(minutes=1)
    yield
    story.command(HELPER, "/backswing", "my data")
    story.command(ASKER, "/backswing", "help")
    story.command(ADMIN, "/backswing", "mentors")
    story.advance(minutes=1)


def _ask_and_answer(story: Story, word: str) -> Iterator[None]:
    """Let the helper solve an ask of one member and help with another's."""
    for asker, emoji in ((ASKER, "white_check_mark"), (PEER, "+1")):
        ask = story.ask(f"How does {word} go with {emoji}?", member=asker)
        yield
        reply = story.say(HELPER, f"{word} works like this.", thread_ts=ask.ts)
        story.react(asker, reply, emoji)
        story.deliver()
        yield
    for talker in (ADMIN, CHAMPION, ASKER):
        for _ in range(4):
            story.say(talker, f"Good {word}")
    for member in (HELPER, ASKER, PEER, ADMIN, CHAMPION):
        user = user_object(member, team_id=story.team)
        assert story.event({"type": "user_change", "user": user}) == 200
    story.say(PEER, f"How do I {word} without a command?")
    story.advance(minutes=2)
    yield


def _run_jobs(story: Story) -> None:
    for job in jobs.JOBS:
        job.run(story.rt, story.worker)


# Observations of a workspace


def transcript(story: Story, word: str) -> Counter[str]:
    """Return all calls to Slack, without differences between the workspaces."""
    slack = story.slack
    lines = [
        *(f"{m.channel} {m.text} {visible_text(m)}" for m in slack.messages),
        *(f"only {m.visible_to} {m.text}" for m in slack.ephemeral_messages),
        *(f"view {visible_text(view)}" for _, view in slack.views),
        *(f"home {owner} {visible_text(slack.homes[owner])}" for owner in slack.homes),
        *(f"answer {text}" for _, text, _ in slack.responses),
        *(f"file {f.member} {_content(f.content)}" for f in slack.files.values()),
        *(f"reaction {emoji}" for _, _, emoji in slack.reactions),
    ]
    with story.rt.read(story.workspace) as tx:
        lines += [f"ask {list(row.values())}" for row in exports.asks(tx)]
        lines += [f"person {list(row.values())}" for row in exports.people(tx)]
    return Counter(_neutral(line).replace(word, "WORD") for line in lines)


def _content(content: bytes) -> str:
    return json.dumps(json.loads(content), sort_keys=True)


# The times of a story that is played twice differ by seconds.
_MOMENT = re.compile(
    r"p\d{16}|\d{10}(\.\d+)?|\d\d:\d\d(:\d\d)?|\d{4}-\d\d-\d\dT[^\"' ]*"
)
_ROW_ID = re.compile(r'"id": \d+|_id": \d+|"F\d+"|[0-9a-f]{32}|:\d+:|hash-\d+')


def _neutral(line: str) -> str:
    return _MOMENT.sub("MOMENT", _ROW_ID.sub("ID", line))


def everything_in(story: Story) -> str:
    """Return one workspace's calls to Slack and rows of the database."""
    slack = story.slack
    observed: list[Any] = [
        slack.messages,
        slack.ephemeral_messages,
        slack.views,
        slack.homes,
        slack.responses,
        slack.files,
    ]
    return str(observed) + str(rows_of(story))


# Those about search indexes, keys and installations in progress belong to the
# process, and to no workspace.
TABLES = [
    table
    for table in Base.metadata.sorted_tables
    if table.name
    not in {
        "oauth_states",
        "program_versions",
        "search_rebuilds",
        "search_replicas",
        "secret_keys",
    }
]


def rows_of(story: Story) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of a story's workspace, by table."""
    return rows_in(story.rt, story.workspace)


def rows_in(rt: Runtime, workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    with rt.read_session() as session:
        return {
            table.name: [
                tuple(row[1:])
                for row in _with_owner(session, table)
                if row[0] == workspace.id
            ]
            for table in TABLES
        }


def mixed_rows(rt: Runtime) -> list[str]:
    """Return the rows that lead to two workspaces at once."""
    with rt.read_session() as session:
        rows = {table.name: _with_owner(session, table) for table in TABLES}
    owners = {
        table.name: {
            tuple(row._mapping[column] for column in table.primary_key): row[0]
            for row in rows[table.name]
        }
        for table in TABLES
    }
    return [
        f"{table.name} {row[0]}"
        for table in TABLES
        for row in rows[table.name]
        for key in table.foreign_keys
        if key.column.primary_key
        and len(key.column.table.primary_key) == 1
        and (value := row._mapping[key.parent]) is not None
        and owners[key.column.table.name][value,] != row[0]
    ]


def _with_owner(session: Session, table: Table) -> list[Any]:
    """Return a table's rows, each after the id of its installation."""
    return list(session.execute(_owned(table)))


@cache
def _owned(table: Table) -> Select[Any]:
    path = [table]
    while "installation_id" not in path[-1].c and path[-1].name != "installations":
        key = next(
            key
            for key in sorted(path[-1].foreign_keys, key=lambda key: key.parent.name)
            if not key.parent.nullable
        )
        path.append(key.column.table)
    last = path[-1]
    owner = last.c.id if last.name == "installations" else last.c.installation_id
    source: Any = table
    for before, after in pairwise(path):
        # A row may lead to two of a table, such as an ask and the one that it is about.
        key = min(
            (
                key
                for key in before.foreign_keys
                if key.column.table is after and not key.parent.nullable
            ),
            key=lambda key: key.parent.name,
        )
        source = source.join(after, key.parent == key.column)
    statement = select(owner.label("owner"), *table.c).select_from(source)
    return statement.order_by(*table.primary_key)
