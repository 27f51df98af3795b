"""Writes that come at the same moment: each is committed, or fails by itself."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db import Database
from models import Installation


def add(team_id: str) -> Installation:
    return Installation(
        team_id=team_id,
        bot_id="B1",
        bot_user_id="U1",
        team_name="Peers",
        team_url="https://peers.slack.com/",
        installed_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def count(database: Database) -> int:
    with database.reads() as session:
        return session.scalar(select(func.count()).select_from(Installation)) or 0


def test_what_is_written_is_there_when_it_returns(database: Database) -> None:
    def write_and_look(n: int) -> bool:
        database.write(lambda session: session.add(add(f"T{n}")))
        with database.reads() as session:
            found = session.scalar(select(Installation).filter_by(team_id=f"T{n}"))
        return found is not None

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write_and_look, range(100)))
    assert count(database) == 100


def test_one_that_fails_takes_no_other_with_it(database: Database) -> None:
    failed: list[int] = []
    together = threading.Barrier(8)

    def write(n: int) -> None:
        def work(session: Session) -> None:
            session.add(add(f"T{n}"))
            session.flush()
            if n % 4 == 0:
                raise ZeroDivisionError

        together.wait()
        try:
            database.write(work)
        except ZeroDivisionError:
            failed.append(n)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert sorted(failed) == list(range(0, 40, 4))
    assert count(database) == 30


def test_a_write_that_fails_alone_says_so(database: Database) -> None:
    def work(session: Session) -> None:
        session.add(add("T1"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(work)
    assert count(database) == 0
