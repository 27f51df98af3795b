"""An installation in progress is finished once, in its browser, within ten minutes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.db.engine import Database
from bot.workspace import oauth_states
from models import OAuthState
from tests.conftest import NOW

BROWSER = "a-browser"


def begin(database: Database, browser: str = BROWSER, **later: float) -> str:
    with database.write_session.begin() as session:
        return oauth_states.begin(session, browser, now=NOW + timedelta(**later))


def finish(
    database: Database, state: str, browser: str = BROWSER, **later: float
) -> bool:
    with database.write_session.begin() as session:
        now = NOW + timedelta(**later)
        return oauth_states.finish(session, state, browser, now=now)


def test_it_is_finished_once(database: Database):
    state = begin(database)
    assert finish(database, state, minutes=9, seconds=59)
    assert not finish(database, state)


@pytest.mark.deep_on_postgresql
def test_of_many_requests_at_once_one_finishes_it(database: Database):
    state = begin(database)
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(finish, database, state) for _ in range(8)]
    assert sorted(each.result() for each in done) == [False] * 7 + [True]


def test_it_expires(database: Database):
    assert not finish(database, begin(database), minutes=10)


def test_another_browser_can_neither_finish_nor_spoil_it(database: Database):
    state = begin(database)
    assert not finish(database, state, "another-browser")
    assert finish(database, state)


@pytest.mark.parametrize("forged", ["", "x", "'; DROP TABLE oauth_states", "\0", "ü"])
def test_a_forged_state_is_none(database: Database, forged: str):
    begin(database)
    assert not finish(database, forged)


def test_two_windows_of_a_browser_each_finish_their_own(database: Database):
    first, second = begin(database), begin(database)
    assert finish(database, second)
    assert finish(database, first)


def test_the_database_shows_neither_state_nor_browser(database: Database):
    state = begin(database)
    with database.read_session() as session:
        shown = str(session.execute(select(OAuthState.__table__)).all())
    assert state not in shown
    assert BROWSER not in shown


def test_those_that_nobody_finished_are_deleted(database: Database):
    begin(database)
    begin(database, minutes=10)
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(OAuthState)) == 1
