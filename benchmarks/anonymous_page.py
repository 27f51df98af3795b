"""The sandbox in a browser, where people of an export ask without their names."""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from benchmarks.anonymous_asks import AUTHORS, NAMED, ReplayedAsk, typed
from bot.slack.text import to_plain, truncate
from tests.browser.conftest import (
    FLAGS,
    TIMEOUT_SECONDS,
    Window,
    chromium,
    start_bot,
    stop_bot,
)

CHANNEL = "help-backend"
ADDED = ("hana", "noor")
MAX_REPLIES, MAX_REPLY = 2, 500
PRESSES = 3
HINTS = "Your words may give you away:"
THANKS = "Someone you helped thanks you privately"
CREDIT = "Your answer"
_REPLIES = re.compile(r"^\d+ repl")


class SandboxPage:
    """The sandbox's page, seen by one person after the other."""

    def __init__(self, page: Page, address: str, folder: Path) -> None:
        self.page, self.address, self.folder = page, address, folder
        self.window = Window(page)
        people = httpx.get(f"{address}/_/state").json()["people"]
        self.people: dict[str, dict[str, Any]] = {each["name"]: each for each in people}

    def see(self, name: str, place: str = CHANNEL) -> Window:
        self.page.goto(f"{self.address}/?as={name}&in={place}")
        self.page.get_by_role("main").wait_for()
        self.page.get_by_role("heading", name=place).wait_for()
        return self.window

    def names(self, name: str) -> list[str]:
        """Return what would give a person away."""
        person = self.people[name]
        return [person["id"], name, *person["real_name"].split()]

    def picture(self, name: str) -> None:
        self.page.screenshot(path=self.folder / f"{name}.png")

    def add_people(self) -> None:
        state = httpx.get(f"{self.address}/_/state").json()
        [channel] = [each for each in state["channels"] if each["name"] == CHANNEL]
        for name in ADDED:
            action = {"as": self.people[name]["id"], "do": "join"}
            action["channel"] = channel["id"]
            httpx.post(f"{self.address}/_/act", json=action).raise_for_status()

    # The parts of a life

    def ask(self, ask: ReplayedAsk) -> None:
        window = self.see(ask.author)
        window.say("/ask")
        modal = window.modal
        preview = modal.get_by_text("This is how it will look")
        for _ in range(4):
            modal.get_by_role("textbox", name="Question").fill(ask.title)
            modal.get_by_role("textbox", name="Details").fill(ask.details)
            box = modal.get_by_role("checkbox", name="Ask without my name")
            box.check()
            modal.get_by_role("button", name="Ask", exact=True).click()
            error = modal.locator("p.error").first
            expect(preview.or_(error).first).to_be_visible()
            if preview.is_visible():
                break
            self._edit(ask, error.inner_text())
        text = modal.inner_text()
        ask.hints = text.partition(HINTS)[2].count("•")
        if ask.hints or not (self.folder / "preview.png").exists():
            self.picture("preview")
        modal.get_by_role("button", name="Post").click()
        expect(modal).to_contain_text("It comes within")
        modal.get_by_role("button", name="OK").click()
        expect(modal).to_be_hidden()

    def _edit(self, ask: ReplayedAsk, error: str) -> None:
        """Leave out what the bot refused, as its author would."""
        ask.refused.append(error)
        if "names of people" in error:
            ask.title = NAMED.sub("", ask.title)
            ask.details = NAMED.sub("", ask.details)
        elif "shorten the details" in error:
            ask.details = truncate(ask.details, 1900)
        else:
            raise AssertionError(error)

    def answer(self, ask: ReplayedAsk) -> None:
        replies = ask.thread.replies[:MAX_REPLIES]
        for number, reply in enumerate(replies):
            who = ask.roles[reply.by]
            text = typed(reply.text, ask.roles)
            # Nobody can name the author.
            text = re.sub(rf"@{ask.author}\b[:,]?\s?", "", text)
            text = truncate(to_plain(text), MAX_REPLY).strip() or "Yes."
            window = self.see(who)
            message = window.message(ask.key)
            expect(message).to_contain_text("Asked by someone")
            ask.is_posted = True
            if number:
                message.get_by_role("button", name=_REPLIES).click()
                window.thread.wait_for()
            else:
                window.open_thread(message)
            messages = window.thread.get_by_role("article")
            # The ask and the replies before have loaded.
            messages.nth(number).wait_for()
            count = messages.count()
            window.answer(text)
            messages.nth(count).wait_for()
            ask.helpers.append(who)
        best = max(range(len(replies)), key=lambda n: replies[n].reactions)
        ask.solver = ask.helpers[best]

    def open_own(self, ask: ReplayedAsk) -> Locator:
        window = self.see(ask.author)
        home = window.open_home()
        row = home.locator(".blocks > *").filter(has_text=ask.key)
        for _ in range(PRESSES):
            row.get_by_role("button", name="Open: ").click()
            # A press on a tab that is just drawn anew has no effect.
            with suppress(PlaywrightTimeoutError):
                window.modal.get_by_text(ask.key).first.wait_for(timeout=15_000)
                break
        expect(window.modal).to_contain_text(ask.key)
        return window.modal

    def mark(self, ask: ReplayedAsk) -> None:
        modal = self.open_own(ask)
        name = self.people[ask.solver]["real_name"]
        modal.get_by_role("button", name=f"This solved it: by {name}").first.click()
        undo = modal.get_by_role("button", name=f"It didn't solve it: by {name}")
        expect(undo.first).to_be_visible()
        ask.is_marked = True
        modal.get_by_role("button", name="Thank without my name").click()
        modal.get_by_role("checkbox", name=name).check()
        modal.get_by_role("textbox", name="What for?").fill("It helped me, thank you")
        modal.get_by_role("button", name="Thank", exact=True).click()
        modal.get_by_role("button", name="Done").wait_for()
        thank = modal.get_by_role("button", name="Thank without my name")
        expect(thank).to_have_count(0)
        ask.is_thanked = True
        self.picture("own-ask")
        modal.get_by_role("button", name="Done").click()

    def travel_to(self, day: date) -> None:
        self.page.get_by_role("button", name="travel in time").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("A day, 09:00").fill(day.isoformat())
        with self.page.expect_response("**/_/clock", timeout=900_000) as travel:
            dialog.get_by_role("button", name="Go").click()
        assert travel.value.ok, travel.value.text()
        self.page.keyboard.press("Escape")

    @property
    def now(self) -> datetime:
        state = httpx.get(f"{self.address}/_/state").json()
        return datetime.fromisoformat(state["now"])

    # What people see

    def pages(
        self, viewer: str, asks: Sequence[ReplayedAsk]
    ) -> Iterator[tuple[ReplayedAsk, str]]:
        """Yield the HTML of what a person sees of others' asks, part by part."""
        others = [ask for ask in asks if ask.author != viewer]
        window = self.see(viewer)
        for ask in others:
            message = window.message(ask.key)
            message.wait_for()
            yield ask, _html(message)[0]
            message.get_by_role("button", name=_REPLIES).first.click()
            expect(window.thread).to_contain_text(ask.key)
            for html in _html(window.thread.get_by_role("article")):
                yield ask, html
        for html in (*self._direct(viewer), *self._home(viewer)):
            for ask in others:
                if ask.key in html:
                    yield ask, html

    def rendered_asks(self, asks: Sequence[ReplayedAsk]) -> list[str]:
        """Return what other people read of the asks in the channel."""
        texts = []
        for viewer in AUTHORS[:2]:
            window = self.see(viewer)
            for ask in asks:
                # The second one looks at those of the first.
                if (ask.author == AUTHORS[0]) is (viewer == AUTHORS[1]):
                    message = window.message(ask.key)
                    # Without Slack's line that says how long ago the replies were.
                    texts.append(message.locator(".blocks").inner_text())
        return texts

    def _direct(self, viewer: str) -> list[str]:
        self.see(viewer).open_direct_messages()
        messages = self.page.get_by_role("main").get_by_role("article")
        with suppress(PlaywrightTimeoutError):
            # There may be none.
            messages.first.wait_for(timeout=5_000)
        return _html(messages)

    def _home(self, viewer: str) -> list[str]:
        return _html(self.see(viewer).open_home().locator(".blocks > *"))

    def own_list(self, name: str) -> bool:
        """Return True if a person's Home tab lists asks without their name."""
        home = self.see(name).open_home()
        return "Your asks without your name" in home.inner_text()

    def credits(self, viewer: str) -> Counter[str]:
        texts = [re.sub(r"<[^>]*>", "", html) for html in self._direct(viewer)]
        return Counter(
            {
                "thanks": sum(THANKS in text for text in texts),
                "credits": sum(CREDIT in text and "omeone" in text for text in texts),
            }
        )


@contextmanager
def open_sandbox(folder: Path) -> Iterator[SandboxPage]:
    program = chromium()
    if program is None:
        sys.exit("There is no Chromium.")
    process, address = start_bot(folder)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(TIMEOUT_SECONDS * 1000)
            yield SandboxPage(page, address, folder)
            browser.close()
    finally:
        stop_bot(process)


def _html(parts: Locator) -> list[str]:
    found: list[str] = parts.evaluate_all("all => all.map(each => each.outerHTML)")
    return found
