"""Tokens that expire are renewed in time, by one replica, whatever Slack does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

import jobs.installations
from bot.db.engine import Database
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType
from bot.outbox.worker import OutboxWorker
from bot.slack.actions import PostMessage
from bot.slack.api import RateLimited, Rejected, SlackError
from bot.slack.oauth import Grant, OAuthClient
from bot.workspace import members, sync, tokens
from bot.workspace.tokens import Token
from cli.many_workspaces import ManyServing
from handlers import readiness
from models import OutboxItem, WorkspaceToken
from sandbox import Sandbox, SlackHub
from tests.factories import Clock
from tests.install import InstallSite, new_serving, pretend_slack
from tests.workspace import add_other_workspace

POST = MessageKind("post")
REDIRECT = "http://127.0.0.1:1/slack/oauth_redirect"


@pytest.fixture
def hub(clock: Clock) -> Iterator[SlackHub]:
    with pretend_slack(clock, "Acme", has_token_rotation=True) as hub:
        hub.redirect_urls.add(REDIRECT)
        hub.request_url = "http://127.0.0.1:1/slack/events"
        yield hub


@pytest.fixture
def acme(hub: SlackHub) -> Sandbox:
    return next(iter(hub.workspaces.values()))


def replica(hub: SlackHub, database: Database, clock: Clock) -> InstallSite:
    serving, rt = new_serving(hub, database, clock)
    return InstallSite(hub, serving, rt, "")


@pytest.fixture
def first(
    hub: SlackHub, acme: Sandbox, database: Database, clock: Clock
) -> InstallSite:
    """A replica in which the app was just installed."""
    site = replica(hub, database, clock)
    installer = site.serving.installer()
    state = installer.begin("a-browser").rpartition("state=")[2]
    query = {
        "client_id": hub.client_id,
        "scope": ",".join(acme.scopes),
        "redirect_uri": REDIRECT,
    }
    code = hub.allow(query, acme.team_id).partition("code=")[2].partition("&")[0]
    installer.finish(state=state, browser="a-browser", code=code, error="")
    return site


@pytest.fixture
def first_version(first: InstallSite, acme: Sandbox, database: Database) -> int:
    return version(database)


def version(database: Database) -> int:
    """Return the token's number; each renewal adds one."""
    with database.read_session() as session:
        return session.scalars(select(WorkspaceToken.version)).one()


def test_a_token_is_renewed_before_it_expires(
    first: InstallSite, acme: Sandbox, clock: Clock
):
    for _ in range(10):
        clock.advance(hours=10)
        first.serving.refresh_tokens()
        assert first.works(acme)


def test_without_renewal_slack_accepts_it_no_longer(
    first: InstallSite, acme: Sandbox, clock: Clock
):
    clock.advance(hours=12)
    with pytest.raises(Rejected, match="token_expired"):
        first.works(acme)


@pytest.mark.deep_on_postgresql
def test_a_token_that_expired_too_early_is_renewed_at_once(
    first: InstallSite, hub: SlackHub, acme: Sandbox, database: Database, clock: Clock
):
    """Our clock was ahead when Slack gave it, and was set right since."""
    clock.advance(hours=12)
    with database.write_session.begin() as session:
        late = clock() + timedelta(hours=5)
        session.execute(
            update(WorkspaceToken).values(expires_at=late, refreshing_until=late)
        )
    first.serving.refresh_tokens()
    with pytest.raises(Rejected, match="token_expired"):
        first.works(acme)
    jobs.installations.check_token(first.rt, OutboxWorker(first.rt, {}))
    first.serving.refresh_tokens()
    assert first.works(acme)


@pytest.mark.deep_on_postgresql
def test_after_a_long_pause_it_is_ready_at_once_and_nothing_is_lost(
    first: InstallSite, hub: SlackHub, acme: Sandbox, database: Database, clock: Clock
):
    """Until a job has renewed the token, messages wait and people stay as they are."""
    ana = acme.add_person("ana")
    workspace, renewals = first.workspace(acme), len(hub._refreshes)
    with first.rt.write(workspace) as tx:
        members.ensure(tx, [ana.id])
        tx.enqueue(POST, 1, to=ana.id)
    clock.advance(days=30)
    again = replica(hub, database, clock)
    again.serving.prepare()
    assert len(hub._refreshes) == renewals
    worker = OutboxWorker(
        again.rt,
        {
            POST: MessageType(
                POST, lambda _tx, delivery: PostMessage(delivery.recipient, "Hi", [])
            )
        },
        fetch_new_users=sync.fetch_new_users,
    )
    assert worker.send_due() == 1
    jobs.installations.check_token(again.rt, worker)
    assert worker.send_due() == 0
    assert readiness.slack_accepts_token(again.rt) is None
    again.serving.refresh_tokens()
    assert again.works(acme)
    clock.advance(seconds=10)
    assert worker.send_due() == 1
    with again.rt.read(workspace) as tx:
        person = members.find(tx, ana.id)
        assert person is not None
        assert not person.is_deactivated
        assert tx.session.scalars(select(OutboxItem.state)).all() == ["sent"]


@pytest.mark.deep_on_postgresql
def test_of_two_replicas_one_renews_it_and_the_other_reads_it(
    first: InstallSite,
    hub: SlackHub,
    acme: Sandbox,
    database: Database,
    clock: Clock,
    first_version: int,
):
    second = replica(hub, database, clock)
    clock.advance(hours=10)
    both: list[ManyServing] = [first.serving, second.serving]
    with ThreadPoolExecutor(2) as pool:
        for work in [pool.submit(serving.refresh_tokens) for serving in both]:
            work.result()
    assert version(database) == first_version + 1
    clock.advance(hours=9)
    for site in (first, second):
        site.serving.directory.sync()
        assert site.works(acme)


@pytest.mark.deep_on_postgresql
def test_a_replica_whose_clock_is_behind_leaves_a_claim_alone(
    first: InstallSite, database: Database, clock: Clock, first_version: int
):
    clock.advance(hours=10)
    ahead = clock() + timedelta(seconds=30)
    with database.write_session.begin() as session:
        claimed = tokens.claim_refresh(session, begun_at=ahead, now=ahead)
    assert claimed is not None
    first.serving.refresh_tokens()
    assert version(database) == first_version
    # The other replica has ended.
    clock.advance(seconds=90)
    first.serving.refresh_tokens()
    assert version(database) == first_version + 1


@pytest.mark.parametrize("kind", ["reset", "server_error", "truncated"])
def test_a_lost_answer_is_asked_for_again(
    first: InstallSite,
    hub: SlackHub,
    acme: Sandbox,
    database: Database,
    clock: Clock,
    first_version: int,
    kind: str,
):
    hub.faults.add(kind, "oauth.v2.access", times=1, after=True)
    clock.advance(hours=10)
    first.serving.refresh_tokens()
    assert version(database) == first_version
    assert first.works(acme)
    clock.advance(minutes=1)
    first.serving.refresh_tokens()
    assert version(database) == first_version + 1
    clock.advance(hours=9)
    assert first.works(acme)


@pytest.mark.deep
def test_slack_is_down_for_an_hour(
    first: InstallSite, hub: SlackHub, acme: Sandbox, clock: Clock
):
    fault = hub.faults.add("server_error", "oauth.v2.access")
    clock.advance(hours=10)
    for _ in range(60):
        first.serving.refresh_tokens()
        clock.advance(minutes=1)
    assert first.works(acme)
    hub.faults.remove(fault.id)
    first.serving.refresh_tokens()
    clock.advance(hours=9)
    assert first.works(acme)


def test_a_refresh_token_that_slack_refuses_is_given_up(
    first: InstallSite,
    hub: SlackHub,
    acme: Sandbox,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
):
    hub._refreshes.clear()
    clock.advance(hours=10)
    for _ in range(3):
        first.serving.refresh_tokens()
        clock.advance(minutes=2)
    said = [record.message for record in caplog.records if "renewed" in record.message]
    assert said == ["token can't be renewed: install the app in this workspace again"]
    # It works until it expires.
    assert first.works(acme)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("oauth.v2.access", 90), 90),
        (Rejected("oauth.v2.access", "bad_client_secret"), 600),
    ],
)
def test_while_slack_limits_renewals_or_refuses_the_app_it_is_asked_for_none(
    first: InstallSite,
    acme: Sandbox,
    database: Database,
    clock: Clock,
    error: SlackError,
    seconds: int,
):
    asked: list[str] = []

    def refuse(_: OAuthClient, token: str) -> Grant:
        asked.append(token)
        raise error

    keys = first.serving._keys
    with database.write_session.begin() as session:
        other = add_other_workspace(session).id
        soon = Token("a-token", "a-refresh-token", clock() + timedelta(hours=11))
        tokens.store(session, keys, other, soon, installed_at=clock())
    clock.advance(hours=10)
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(OAuthClient, "refresh", refuse)
        first.serving.refresh_tokens()
        clock.advance(seconds=seconds - 1)
        first.serving.refresh_tokens()
        assert len(asked) == 1
    clock.advance(seconds=1)
    first.serving.refresh_tokens()
    clock.advance(hours=9)
    assert first.works(acme)


def test_a_wrong_client_secret_gives_no_token_up(
    first: InstallSite, hub: SlackHub, acme: Sandbox, clock: Clock
):
    secret, hub.client_secret = hub.client_secret, "0" * 32
    clock.advance(hours=10)
    first.serving.refresh_tokens()
    hub.client_secret = secret
    clock.advance(minutes=10)
    first.serving.refresh_tokens()
    clock.advance(hours=9)
    assert first.works(acme)


@pytest.fixture
def damaged(database: Database, clock: Clock) -> None:
    """Store a token that does not open, before all others."""
    with database.write_session.begin() as session:
        session.add(
            WorkspaceToken(
                installation_id=add_other_workspace(session).id,
                access_token=b"damaged",
                refresh_token=b"damaged",
                expires_at=clock(),
                version=1,
                installed_at=clock(),
            )
        )


@pytest.mark.usefixtures("damaged")
def test_a_token_that_does_not_open_keeps_no_other_from_renewal(
    hub: SlackHub, acme: Sandbox, database: Database, clock: Clock, first: InstallSite
):
    clock.advance(hours=10)
    first.serving.refresh_tokens()
    clock.advance(hours=9)
    assert first.works(acme)


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_new_installation_while_slack_answers_is_kept(
    first: InstallSite,
    acme: Sandbox,
    database: Database,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    is_refused: bool,
):
    keys = first.serving._keys
    installation_id = first.workspace(acme).id
    new = Token("new", "next", clock() + timedelta(hours=22))

    def refresh(token: str) -> Grant:
        with database.write_session.begin() as session:
            tokens.store(session, keys, installation_id, new, installed_at=clock())
        if is_refused:
            raise Rejected("oauth.v2.access", "invalid_refresh_token")
        return Grant("old", "older", 43200, frozenset(), acme.team_id, None, False)

    clock.advance(hours=10)
    monkeypatch.setattr(OAuthClient, "refresh", lambda _, token: refresh(token))
    first.serving.refresh_tokens()
    with database.read_session() as session:
        assert tokens.load(session, keys, installation_id) == new


def test_the_app_is_removed_while_the_token_is_renewed(
    first: InstallSite,
    hub: SlackHub,
    acme: Sandbox,
    database: Database,
    clock: Clock,
    first_version: int,
):
    clock.advance(hours=10)
    hub.uninstall(acme.team_id)
    first.serving.refresh_tokens()
    assert version(database) == first_version
