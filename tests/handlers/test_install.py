"""A person installs the app in a workspace with a browser, over real HTTP."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

import jobs
from bot.db.engine import Database
from bot.outbox.rate_limiter import RateLimiter
from bot.outbox.worker import OutboxWorker
from bot.workspace import tokens
from bot.workspace.oauth_install import (
    BAD_CODES_AT_ONCE,
    BAD_CODES_PER_SECOND,
    NotInstalled,
)
from bot.workspace.removal import end
from handlers.install import PAGES
from models import Channel, Installation, OAuthState, WorkspaceToken
from sandbox import Sandbox, SlackHub
from tests.factories import Clock
from tests.install import Browser, InstallSite, new_site, other_browser, pretend_slack

NewSite = Callable[..., InstallSite]


@pytest.fixture
def hub(clock: Clock) -> Iterator[SlackHub]:
    with pretend_slack(clock, "Acme", "Beta") as hub:
        yield hub


@pytest.fixture
def acme(hub: SlackHub) -> Sandbox:
    return next(iter(hub.workspaces.values()))


@pytest.fixture
def beta(hub: SlackHub) -> Sandbox:
    return list(hub.workspaces.values())[1]


@pytest.fixture
def serve(
    hub: SlackHub, database: Database, clock: Clock, closing: ThreadPoolExecutor
) -> Iterator[NewSite]:
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(**more: Any) -> InstallSite:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        site, app = new_site(hub, database, clock, port, **more)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return site

    yield start
    for server, thread in running:
        server.should_exit = True
        closing.submit(thread.join)


@pytest.fixture
def site(serve: NewSite) -> InstallSite:
    return serve()


@pytest.fixture
def browser(site: InstallSite) -> Browser:
    return Browser(site)


def count(database: Database, model: type[Any]) -> int:
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def nothing_is_stored(database: Database) -> bool:
    return count(database, Installation) == count(database, WorkspaceToken) == 0


def test_the_workspace_is_served_at_once(
    browser: Browser, acme: Sandbox, database: Database
):
    answer = browser.install(acme)
    assert answer.status == 200
    assert answer.title == "Backswing is in Acme"
    assert answer.link == f"{acme.url}/"
    assert browser.site.served == [acme.team_id]
    assert browser.site.works(acme)
    with database.read_session() as session:
        row = session.scalars(select(Installation)).one()
        assert (row.team_id, row.team_name) == (acme.team_id, "Acme")
        assert set(row.scopes) == acme.scopes
    assert count(database, OAuthState) == 0


def test_two_workspaces_have_a_token_each(
    browser: Browser, acme: Sandbox, beta: Sandbox
):
    assert browser.install(acme).status == 200
    assert browser.install(beta).status == 200
    assert sorted(browser.site.served) == sorted([acme.team_id, beta.team_id])
    assert browser.site.works(acme)
    assert browser.site.works(beta)


def test_the_cookie_is_only_for_the_install_pages(browser: Browser):
    answer = browser.client.get(f"{browser.site.url}/slack/install")
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=lax", "path=/slack", "max-age=600"):
        assert part in cookie
    # http on a loopback address can't have it.
    assert "secure" not in cookie


def test_with_https_the_cookie_is_secure(serve: NewSite):
    site = serve()
    object.__setattr__(site.serving._many, "public_url", "https://bot.acme.org")
    answer = httpx.get(f"{site.url}/slack/install")
    assert "secure" in answer.headers["set-cookie"].lower()


def test_the_pages_load_nothing_and_are_not_kept(browser: Browser, acme: Sandbox):
    for answer in (
        browser.install(acme),
        browser.open(browser.cancel(browser.begin())),
    ):
        headers = answer.response.headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script" not in answer.response.text


# What can go wrong


def test_a_link_works_once(browser: Browser, acme: Sandbox, database: Database):
    url = browser.allow(browser.begin(), acme)
    assert browser.open(url).status == 200
    again = browser.open(url)
    assert (again.status, again.title) == (400, "This link no longer works")
    assert again.link == "/slack/install"
    assert count(database, Installation) == 1


@pytest.mark.deep_on_postgresql
def test_of_a_link_opened_many_times_at_once_one_works(browser: Browser, acme: Sandbox):
    url = browser.allow(browser.begin(), acme)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(browser.open, url) for _ in range(4)]
    assert sorted(each.result().status for each in answers) == [200, 400, 400, 400]


def test_a_link_expires_after_ten_minutes(
    browser: Browser, acme: Sandbox, database: Database, clock: Clock
):
    url = browser.allow(browser.begin(), acme)
    clock.advance(minutes=10)
    assert browser.open(url).status == 400
    assert nothing_is_stored(database)
    assert browser.install(acme).status == 200


def test_a_link_works_only_in_the_browser_where_it_began(
    browser: Browser, acme: Sandbox, database: Database
):
    url = browser.allow(browser.begin(), acme)
    victim = other_browser(browser)
    assert victim.open(url).status == 400
    victim.begin()
    # Also with a cookie of its own.
    assert victim.open(url).status == 400
    assert nothing_is_stored(database)
    assert browser.open(url).status == 200


def test_a_forged_state_is_refused(browser: Browser, acme: Sandbox, database: Database):
    url = browser.allow(browser.begin(), acme)
    redirect = url.partition("?")[0]
    code = httpx.URL(url).params["code"]
    for query in (
        {},
        {"code": code},
        {"code": code, "state": ""},
        {"code": code, "state": "x" * 43},
        {"code": code, "state": "../../../etc/passwd"},
        {"code": code, "state": "\0'\"<script>"},
        {"error": "<script>alert(1)</script>", "state": "x"},
    ):
        answer = browser.open(str(httpx.URL(redirect, params=query)))
        assert answer.status == 400
        assert "script" not in answer.response.text
    assert nothing_is_stored(database)


def test_two_windows_of_a_browser_each_finish(
    browser: Browser, acme: Sandbox, beta: Sandbox
):
    first, second = browser.begin(), browser.begin()
    assert browser.open(browser.allow(second, beta)).title == "Backswing is in Beta"
    assert browser.open(browser.allow(first, acme)).title == "Backswing is in Acme"


def test_a_code_works_once(browser: Browser, acme: Sandbox, database: Database):
    first = httpx.URL(browser.allow(browser.begin(), acme))
    assert browser.open(str(first)).status == 200
    second = browser.begin()
    replayed = first.copy_merge_params({"state": second["state"]})
    answer = browser.open(str(replayed))
    assert (answer.status, answer.title) == (400, "This link no longer works")
    assert count(database, WorkspaceToken) == 1
    assert browser.site.works(acme)


def test_a_flood_of_bad_codes_asks_slack_no_more(
    browser: Browser, acme: Sandbox, hub: SlackHub, monkeypatch: pytest.MonkeyPatch
):
    seconds = [0.0]
    limiter = RateLimiter(
        BAD_CODES_PER_SECOND, BAD_CODES_AT_ONCE, clock=lambda: seconds[0]
    )
    installer = replace(browser.site.serving.installer(), bad_codes=limiter)
    calls: list[dict[str, Any]] = []
    exchange = hub._access

    def counted(args: dict[str, Any]) -> dict[str, Any]:
        calls.append(args)
        return exchange(args)

    monkeypatch.setattr(hub, "_access", counted)

    def finish(state: str, code: str) -> str:
        """Return the reason of a refusal."""
        try:
            installer.finish(state=state, browser="a", code=code, error="")
        except NotInstalled as refusal:
            return refusal.reason
        return ""

    def state() -> str:
        return httpx.URL(installer.begin("a")).params["state"]

    good = httpx.URL(browser.allow(browser.begin(), acme)).params["code"]
    reasons = [finish(state(), "1.2.bad") for _ in range(BAD_CODES_AT_ONCE + 3)]
    assert reasons.index("too_many_tries") == len(calls) == BAD_CODES_AT_ONCE
    assert PAGES["too_many_tries"].status == 429
    own = state()
    assert finish(own, good) == "too_many_tries"
    seconds[0] = 60
    # Its link was not used up.
    assert finish(own, good) == ""


def test_cancelling_stores_nothing(browser: Browser, database: Database):
    answer = browser.open(browser.cancel(browser.begin()))
    assert (answer.status, answer.title) == (403, "Backswing was not installed")
    assert nothing_is_stored(database)


def test_another_refusal_by_slack(browser: Browser, database: Database):
    state = browser.begin()["state"]
    url = f"{browser.site.url}/slack/oauth_redirect?error=invalid_scope&state={state}"
    assert browser.open(url).title == "Slack did not allow it"
    assert nothing_is_stored(database)


def test_a_missing_permission_is_refused(
    browser: Browser, acme: Sandbox, database: Database, hub: SlackHub
):
    """Nothing of a new workspace is kept; one that has the bot keeps all."""

    def refuse() -> None:
        query = browser.begin()
        scopes = set(query["scope"].split(",")) - {"chat:write"}
        url = browser.allow({**query, "scope": ",".join(scopes)}, acme)
        answer = browser.open(url)
        assert (answer.status, answer.title) == (403, "Some permissions are missing")

    refuse()
    assert nothing_is_stored(database)
    assert hub._tokens == {}
    browser.install(acme)
    with database.read_session() as session:
        version = session.scalars(select(WorkspaceToken.version)).one()
    refuse()
    with database.read_session() as session:
        assert session.scalars(select(WorkspaceToken.version)).one() == version
    assert browser.site.works(acme)
    # It removed the app, and has no bot to keep.
    hub.uninstall(acme.team_id)
    with database.write_session.begin() as session:
        row = session.scalars(select(Installation)).one()
        end(session, row, at=row.installed_at, reason="app_uninstalled")
    refuse()
    assert hub._tokens == {}


def test_a_workspace_may_leave_out_what_is_optional(
    browser: Browser, acme: Sandbox, database: Database
):
    query = browser.begin()
    scopes = set(query["scope"].split(",")) - {"groups:history", "groups:read"}
    url = browser.allow({**query, "scope": ",".join(scopes)}, acme)
    assert browser.open(url).status == 200
    with database.read_session() as session:
        assert set(session.scalars(select(Installation.scopes)).one()) == scopes


FAULTS = ("reset", "server_error", "internal_error", "ratelimited", "truncated")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", FAULTS)
def test_slack_fails_at_the_exchange(
    browser: Browser,
    acme: Sandbox,
    database: Database,
    hub: SlackHub,
    kind: str,
    after: bool,
):
    hub.faults.add(kind, "oauth.v2.access", times=1, after=after)
    answer = browser.install(acme)
    assert (answer.status, answer.title) == (502, "Slack did not answer")
    assert nothing_is_stored(database)
    assert browser.site.served == []
    assert browser.install(acme).status == 200


@pytest.mark.parametrize("kind", FAULTS)
def test_slack_fails_after_the_exchange(
    browser: Browser, acme: Sandbox, database: Database, kind: str
):
    acme.faults.add(kind, "auth.test", times=1)
    assert browser.install(acme).status == 502
    assert nothing_is_stored(database)
    assert browser.install(acme).status == 200


def test_the_database_fails_after_the_exchange(
    browser: Browser,
    acme: Sandbox,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
):
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    with monkeypatch.context() as broken:
        broken.setattr(tokens, "store", fail)
        answer = browser.install(acme)
    assert (answer.status, answer.title) == (503, "Something went wrong")
    assert nothing_is_stored(database)
    assert browser.install(acme).status == 200


def test_a_workspace_that_is_not_allowed_gets_its_token_revoked(
    serve: NewSite, acme: Sandbox, beta: Sandbox, database: Database, hub: SlackHub
):
    browser = Browser(serve(allowed_workspaces=f"{acme.team_id}, E0ORG"))
    answer = browser.install(beta)
    assert (answer.status, answer.link) == (403, "/slack/install")
    assert answer.title == "This workspace can't install Backswing"
    assert nothing_is_stored(database)
    assert hub._tokens == {}
    assert browser.install(acme).status == 200


@pytest.mark.deep_on_postgresql
def test_a_workspace_that_is_no_longer_allowed_keeps_what_it_has(
    serve: NewSite, site: InstallSite, acme: Sandbox, database: Database
):
    assert Browser(site).install(acme).status == 200
    stricter = serve(allowed_workspaces="T0OTHER")
    assert Browser(stricter).install(acme).status == 403
    assert stricter.works(acme)


def test_a_wrong_client_secret_is_the_operators_matter(
    browser: Browser, acme: Sandbox, database: Database, hub: SlackHub
):
    hub.client_secret = "0" * 32
    answer = browser.install(acme)
    assert (answer.status, answer.title) == (500, "This bot is not set up correctly")
    assert nothing_is_stored(database)


@pytest.mark.parametrize(
    "odd", [{"enterprise": "E0"}, {"enterprise": {"id": ["E0"]}}, {"refresh_token": 5}]
)
def test_odd_details_of_slacks_answer_are_left_out(
    serve: NewSite,
    acme: Sandbox,
    hub: SlackHub,
    monkeypatch: pytest.MonkeyPatch,
    odd: dict[str, Any],
):
    grant = hub._grant
    monkeypatch.setattr(hub, "_grant", lambda sandbox: grant(sandbox) | odd)
    browser = Browser(serve(allowed_workspaces=acme.team_id))
    assert browser.install(acme).status == 200
    assert browser.site.works(acme)


def test_a_token_of_another_workspace_than_slack_names_is_refused(
    browser: Browser,
    acme: Sandbox,
    database: Database,
    hub: SlackHub,
    monkeypatch: pytest.MonkeyPatch,
):
    grant, other = hub._grant, {"team": {"id": "T0OTHER", "name": "Other"}}
    monkeypatch.setattr(hub, "_grant", lambda sandbox: grant(sandbox) | other)
    assert browser.install(acme).status == 502
    assert nothing_is_stored(database)


def test_a_workspaces_name_is_only_text(browser: Browser, acme: Sandbox):
    acme.workspace.team_name = "<script>alert(1)</script>"
    answer = browser.install(acme)
    assert answer.title == "Backswing is in <script>alert(1)</script>"
    assert "<script" not in answer.response.text


# Again


def test_installing_again_keeps_the_installation(
    browser: Browser, acme: Sandbox, database: Database
):
    assert browser.install(acme).status == 200
    before = browser.site.workspace(acme).id
    assert browser.install(acme).status == 200
    assert browser.site.workspace(acme).id == before
    assert count(database, Installation) == 1
    assert browser.site.works(acme)


def test_it_works_again_after_the_app_was_removed(
    browser: Browser, acme: Sandbox, hub: SlackHub
):
    assert browser.install(acme).status == 200
    hub.uninstall(acme.team_id)
    assert browser.install(acme).status == 200
    assert browser.site.works(acme)


def test_the_channels_of_a_new_workspace_are_fetched_once(
    browser: Browser, acme: Sandbox, beta: Sandbox
):
    site = browser.site
    worker = OutboxWorker(site.rt, {})
    for sandbox in (acme, beta):
        room = sandbox.add_channel("help", sandbox.add_person("ana"))
        room.members.append(sandbox.bot_user_id)
        browser.install(sandbox)
    for _ in range(3):
        jobs.workspace.sync_channels(site.rt, worker)
    for sandbox in (acme, beta):
        fetches = [c for c in sandbox.calls if c.method == "users.conversations"]
        assert len(fetches) == 1
        with site.rt.read(site.workspace(sandbox)) as tx:
            rows = tx.session.scalars(
                select(Channel.name).filter_by(
                    installation_id=tx.workspace.id, is_joined=True
                )
            )
            assert rows.all() == ["help"]
    browser.install(acme)
    jobs.workspace.sync_channels(site.rt, worker)
    fetches = [c for c in acme.calls if c.method == "users.conversations"]
    assert len(fetches) == 2
