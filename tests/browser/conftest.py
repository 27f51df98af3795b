"""The program as a newcomer starts it, and windows of a real browser."""

import atexit
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    Locator,
    Page,
    Response,
    expect,
    sync_playwright,
)

from bot.db import engine, schema

ROOT = Path(__file__).parent.parent.parent
DATABASE = "bot.db"
TIMEOUT_SECONDS = 90
# Otherwise "next Monday" comes after one day or after seven, and a quarter may end.
SUNDAY = "2026-04-19T12:00Z"
HTTP = httpx.Client(timeout=TIMEOUT_SECONDS)
atexit.register(HTTP.close)
# By default `expect` waits for five seconds, which a busy machine may need.
expect.set_options(timeout=TIMEOUT_SECONDS * 1000)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A context has one process all the same, but none is kept ready for the next page.
    "--renderer-process-limit=1",
]


def chromium() -> str | None:
    """Return the program, without windows of its own if there is one: it starts faster.

    Playwright's own downloads have the same preference.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next(filter(None, map(shutil.which, names)), None)


@dataclass
class Window:
    """A window of the browser, and the actions of the person in front of it."""

    page: Page

    def act_as(self, name: str) -> None:
        self.page.get_by_role("button", name="switch person").click()
        self.page.get_by_role("dialog").get_by_role("button", name=name).click()
        self.page.get_by_role("button", name=f"You are {name}").wait_for()

    def open_channel(self, channel: str) -> None:
        self.rail.get_by_role("button", name=channel).click()
        self.page.get_by_role("heading", name=channel).wait_for()

    def open_direct_messages(self) -> None:
        """Open the conversation with the bot, whether or not anything in it is unread.

        The bot's button alone opens the Home tab if everything was read, which in a
        shared workspace depends on who looked before.
        """
        self.rail.get_by_role("button", name=re.compile("^Backswing")).click()
        self.page.get_by_role("tab", name="Messages").click()
        self.page.get_by_role("textbox", name="Message Backswing").wait_for()

    def open_home(self) -> Locator:
        """Open the Home tab, and wait until the bot has drawn it for this visit.

        Before, it shows what the bot drew last, and a click on what is then replaced
        has no effect.
        """
        if parse_qs(urlsplit(self.page.url).query)["in"] == ["home"]:
            self.page.get_by_role("tab", name="Messages").click()
        before = self._home_hash()
        with self._newest_state() as newest:
            self.rail.get_by_role("button", name="Backswing").click()
            self.page.get_by_role("tab", name="Home").click()
            while (newest().get("home") or {}).get("hash") in {None, before}:
                self.page.wait_for_timeout(50)
        return self.page.get_by_role("tabpanel", name="Home")

    @contextmanager
    def _newest_state(self) -> Iterator[Callable[[], dict[str, Any]]]:
        """Give a function that returns the state that the page has loaded last since.

        It is empty before the first.
        """
        loaded = list[Response]()
        last = time.monotonic() + TIMEOUT_SECONDS

        def keep(response: Response) -> None:
            if "/_/state?as=" in response.url:
                loaded.append(response)

        def newest() -> dict[str, Any]:
            assert time.monotonic() < last, "the page does not load what is awaited"
            return loaded[-1].json() if loaded else {}

        self.page.on("response", keep)
        yield newest
        self.page.remove_listener("response", keep)

    def _home_hash(self) -> str | None:
        url = urlsplit(self.page.url)
        address = f"{url.scheme}://{url.netloc}/_/state"
        [name] = parse_qs(url.query)["as"]
        people = HTTP.get(address).json()["people"]
        [person] = [person["id"] for person in people if person["name"] == name]
        home = HTTP.get(address, params={"as": person}).json()["home"]
        return str(home["hash"]) if home else None

    @property
    def rail(self) -> Locator:
        return self.page.get_by_role("navigation", name="Workspace")

    @property
    def thread(self) -> Locator:
        return self.page.get_by_role("complementary", name="Thread")

    @property
    def modal(self) -> Locator:
        return self.page.locator("dialog.modal")

    def message(self, text: str | re.Pattern[str]) -> Locator:
        """Return the last message in the channel with this text."""
        messages = self.page.get_by_role("main").get_by_role("article")
        return messages.filter(has_text=text).last

    def reply(self, text: str) -> Locator:
        return self.thread.get_by_role("article").filter(has_text=text).last

    def say(self, text: str) -> None:
        box = self.page.get_by_role("main").get_by_role("textbox", name="Message")
        box.fill(text)
        box.press("Enter")

    def answer(self, text: str) -> None:
        box = self.thread.get_by_role("textbox", name="Reply in thread")
        box.fill(text)
        box.press("Enter")

    def open_thread(self, message: Locator) -> None:
        message.hover()
        message.get_by_role("button", name="Reply in thread").click()
        self.thread.wait_for()

    def read_thread(self, text: str) -> None:
        """Open the thread of a message with any number of replies."""
        replies = self.message(text).get_by_role(
            "button", name=re.compile(r"^\d+ replies")
        )
        replies.click()
        self.thread.wait_for()

    def choose_action(self, message: Locator, entry: str) -> None:
        """Choose from the message's menu."""
        message.hover()
        message.get_by_role("button", name="More message actions").click()
        self.page.get_by_role("dialog").get_by_role("button", name=entry).click()

    def travel(self, step: str) -> None:
        """Travel, and wait until the page shows the time of arrival.

        On the way the bot does its work of earlier times, and what a click starts
        there, such as a form, expires when the clock moves on.
        """
        self.page.get_by_role("button", name="travel in time").click()
        button = self.page.get_by_role("dialog").get_by_role("button", name=step)
        with self._newest_state() as newest:
            with self.page.expect_response("**/_/clock") as travel:
                button.click()
            arrival = travel.value.json()["now"]
            while newest().get("now", "") < arrival:
                self.page.wait_for_timeout(50)
        self.page.keyboard.press("Escape")

    def accessibility_problems(self, rule: str | None = None) -> list[str]:
        """Return the accessibility problems that axe finds, by all rules or one.

        If a modal is open, it looks at that alone: nothing else can be used.
        """
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rule is None:
            # A button's visible text is part of its name, for people who speak to it.
            options["rules"] = {"label-content-name-mismatch": {"enabled": True}}
        else:
            options["runOnly"] = [rule]
        violations = self.page.evaluate(
            """async options => {
                const modal = [...document.querySelectorAll("dialog:modal")].at(-1);
                return (await axe.run(modal ?? document, options)).violations;
            }""",
            options,
        )
        return [
            f"{violation['id']}: {node['html'][:200]}"
            for violation in violations
            for node in violation["nodes"]
        ]


OpenWindow = Callable[..., Window]


def start_bot(folder: Path, **more: str) -> tuple[subprocess.Popen[str], str]:
    """Start the program on free ports; return the process and the page's address.

    `more` are settings of the bot.
    """
    settings = {"PORT": "0", "SANDBOX_PORT": "0", **more}
    shutil.copy(_migrated_file(), folder / DATABASE)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "app.py", "sandbox"),
                *("--database", f"sqlite:///{folder / DATABASE}"),
                *("--time", SUNDAY),
            ],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    with ExitStack() as stack:
        stack.callback(stop_bot, process)
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                stack.pop_all()
                return process, found[0]
        raise AssertionError((folder / "log").read_text())


@cache
def _migrated_file() -> Path:
    """Migrate once, and not at each start."""
    file = Path(mkdtemp(prefix="backswing-")) / DATABASE
    database = engine.connect(f"sqlite:///{file}")
    schema.upgrade(database)
    database.close()
    atexit.register(shutil.rmtree, file.parent)
    return file


def begin_again(address: str) -> None:
    """Return to the end of the seeded story; at first, wait for it."""
    HTTP.post(f"{address}/_/reset", json={}).raise_for_status()


def stop_bot(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(TIMEOUT_SECONDS)
    if process.stdout:
        process.stdout.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium: install Debian's chromium-headless-shell")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=FLAGS)


@pytest.fixture(scope="session")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The program, which all tests use, since the story takes long; its address."""
    process, address = start_bot(tmp_path_factory.mktemp("bot"))
    yield address
    stop_bot(process)


@pytest.fixture
def address(bot: str) -> str:
    """A workspace at the end of the story, and the page's address."""
    begin_again(bot)
    return bot


@pytest.fixture(scope="session")
def pages() -> list[Page]:
    """The windows of earlier tests: to open a new one takes four times as long."""
    return []


@pytest.fixture
def window(browser: Browser, pages: list[Page], address: str) -> Iterator[OpenWindow]:
    """Return a function that opens windows, each with storage of its own."""
    used: list[Page] = []

    def open_window(
        name: str = "maya", place: str = "help-backend", *, width: int = 1280
    ) -> Window:
        if len(used) == len(pages):
            # In a context of its own, or it would be hidden behind the last one.
            pages.append(browser.new_context().new_page())
            pages[-1].set_default_timeout(TIMEOUT_SECONDS * 1000)
        page = pages[len(used)]
        used.append(page)
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(f"{address}/?{urlencode({'as': name, 'in': place})}")
        page.get_by_role("main").wait_for()
        return Window(page)

    yield open_window
    for page in used:
        # It neither loads nor shows anything more, in the same process.
        page.goto(f"{address}/static/licences.txt")
        page.mouse.move(0, 0)
