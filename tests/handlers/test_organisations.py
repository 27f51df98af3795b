"""An organisation installs the app for its workspaces, over both transports."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt import BoltRequest
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from starlette.routing import Route

import handlers.bolt_app
import jobs.installations
from bot.db.engine import Database
from bot.outbox.worker import OutboxWorker
from bot.slack.client import SlackClient
from bot.workspace import (
    installations,
    organisations,
    sync,
    tokens,
    workspace_erasure,
)
from bot.workspace.tokens import Token
from handlers.http import SlackHttpEndpoint
from handlers.installations import team_of
from handlers.socket_mode import SocketMode
from models import Ask, Installation, WorkspaceToken
from sandbox import Sandbox, SlackHub
from sandbox.organisations import Organisation
from sandbox.workspace.clock import utc_now
from tests.factories import Clock
from tests.install import (
    Browser,
    InstallSite,
    new_serving,
    pretend_slack,
    running_site,
)


@pytest.fixture
def hub(clock: Clock) -> Iterator[SlackHub]:
    with pretend_slack(clock, has_token_rotation=True) as hub:
        yield hub


@dataclass
class Company:
    """The organisation, its two workspaces, and a replica that hears of them."""

    hub: SlackHub
    group: Organisation
    site: InstallSite
    clock: Clock
    database: Database
    lines: list[SocketMode] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.acme, self.beta = self.group.workspaces.values()
        rt = self.site.rt
        self.worker = OutboxWorker(
            rt, rt.features.message_types, fetch_new_users=sync.fetch_new_users
        )

    def install(self) -> None:
        """Install the app org-wide; connections take over from HTTP."""
        answer = Browser(self.site).install(self.group)
        assert (answer.status, answer.title) == (200, "Backswing is in Acme Group")
        assert answer.link == (
            f"https://app.slack.com/manage/{self.group.id}/integrations/profile/"
            f"{self.acme.app_id}/workspaces/add"
        )
        for line in self.lines:
            line.connect()

    def hear(self) -> None:
        """Wait until Slack has delivered everything."""
        for sandbox in self.group.workspaces.values():
            sandbox.wait_for_deliveries()

    def add(self, sandbox: Sandbox) -> None:
        self.group.add_app(sandbox.team_id)
        self.hear()

    @property
    def served(self) -> set[str]:
        return {self.group.workspaces[team].workspace.team_name for team in self.teams}

    @property
    def teams(self) -> list[str]:
        return self.site.served

    def ask(self, sandbox: Sandbox, question: str) -> None:
        [ana] = [p for p in sandbox.workspace.people.values() if p.name == "ana"]
        [room] = [c for c in sandbox.workspace.channels.values() if c.name == "help"]
        ack = sandbox.command(ana.id, room.id, "/ask", question)
        assert ack.status == 200, ack
        self.send()

    def send(self) -> None:
        end = time.monotonic() + 10
        while self.worker.send_due() and time.monotonic() < end:
            pass
        self.hear()

    def posted(self, sandbox: Sandbox) -> str:
        return str(list(sandbox.workspace.channels.values()))

    def stored(self, sandbox: Sandbox) -> Installation:
        with self.database.read_session() as session:
            rows = select(Installation).filter_by(team_id=sandbox.team_id)
            return session.scalars(rows).one()


@pytest.fixture(params=["http", "socket"])
def company(
    hub: SlackHub, database: Database, clock: Clock, request: pytest.FixtureRequest
) -> Iterator[Company]:
    group = hub.add_organisation("Acme Group", "Acme", "Beta")
    for sandbox in group.workspaces.values():
        person = sandbox.add_person("ana", real_name="Ana")
        room = sandbox.add_channel("help", person)
        room.members.append(sandbox.bot_user_id)
    lines: list[SocketMode] = []
    with ExitStack() as closing:

        def routes(site: InstallSite) -> Sequence[Route]:
            bolt = handlers.bolt_app.create_app(site.rt)
            endpoint = SlackHttpEndpoint(
                bolt, hub.signing_secret, now=lambda: utc_now().timestamp()
            )
            closing.callback(endpoint.stop)
            if request.param == "socket":
                lines.extend(
                    SocketMode(
                        bolt,
                        sandbox.app_token,
                        api_url=sandbox.api_url,
                        on_fatal=pytest.fail,
                    )
                    for sandbox in group.workspaces.values()
                )
            return endpoint.routes()

        site = closing.enter_context(
            running_site(hub, database, clock, routes, allowed_workspaces=group.id)
        )
        for line in lines:
            closing.callback(line.close)
        yield Company(hub, group, site, clock, database, lines)


@pytest.mark.deep
def test_its_workspaces_come_and_go(company: Company, monkeypatch: pytest.MonkeyPatch):
    acme, beta = company.acme, company.beta
    company.install()
    assert company.served == set()
    company.add(acme)
    assert company.served == {"Acme"}
    # The event about the other one got lost; its first request is heard.
    company.group.add_app(beta.team_id, tells=False)
    company.ask(acme, "How do I paint a door?")
    company.ask(beta, "How do I oil a hinge?")
    assert company.served == {"Acme", "Beta"}
    for sandbox, own, other in (
        (acme, "paint a door", "hinge"),
        (beta, "hinge", "door"),
    ):
        assert own in company.posted(sandbox)
        assert other not in company.posted(sandbox)
    # Slack wants to know the workspace for a list of channels.
    for sandbox in (acme, beta):
        workspace = company.site.workspace(sandbox)
        sync.sync_channels(company.site.rt, workspace)
        assert company.site.rt.slack_of(workspace).auth_test()["team"] == "Acme Group"
    # Slack is asked once about the token of both.
    asked: list[SlackClient] = []

    def auth_test(client: SlackClient) -> dict[str, Any]:
        asked.append(client)
        return real_auth_test(client)

    real_auth_test = SlackClient.auth_test
    monkeypatch.setattr(SlackClient, "auth_test", auth_test)
    jobs.installations.check_token(company.site.rt, company.worker)
    assert len(asked) == 1
    assert company.stored(acme).disabled_reason is None
    assert company.stored(beta).disabled_reason is None

    company.clock.advance(minutes=1)
    company.group.remove_app(acme.team_id)
    company.hear()
    assert company.served == {"Beta"}
    removed = company.stored(acme)
    assert removed.disabled_reason == "team_access_revoked"
    # What Slack delivers late, again, or from before brings it back no more.
    [granted] = [
        each.payload["event_id"]
        for each in acme.deliveries
        if each.payload.get("event", {}).get("type") == "team_access_granted"
    ]
    assert granted
    for delivery in [d for d in acme.deliveries if d.kind == "events_api"]:
        acme.delivery_queue.enqueue(delivery.payload, "")
    company.hear()
    assert company.served == {"Beta"}
    company.ask(beta, "How do I hang a picture?")
    # Added again, it finds everything.
    company.clock.advance(minutes=1)
    company.add(acme)
    assert company.served == {"Acme", "Beta"}
    assert company.stored(acme).id == removed.id
    with company.database.read_session() as session:
        asks = session.scalars(select(Ask.installation_id)).all()
    assert sorted(asks) == sorted([removed.id] + [company.stored(beta).id] * 2)


@pytest.mark.deep
def test_it_removes_the_app_everywhere(company: Company):
    company.install()
    for sandbox in (company.acme, company.beta):
        company.add(sandbox)
        company.ask(sandbox, "How do I paint a door?")
    company.clock.advance(minutes=1)
    company.hub.uninstall(company.group.id)
    company.hear()
    assert company.served == set()
    with company.database.read_session() as session:
        assert session.scalars(select(WorkspaceToken)).all() == []
        rows = session.scalars(select(Installation)).all()
        assert {row.disabled_reason for row in rows} <= {
            "app_uninstalled",
            "token_revoked",
        }
        assert None not in {row.uninstalled_at for row in rows}
    # Installed again in time, each workspace finds everything.
    company.clock.advance(days=3)
    before = company.stored(company.acme).id
    company.install()
    company.group.add_app(company.acme.team_id, tells=False)
    company.site.serving.follow_organisations()
    assert company.served == {"Acme"}
    assert company.stored(company.acme).id == before
    # The other one is erased in its time, and the organisation stays.
    company.clock.advance(days=28)
    company.site.serving.erase_workspaces()
    with company.database.read_session() as session:
        left = session.scalars(select(Installation.team_id)).all()
        assert sorted(left) == sorted([company.group.id, company.acme.team_id])
    # All of it.
    company.hub.uninstall(company.group.id)
    company.hear()
    company.clock.advance(days=31)
    company.site.serving.erase_workspaces()
    with company.database.read_session() as session:
        assert session.scalars(select(Installation.id)).all() == []
        for table in workspace_erasure.tables():
            assert session.execute(select(table)).all() == [], table.name


@pytest.mark.parametrize("company", ["http"], indirect=True)
@pytest.mark.deep_on_postgresql
def test_its_token_is_renewed_once(company: Company):
    company.install()
    for sandbox in (company.acme, company.beta):
        company.add(sandbox)
    company.site.serving.follow_organisations()

    def renewals() -> int:
        return len(company.hub._refreshes)

    first = renewals()
    company.clock.advance(hours=10, minutes=1)
    company.site.serving.refresh_tokens()
    assert renewals() == first + 1
    with company.database.read_session() as session:
        assert len(set(tokens.versions(session).values())) == 1
    company.clock.advance(hours=9)
    for sandbox in (company.acme, company.beta):
        workspace = company.site.workspace(sandbox)
        assert list(company.site.rt.slack_of(workspace).own_conversations())


@pytest.mark.parametrize("company", ["http"], indirect=True)
@pytest.mark.deep_on_postgresql
def test_installed_again_its_workspaces_go_on_at_once_as_its_bot(company: Company):
    """It may have removed the app meanwhile, while no process heard of it."""
    company.install()
    company.add(company.acme)
    bot = company.stored(company.acme)
    with company.database.write_session.begin() as session:
        session.execute(
            update(Installation).values(
                bot_user_id="U0OLD",
                bot_id="B0OLD",
                scopes=["chat:write"],
                disabled_reason="token_revoked",
            )
        )
    company.install()
    row = company.stored(company.acme)
    assert (row.bot_user_id, row.bot_id) == (bot.bot_user_id, bot.bot_id)
    assert (row.scopes, row.disabled_reason) == (bot.scopes, None)
    assert company.site.workspace(company.acme).bot_user_id == bot.bot_user_id


@pytest.mark.parametrize("company", ["http"], indirect=True)
@pytest.mark.deep_on_postgresql
def test_one_of_the_replicas_asks_for_its_workspaces(
    company: Company, monkeypatch: pytest.MonkeyPatch
):
    asked: list[object] = []

    def teams(client: SlackClient) -> Iterator[tuple[str, str]]:
        asked.append(client)
        return real_teams(client)

    real_teams = SlackClient.teams
    monkeypatch.setattr(SlackClient, "teams", teams)
    first = company.site.serving
    second, _ = new_serving(company.hub, company.database, company.clock)
    company.install()
    company.group.add_app(company.acme.team_id, tells=False)
    second.follow_organisations()
    first.follow_organisations()
    assert len(asked) == 1
    first.directory.sync()
    assert company.served == {"Acme"}
    for _ in range(2):
        company.clock.advance(minutes=10)
        for serving in (first, second):
            serving.follow_organisations()
    assert len(asked) == 3


@pytest.mark.parametrize("company", ["http"], indirect=True)
def test_an_organisation_that_fails_keeps_no_other_from_its_turn(
    company: Company, monkeypatch: pytest.MonkeyPatch
):
    company.install()
    other = {
        "enterprise_id": "E0OTHER",
        "user_id": "U0BOT",
        "url": "https://other.enterprise.slack.com/",
    }
    serving, now = company.site.serving, company.clock()
    with company.database.write_session.begin() as session:
        second = installations.save(session, other, now=now, is_organisation=True)
        token = Token("a-token")
        tokens.store(session, serving._keys, second.id, token, installed_at=now)
    asked: list[int] = []

    def follow(_: object, __: object, organisation_id: int, **___: object) -> None:
        asked.append(organisation_id)
        if organisation_id != second.id:
            raise SQLAlchemyError("the database failed")

    monkeypatch.setattr(organisations, "follow", follow)
    with pytest.raises(SQLAlchemyError):
        serving.follow_organisations()
    assert len(asked) == 2
    assert second.id in asked


@pytest.mark.parametrize("company", ["http"], indirect=True)
def test_another_organisation_is_refused(company: Company):
    other = company.hub.add_organisation("Other", "Elsewhere")
    answer = Browser(company.site).install(other)
    assert (answer.status, answer.title) == (
        403,
        "This workspace can't install Backswing",
    )
    assert company.hub._tokens == {}
    with company.database.read_session() as session:
        assert session.scalars(select(Installation)).all() == []


@pytest.mark.parametrize("company", ["http"], indirect=True)
def test_another_organisations_events_change_nothing(company: Company):
    company.install()
    company.add(company.acme)
    stranger = {"enterprise_id": "E0OTHER", "is_enterprise_install": True}
    for event in (
        {"type": "team_access_granted", "team_ids": [company.beta.team_id]},
        {"type": "team_access_revoked", "team_ids": [company.acme.team_id]},
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"bot": [company.acme.bot_user_id]}},
        {"type": "team_join", "user": {"id": "U0NEW"}},
    ):
        for team_id in (None, company.acme.team_id, company.beta.team_id, "E0OTHER"):
            envelope = company.acme.envelope(event)
            envelope["team_id"] = team_id
            envelope["authorizations"] = [stranger | {"team_id": team_id}]
            assert company.acme.deliver(envelope) == 200
    assert company.served == {"Acme"}
    assert company.stored(company.acme).uninstalled_at is None


@pytest.mark.parametrize("company", ["http"], indirect=True)
@pytest.mark.deep
def test_an_end_that_names_a_workspace_is_checked_with_slack(company: Company):
    """Slack does not say whether it would name one for the whole organisation."""
    company.install()
    for sandbox in (company.acme, company.beta):
        company.add(sandbox)
    for event in (
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"bot": [company.acme.bot_user_id]}},
    ):
        company.clock.advance(minutes=10)
        assert company.acme.deliver(company.acme.envelope(event)) == 200
        assert company.served == {"Beta"}
        # Slack still names both.
        company.clock.advance(minutes=10)
        company.site.serving.follow_organisations()
        assert company.served == {"Acme", "Beta"}
    company.hub._forget_tokens(company.group.id)
    company.clock.advance(minutes=10)
    company.site.serving.follow_organisations()
    assert company.served == set()
    assert company.stored(company.beta).disabled_reason == "account_inactive"


TEAM, GROUP = "T0ACME", "E0GROUP"
USER = {"id": "U0ANA", "team_id": TEAM}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"team": None, "user": USER, "view": {"app_installed_team_id": GROUP}}, TEAM),
        ({"team": {"id": TEAM}, "view": {"app_installed_team_id": GROUP}}, TEAM),
        ({"authorizations": [{"team_id": GROUP}], "team_id": TEAM}, TEAM),
        ({"authorizations": [{"team_id": GROUP}], "team_id": GROUP}, None),
        ({"command": "/ask", "team_id": TEAM}, TEAM),
        ({"team": GROUP, "user": None, "view": None}, None),
    ],
)
def test_a_request_that_names_the_organisation_is_its_workspaces(
    body: dict[str, Any], expected: str | None
):
    assert team_of(BoltRequest(body=body, mode="socket_mode")) == expected
