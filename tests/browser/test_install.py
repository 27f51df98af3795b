"""Two workspaces install the app by clicking; each asks, and nothing crosses."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from bot.db.engine import Database
from cli.app import Application
from models import Ask, Installation
from sandbox import Sandbox, SlackHub
from sandbox.workspace.clock import utc_now
from tests.browser.conftest import TIMEOUT_SECONDS, Window
from tests.install import many_settings, pretend_slack
from tests.ports import free_port

pytestmark = [
    pytest.mark.deep,
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]


@contextmanager
def running(hub: SlackHub, database: Database, folder: Path) -> Iterator[str]:
    """Run the whole bot; yield its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    hub.redirect_urls.add(f"{url}/slack/oauth_redirect")
    hub.request_url = f"{url}/slack/events"
    settings = many_settings(hub, url, port=port, search_folder=folder)
    application = Application(settings, database)
    server = uvicorn.Server(
        uvicorn.Config(application.asgi(), port=port, log_config=None)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield url
    server.should_exit = True
    thread.join()


@pytest.fixture
def hub() -> Iterator[SlackHub]:
    with pretend_slack(utc_now, "Acme", "Beta") as hub:
        for name, sandbox in zip(("Ana", "Zoe"), hub.workspaces.values(), strict=True):
            person = sandbox.add_person(name.lower(), real_name=name)
            sandbox.add_channel("help", person)
        yield hub


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_SECONDS * 1000)
    yield page
    context.close()


def install(page: Page, url: str, sandbox: Sandbox) -> None:
    page.goto(f"{url}/slack/install")
    page.get_by_label("Workspace").select_option(sandbox.workspace.team_name)
    page.get_by_role("button", name="Allow").click()


def has_removed(database: Database, sandbox: Sandbox) -> bool:
    with database.read_session() as session:
        row = session.scalars(select(Installation).filter_by(team_id=sandbox.team_id))
        return row.one().uninstalled_at is not None


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def ask(page: Page, sandbox: Sandbox, person: str, question: str) -> Window:
    page.goto(f"{sandbox.url}/?as={person}&in=help")
    page.get_by_role("main").wait_for()
    window = Window(page)
    window.say(f"/ask {question}")
    expect(window.message(question)).to_contain_text("Asked by")
    return window


def test_two_workspaces_install_the_app_and_ask(
    hub: SlackHub, database: Database, page: Page, tmp_path: Path
) -> None:
    acme, beta = hub.workspaces.values()
    with running(hub, database, tmp_path) as url:
        page.goto(f"{url}/slack/install")
        page.get_by_role("button", name="Cancel").click()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Backswing was not installed")
        assert Window(page).accessibility_problems() == []
        page.get_by_role("link", name="Start again").click()
        page.get_by_role("button", name="Allow").wait_for()

        for sandbox, name in ((acme, "Acme"), (beta, "Beta")):
            install(page, url, sandbox)
            expect(heading).to_have_text(f"Backswing is in {name}")
            assert Window(page).accessibility_problems() == []
            page.get_by_role("link", name="Open Slack").click()
            page.wait_for_url(f"{sandbox.url}/**")
            page.get_by_role("main").wait_for()

        # Going back opens the link a second time.
        install(page, url, acme)
        expect(heading).to_have_text("Backswing is in Acme")
        page.reload()
        expect(heading).to_have_text("This link no longer works")

        ask(page, acme, "ana", "How do I paint a door?")
        ask(page, beta, "zoe", "How do I oil a hinge?")

        hub.uninstall(acme.team_id)
        wait_until(lambda: has_removed(database, acme))
        # The other workspace is served, and the first one finds everything again.
        ask(page, beta, "zoe", "How do I hang a picture?")
        install(page, url, acme)
        expect(heading).to_have_text("Backswing is in Acme")
        window = ask(page, acme, "ana", "How do I paint a wall?")
        expect(window.message("paint a door")).to_contain_text("Asked by")
    for sandbox, own, other in (
        (acme, "paint a door", "hinge"),
        (beta, "oil a hinge", "door"),
    ):
        shown = str(list(sandbox.workspace.channels.values()))
        assert own in shown
        assert other not in shown
    with database.read_session() as session:
        asks = session.execute(
            select(Installation.team_name, func.count())
            .join(Ask, Ask.installation_id == Installation.id)
            .group_by(Installation.team_name)
        ).all()
    assert sorted(map(tuple, asks)) == [("Acme", 2), ("Beta", 2)]


def test_an_organisation_installs_the_app_for_a_workspace(
    hub: SlackHub, database: Database, page: Page, tmp_path: Path
) -> None:
    group = hub.add_organisation("Acme Group", "North", "South")
    [north, south] = group.workspaces.values()
    for name, sandbox in (("Ana", north), ("Zoe", south)):
        sandbox.add_channel("help", sandbox.add_person(name.lower(), real_name=name))
    with running(hub, database, tmp_path) as url:
        page.goto(f"{url}/slack/install")
        choice = "Acme Group (whole organisation)"
        page.get_by_label("Workspace").select_option(choice)
        page.get_by_role("button", name="Allow").click()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Backswing is in Acme Group")
        expect(page.get_by_role("link", name="Add it to workspaces")).to_be_visible()
        assert Window(page).accessibility_problems() == []
        group.add_app(north.team_id)
        ask(page, north, "ana", "How do I paint a door?")
        # The bot is not there.
        page.goto(f"{south.url}/?as=zoe&in=help")
        window = Window(page)
        window.say("/ask How do I oil a hinge?")
        expect(page.get_by_role("main")).not_to_contain_text("Asked by")
        group.add_app(south.team_id, tells=False)
        ask(page, south, "zoe", "How do I hang a picture?")
