"""An organisation's workspaces follow Slack's facts, in whatever order they come."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.db.engine import Database
from bot.outbox.refusals import find_token
from bot.runtime import Transaction
from bot.slack.api import OutcomeUnknown, Rejected, SlackError
from bot.workspace import installations, job_runs, organisations, tokens
from bot.workspace.removal import record_removal
from bot.workspace.token_keys import TokenKey, TokenKeys
from bot.workspace.tokens import Token
from models import Installation, OrganisationWorkspace, WorkspaceToken
from tests.conftest import NOW

KEYS = TokenKeys(TokenKey(bytes(range(32))))
IDENTITY = {
    "team_id": "E0GROUP",
    "enterprise_id": "E0GROUP",
    "is_enterprise_install": True,
    "team": "Acme Group",
    "user_id": "U0BOT",
    "bot_id": "B0BOT",
    "url": "https://acme.enterprise.slack.com/",
    "scopes": "chat:write",
}
TEAM = "T0ACME"


def install(session: Session, *, at: datetime = NOW) -> Installation:
    workspace = installations.save(session, IDENTITY, now=at, is_organisation=True)
    tokens.store(session, KEYS, workspace.id, Token("a-token"), installed_at=at)
    session.flush()
    return session.get_one(Installation, workspace.id)


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write_session.begin() as session:
        yield session


@pytest.fixture
def organisation(session: Session) -> Installation:
    return install(session)


def row_of(session: Session, team_id: str) -> Installation:
    return session.scalars(select(Installation).filter_by(team_id=team_id)).one()


def is_served(session: Session, team_id: str) -> bool:
    """Return True if a token serves the workspace, and nothing says that it ended."""
    session.flush()
    row = row_of(session, team_id)
    states = {
        row.id in tokens.versions(session),
        find_token(session, row.id) is not None,
        row.uninstalled_at is None,
        row.disabled_reason is None,
    }
    assert len(states) == 1
    return states.pop()


FACTS = [("grant", 10), ("revoke", 20), ("grant", 30), ("revoke", 40)]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_latest_fact_counts(
    session: Session, organisation: Installation, count: int
):
    facts = FACTS[:count]
    for number, order in enumerate(permutations([*facts, facts[0]][:4])):
        team = f"T0{number}"
        for kind, seconds in order:
            act = {"grant": organisations.grant, "revoke": organisations.revoke}[kind]
            act(session, organisation, team, at=at(seconds))
        assert is_served(session, team) is (facts[-1][0] == "grant"), order


def test_a_workspace_has_the_organisations_bot_scopes_and_address(
    session: Session, organisation: Installation
):
    assert organisations.grant(session, organisation, TEAM, at=at(1))
    row = row_of(session, TEAM)
    assert (row.bot_id, row.bot_user_id, row.scopes) == (
        "B0BOT",
        "U0BOT",
        ["chat:write"],
    )
    assert (row.enterprise_id, row.team_url) == ("E0GROUP", IDENTITY["url"])
    # The organisation is no workspace.
    known = [workspace.team_id for workspace in installations.all_workspaces(session)]
    assert known == [TEAM]
    assert list(tokens.versions(session)) == [row.id]
    assert not organisations.grant(session, organisation, "E0GROUP", at=at(2))


@pytest.mark.deep_on_postgresql
def test_a_token_of_its_own_comes_first(session: Session, organisation: Installation):
    own = installations.save(
        session,
        {"team_id": TEAM, "user_id": "U0OWN", "bot_id": "B0OWN", "url": "https://a/"},
        now=NOW,
    )
    tokens.store(session, KEYS, own.id, Token("own"), installed_at=NOW)
    organisations.grant(session, organisation, TEAM, at=at(1))
    session.flush()
    assert tokens.load(session, KEYS, own.id) == Token("own")
    assert row_of(session, TEAM).bot_user_id == "U0OWN"
    organisations.revoke(session, organisation, TEAM, at=at(2))
    assert is_served(session, TEAM)
    organisations.grant(session, organisation, TEAM, at=at(3))
    # Without it, the organisation's serves the workspace.
    gone = partial(
        record_removal,
        event_time=int(at(4).timestamp()),
        reason="app_uninstalled",
        keeps_token=False,
    )
    tx = Transaction(session, own, at(4))
    assert gone(tx)
    assert is_served(session, TEAM)
    assert row_of(session, TEAM).bot_user_id == "U0BOT"
    assert not gone(tx)
    tokens.store(session, KEYS, own.id, Token("own"), installed_at=at(5))
    organisations.remove(session, organisation, at=at(6), reason="app_uninstalled")
    assert is_served(session, TEAM)


def test_the_organisation_removes_the_app_and_installs_it_again(
    session: Session, organisation: Installation
):
    for team in (TEAM, "T0BETA"):
        organisations.grant(session, organisation, team, at=at(1))
    session.flush()
    # An event from before the installation.
    remove = partial(
        organisations.remove, session, organisation, reason="token_revoked"
    )
    assert remove(at=at(-5)) == []
    assert len(remove(at=at(5))) == 2
    session.flush()
    assert remove(at=at(5)) == []
    assert not is_served(session, TEAM)
    assert session.get(WorkspaceToken, organisation.id) is None
    assert organisation.uninstalled_at == at(5)
    # Without its token, nothing is served.
    assert not organisations.grant(session, organisation, TEAM, at=at(6))
    install(session, at=at(10))
    assert organisations.grant(session, organisation, TEAM, at=at(11))
    assert is_served(session, TEAM)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.deep_on_postgresql
def test_work_in_its_workspaces_goes_on_while_their_rows_are_locked(
    database: Database,
):
    """With a thousand workspaces, to follow Slack's list takes seconds."""
    with database.write_session.begin() as session:
        organisation = install(session)
        assert organisations.grant(session, organisation, TEAM, at=at(1))
        row_id = row_of(session, TEAM).id
    with database.write_session.begin() as following:
        found = organisations.find(following, "E0GROUP", for_update=True)
        assert found is not None
        assert organisations.grant(following, found, TEAM, at=at(2))
        assert len(organisations.remove(following, found, at=at(3), reason="gone")) == 1
        following.flush()
        with database.write_session.begin() as working:
            working.execute(text("SET LOCAL lock_timeout = '1s'"))
            job = partial(job_runs.claim, every=timedelta(minutes=5), now=NOW)
            assert job(working, "a-job", [row_id, found.id]) == {row_id, found.id}


class Organisation:
    """Answers for an organisation's token, at Slack's time."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.now = NOW
        self.error: SlackError | None = None

    def auth_test(self) -> dict[str, Any]:
        return IDENTITY | {
            "date": f"{self.now.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT"
        }

    def teams(self) -> Iterator[tuple[str, str]]:
        yield from self.names.items()
        if self.error:
            raise self.error


@pytest.mark.deep_on_postgresql
def test_slacks_list_finds_what_events_did_not_tell(database: Database):
    with database.write_session.begin() as session:
        organisation_id = install(session).id
        version = session.get_one(WorkspaceToken, organisation_id).version
    slack = Organisation()

    def served() -> dict[str, str]:
        with database.read_session() as session:
            rows = session.execute(
                select(Installation.team_id, Installation.team_name)
                .join(
                    OrganisationWorkspace,
                    OrganisationWorkspace.installation_id == Installation.id,
                )
                .where(Installation.uninstalled_at.is_(None))
            )
            return {row.team_id: row.team_name for row in rows}

    def follow(seconds: int, **names: str) -> dict[str, str]:
        slack.now, slack.names = at(seconds), names
        # Our clock is wrong, and does not matter.
        wrong = NOW + timedelta(days=3)
        organisations.follow(
            database.write_session, slack, organisation_id, version=version, now=wrong
        )
        return served()

    assert follow(10) == {}
    both = {"T0ACME": "Acme", "T0BETA": "Beta"}
    assert follow(20, **both) == both
    assert follow(30, T0ACME="Acme & Co") == {"T0ACME": "Acme & Co"}
    with database.write_session.begin() as session:
        organisation = session.get_one(Installation, organisation_id)
        organisations.revoke(session, organisation, "T0ACME", at=at(50))
        organisations.grant(session, organisation, "T0BETA", at=at(50))
    # A list from before the events.
    assert follow(40, T0ACME="Acme") == {"T0BETA": "Beta"}
    slack.error = OutcomeUnknown("auth.teams.list", "TimeoutError")
    with pytest.raises(OutcomeUnknown):
        follow(60, T0ACME="Acme")
    assert served() == {"T0BETA": "Beta"}
    slack.error = None
    assert follow(60, T0ACME="Acme") == {"T0ACME": "Acme"}
    # The answer is about an older token.
    slack.error, version = Rejected("auth.test", "token_revoked"), version - 1
    assert follow(70) == {"T0ACME": "Acme"}
    version += 1
    slack.error.date = format_datetime(at(80), usegmt=True)
    assert follow(80) == {}
    with database.read_session() as session:
        organisation = session.get_one(Installation, organisation_id)
        assert organisation.disabled_reason == "token_revoked"
        assert organisation.uninstalled_at == at(80)
        assert session.scalars(select(WorkspaceToken)).all() == []
