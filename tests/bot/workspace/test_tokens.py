"""Workspaces' tokens are sealed, each in its own row, and renewed by one process."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select, text, update

from bot.db.engine import Database
from bot.db.sealing import WrongKey
from bot.errors import SettingsError
from bot.runtime import Runtime, Workspace
from bot.slack.oauth import Grant, OAuthClient
from bot.workspace import token_keys, tokens
from bot.workspace.token_keys import TokenKey, TokenKeys
from bot.workspace.token_refresh import refresh_tokens
from bot.workspace.tokens import Token
from models import WorkspaceToken
from tests.conftest import NOW
from tests.factories import Clock
from tests.two_workspaces import install
from tests.workspace import add_other_workspace

OLD, NEW = (TokenKey(bytes(range(start, start + 32))) for start in (1, 101))
KEYS = TokenKeys(OLD)
CHANGING = TokenKeys(NEW, OLD)
TOKEN = Token("the-access-token", "the-refresh-token", NOW + timedelta(hours=12))


@pytest.fixture
def stored(database: Database, workspace: Workspace) -> int:
    token_keys.require_same_key(database.write_session, KEYS)
    with database.write_session.begin() as session:
        tokens.store(session, KEYS, workspace.id, TOKEN, installed_at=NOW)
    return workspace.id


def load(database: Database, installation_id: int, keys: TokenKeys = KEYS):
    with database.read_session() as session:
        return tokens.load(session, keys, installation_id)


def test_the_database_does_not_show_a_token(database: Database, stored: int):
    with database.read_session() as session:
        [row] = session.execute(select(WorkspaceToken.__table__)).all()
    assert b"access-token" not in row.access_token
    assert b"refresh-token" not in row.refresh_token
    assert load(database, stored) == TOKEN
    assert "the-" not in repr(TOKEN)


def test_a_workspace_without_a_token(database: Database, workspace: Workspace):
    assert load(database, workspace.id) is None


def test_a_token_copied_to_another_workspace_does_not_open(
    database: Database, stored: int
):
    with database.write_session.begin() as session:
        other = add_other_workspace(session).id
        tokens.store(session, KEYS, other, Token("theirs"), installed_at=NOW)
    copied = text(
        "UPDATE workspace_tokens SET access_token = (SELECT access_token"
        " FROM workspace_tokens WHERE installation_id = :source)"
        " WHERE installation_id = :target"
    )
    with database.write_session.begin() as session:
        session.execute(copied, {"source": stored, "target": other})
    with pytest.raises(WrongKey):
        load(database, other)
    assert load(database, stored) == TOKEN


def test_a_refresh_token_is_no_access_token(database: Database, stored: int):
    with database.write_session.begin() as session:
        session.execute(
            update(WorkspaceToken).values(access_token=WorkspaceToken.refresh_token)
        )
    with pytest.raises(WrongKey):
        load(database, stored)


def test_each_new_token_has_another_version(database: Database, stored: int):
    seen = set()
    for access in ("second", "third"):
        with database.write_session.begin() as session:
            tokens.store(session, KEYS, stored, Token(access))
        with database.read_session() as session:
            seen.add(tokens.versions(session)[stored])
            row = session.get_one(WorkspaceToken, stored)
            assert row.installed_at == NOW
    assert len(seen) == 2
    assert load(database, stored) == Token("third")


def test_a_token_renewed_after_the_app_was_removed_is_not_stored(
    database: Database, workspace: Workspace
):
    with database.write_session.begin() as session:
        tokens.store(session, KEYS, workspace.id, TOKEN)
    assert load(database, workspace.id) is None


def test_a_start_with_another_key_is_refused(database: Database, stored: int):
    token_keys.require_same_key(database.write_session, KEYS)
    with pytest.raises(SettingsError, match=r"TOKEN_KEY is .* written with the key"):
        token_keys.require_same_key(database.write_session, TokenKeys(NEW))


@pytest.mark.deep_on_postgresql
def test_a_changed_key_opens_all_tokens_and_the_old_one_none(
    database: Database, stored: int
):
    assert token_keys.rotate(database.write_session, CHANGING) == 1
    assert load(database, stored, TokenKeys(NEW)) == TOKEN
    with pytest.raises(WrongKey):
        load(database, stored)
    token_keys.require_same_key(database.write_session, TokenKeys(NEW))
    # It can be run again.
    assert token_keys.rotate(database.write_session, CHANGING) == 1


def test_a_change_without_the_old_key_changes_nothing(database: Database, stored: int):
    with pytest.raises(SettingsError, match="Set TOKEN_KEY_PREVIOUS to it"):
        token_keys.rotate(database.write_session, TokenKeys(NEW))
    assert load(database, stored) == TOKEN


def test_a_change_stops_at_a_token_that_does_not_open(database: Database, stored: int):
    with database.write_session.begin() as session:
        session.execute(update(WorkspaceToken).values(access_token=b"damaged"))
    with pytest.raises(SettingsError, match="opens with neither key"):
        token_keys.rotate(database.write_session, CHANGING)
    token_keys.require_same_key(database.write_session, KEYS)


@pytest.mark.deep_on_postgresql
def test_after_a_lost_key_each_workspace_installs_the_app_again(
    database: Database, stored: int
):
    with pytest.raises(SettingsError, match="No key is lost"):
        token_keys.lose(database.write_session, KEYS)
    assert token_keys.lose(database.write_session, TokenKeys(NEW)) == 1
    assert load(database, stored, TokenKeys(NEW)) is None
    token_keys.require_same_key(database.write_session, TokenKeys(NEW))


def claim(database: Database, **later: float) -> list[int]:
    with database.write_session.begin() as session:
        now = NOW + timedelta(**later)
        claimed = tokens.claim_refresh(session, begun_at=now, now=now)
        return [] if claimed is None else [claimed]


def test_a_token_is_renewed_two_hours_before_it_expires(
    database: Database, stored: int
):
    assert claim(database, hours=9, minutes=59) == []
    assert claim(database, hours=10) == [stored]


@pytest.mark.deep_on_postgresql
def test_one_process_renews_it_and_another_one_if_that_ends(
    database: Database, stored: int
):
    with ThreadPoolExecutor(4) as pool:
        claims = [pool.submit(claim, database, hours=10) for _ in range(4)]
    assert sorted(claimed.result() for claimed in claims) == [[], [], [], [stored]]
    assert claim(database, hours=10, seconds=59) == []
    assert claim(database, hours=10, seconds=60) == [stored]


def test_a_renewed_token_is_left_alone(database: Database, stored: int):
    assert claim(database, hours=10) == [stored]
    renewed = Token("second", "next", NOW + timedelta(hours=22))
    with database.write_session.begin() as session:
        tokens.store(session, KEYS, stored, renewed)
    assert claim(database, hours=12) == []
    assert claim(database, hours=20) == [stored]


def test_a_token_that_does_not_expire_is_left_alone(database: Database, stored: int):
    with database.write_session.begin() as session:
        tokens.store(session, KEYS, stored, Token("forever"))
    assert claim(database, days=400) == []


@pytest.mark.deep_on_postgresql
def test_two_processes_that_take_longer_than_a_lease_use_no_token_twice(
    rt: Runtime, database: Database, clock: Clock
):
    count = 30
    token_keys.require_same_key(database.write_session, KEYS)
    for number in range(count):
        other = install(rt, f"T0{number:03}").id
        with database.write_session.begin() as session:
            expiring = Token("old", f"refresh-{number}", clock() + timedelta(hours=1))
            tokens.store(session, KEYS, other, expiring, installed_at=clock())
    used: list[str] = []

    class Slack:
        def refresh(self, refresh_token: str) -> Grant:
            used.append(refresh_token)
            if len(used) == count // 2:
                renew()
            clock.advance(seconds=10)
            return Grant("new", "next", 43200, frozenset(), "T", None, False)

    def renew() -> int:
        return refresh_tokens(
            database.write_session, KEYS, cast(OAuthClient, Slack()), clock=clock
        )

    renew()
    assert sorted(used) == sorted(f"refresh-{number}" for number in range(count))
