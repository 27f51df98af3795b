"""Do real asks live a whole life without their author's name? Replay 30 in the browser.

    uv run --group dev python -m benchmarks.anonymous_replay EXPORT.zip
    uv run --group dev python -m benchmarks.anonymous_replay EXPORT.zip \
        --asks 30 --output FOLDER

Questions of the export that others answered are chosen by chance. In the sandbox, as
`uv run app.py` starts it, its people play the export's: one asks through the form, with
the checkbox and the preview; others reply in the thread; the author marks what solved
it on the Home tab, and thanks without a name; at last time travels to the cut. A typed
mention of a person is left out only if the bot refuses it.

Then all that each other person sees of an ask, its rows in the exports, and the log are
searched for the id and the names of its author. `--output` keeps the database, the log,
the exports and some screenshots. These quote people.
"""

import argparse
import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from bot.asks import capture_rules
from bot.asks.rules import form_values, from_message
from bot.config.settings import Settings
from bot.imports.entries import ExportMessage
from bot.imports.export import Export
from bot.slack.text import to_plain, truncate
from cli import export_tables
from tests.browser.conftest import (
    DATABASE,
    FLAGS,
    TIMEOUT_SECONDS,
    Window,
    chromium,
    start_bot,
    stop_bot,
)

PLACE = "help-backend"
AUTHORS = ["tomas", "maya", "aino", "priya", "diego", "lars", "zoe", "hana", "noor"]
ADDED = ("hana", "noor")
MAX_REPLIES, MAX_REPLY = 2, 500
CUT_AFTER_DAYS = 32
PRESSES = 3
HINTS = "Your words may give you away:"
THANKS = "Someone you helped thanks you privately"
CREDIT = "Your answer"
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")
_REPLIES = re.compile(r"^\d+ repl")
_NAMED = re.compile(r"@[\w.-]+\s?")


@dataclass(frozen=True, slots=True)
class Reply:
    by: str
    text: str
    reactions: int


@dataclass(frozen=True, slots=True)
class Thread:
    by: str
    text: str
    at: str
    replies: Sequence[Reply]


@dataclass(slots=True)
class Played:
    """An ask in the sandbox. `key` are words of its title, found on pages."""

    thread: Thread
    author: str
    cast: Mapping[str, str]
    title: str
    details: str
    key: str
    refused: list[str] = field(default_factory=list)
    hints: int = 0
    helpers: list[str] = field(default_factory=list)
    solver: str = ""
    is_posted: bool = False
    is_marked: bool = False
    is_thanked: bool = False


def threads(export: Export) -> list[Thread]:
    """Return the questions that another person has answered."""
    roots: dict[tuple[str, str], ExportMessage] = {}
    replies: dict[tuple[str, str], list[ExportMessage]] = {}
    for day in export.days(export.channels):
        for message in export.messages(day):
            if not message.user or message.subtype or message.bot_id:
                continue
            key = (day.channel.id, message.thread_ts or message.ts)
            if message.is_reply:
                replies.setdefault(key, []).append(message)
            elif capture_rules.should_capture(
                "questions",
                ts=message.ts,
                thread_ts=message.thread_ts,
                text=message.text,
            ):
                roots[key] = message
    return [
        Thread(root.user or "", root.text, root.ts, found)
        for key, root in roots.items()
        if (
            found := [
                Reply(each.user or "", each.text, len(each.reactions))
                for each in replies.get(key, ())
                if each.user != root.user and to_plain(each.text).strip()
            ]
        )
    ]


def choose(all_threads: Sequence[Thread], count: int) -> list[Thread]:
    """Choose by chance, of those that can be told apart on a page."""
    draw = random.Random(1)  # noqa: S311 - a draw, no secret
    shuffled = draw.sample(all_threads, len(all_threads))
    chosen: dict[str, Thread] = {}
    for thread in shuffled:
        key = _key(form_values(*from_message(thread.text))[0])
        if len(key) > 12 and not any(key in k or k in key for k in chosen):  # noqa: PLR2004
            chosen[key] = thread
        if len(chosen) == count:
            break
    return sorted(chosen.values(), key=lambda thread: float(thread.at))


def _key(title: str) -> str:
    """Return the longest part of a title that looks the same everywhere."""
    parts = re.findall(r"[A-Za-z][A-Za-z ]*[A-Za-z]", _NAMED.sub("|", title[:75]))
    return max(parts, key=len, default="")[:30].strip()


def cast(thread: Thread, author: str) -> Mapping[str, str]:
    """Return who plays whom; nobody else is played by the author."""
    others = [name for name in AUTHORS if name != author]
    start = AUTHORS.index(author)
    others = others[start:] + others[:start]
    people = [reply.by for reply in thread.replies] + _MENTION.findall(thread.text)
    people += [
        name for reply in thread.replies for name in _MENTION.findall(reply.text)
    ]
    rest = dict.fromkeys(person for person in people if person != thread.by)
    return {person: others[n % len(others)] for n, person in enumerate(rest)} | {
        thread.by: author
    }


def typed(text: str, people: Mapping[str, str]) -> str:
    """Return the mrkdwn with mentions as people type them."""
    return _MENTION.sub(lambda found: f"@{people[found[1]]}", text)


def prepare(thread: Thread, author: str) -> Played:
    people = cast(thread, author)
    title, details = form_values(*from_message(typed(thread.text, people)))
    return Played(thread, author, people, title, details, _key(title))


class Theatre:
    """The sandbox's page, seen by one person after the other."""

    def __init__(self, page: Page, address: str, folder: Path) -> None:
        self.page, self.address, self.folder = page, address, folder
        self.window = Window(page)
        people = httpx.get(f"{address}/_/state").json()["people"]
        self.people: dict[str, dict[str, Any]] = {each["name"]: each for each in people}

    def see(self, name: str, place: str = PLACE) -> Window:
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
        [channel] = [each for each in state["channels"] if each["name"] == PLACE]
        for name in ADDED:
            action = {"as": self.people[name]["id"], "do": "join"}
            action["channel"] = channel["id"]
            httpx.post(f"{self.address}/_/act", json=action).raise_for_status()

    # The parts of a life

    def ask(self, ask: Played) -> None:
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

    def _edit(self, ask: Played, error: str) -> None:
        """Leave out what the bot refused, as its author would."""
        ask.refused.append(error)
        if "names of people" in error:
            ask.title = _NAMED.sub("", ask.title)
            ask.details = _NAMED.sub("", ask.details)
        elif "shorten the details" in error:
            ask.details = truncate(ask.details, 1900)
        else:
            raise AssertionError(error)

    def answer(self, ask: Played) -> None:
        replies = ask.thread.replies[:MAX_REPLIES]
        for number, reply in enumerate(replies):
            who = ask.cast[reply.by]
            text = typed(reply.text, ask.cast)
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

    def open_own(self, ask: Played) -> Locator:
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

    def mark(self, ask: Played) -> None:
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
        self, viewer: str, asks: Sequence[Played]
    ) -> Iterator[tuple[Played, str]]:
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

    def looks(self, asks: Sequence[Played]) -> list[str]:
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


def find_names(html: str, names: Sequence[str]) -> list[str]:
    return [
        name
        for name in names
        if re.search(rf"\b{re.escape(name)}\b", html, re.IGNORECASE)
    ]


@contextmanager
def theatre(folder: Path) -> Iterator[Theatre]:
    program = chromium()
    if program is None:
        sys.exit("There is no Chromium.")
    process, address = start_bot(folder)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(TIMEOUT_SECONDS * 1000)
            yield Theatre(page, address, folder)
            browser.close()
    finally:
        stop_bot(process)


def exported(folder: Path, name: str) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of `app.py export`."""
    settings = Settings(_env_file=None, database_url=f"sqlite:///{folder / DATABASE}")
    target = folder / name
    export_tables.write(settings, argparse.Namespace(folder=target, format="json"))
    return {file.stem: json.loads(file.read_text()) for file in target.iterdir()}


def _html(parts: Locator) -> list[str]:
    found: list[str] = parts.evaluate_all("all => all.map(each => each.outerHTML)")
    return found


def play(stage: Theatre, asks: Sequence[Played]) -> None:
    """Play the lives of all asks, some each day."""
    window = stage.window
    for start in range(0, len(asks), len(AUTHORS)):
        of_day = asks[start : start + len(AUTHORS)]
        for ask in of_day:
            stage.ask(ask)
            _say(f"asked: {ask.author}")
        window.travel("+1 hour")
        for ask in of_day:
            stage.answer(ask)
        window.travel("+1 hour")
        for ask in of_day:
            stage.mark(ask)
        _say(f"marked: {start + len(of_day)}")
        window.travel("+1 day")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(slots=True)
class Found:
    """Names of authors: in pages, exports and the log, and what was searched."""

    parts: int = 0
    names: list[str] = field(default_factory=list)

    def search(self, where: str, text: str, names: Sequence[str]) -> None:
        self.parts += 1
        for name in find_names(text, names):
            self.names.append(f"{where}: {name}")


def search(
    stage: Theatre,
    asks: Sequence[Played],
    before: Any,
    viewers: Sequence[str] = (*AUTHORS, "gus"),
) -> dict[str, Found]:
    """Search for the authors in all that others have of their asks."""
    found = {name: Found() for name in ("pages", "exports", "log")}
    for viewer in viewers:
        for ask, html in stage.pages(viewer, asks):
            names = [*stage.names(ask.author)]
            found["pages"].search(f"{viewer} sees {ask.key!r}", html, names)
    after = exported(stage.folder, "export")
    for ask in asks:
        [row] = [row for row in after["asks"] if ask.key in row["title"]]
        names = stage.names(ask.author)
        found["exports"].search(ask.key, json.dumps(row), names)
    asked = {row["name"]: (row["asks"], row["kudos_given"]) for row in after["people"]}
    for row in before["people"]:
        found["exports"].parts += 1
        if asked[row["name"]] != (row["asks"], row["kudos_given"]):
            found["exports"].names.append(f"numbers of {row['name']}")
    everyone = [name for author in AUTHORS for name in stage.names(author)]
    for line in (stage.folder / "log").read_text().splitlines():
        found["log"].search("log", line, everyone)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", type=Path, metavar="EXPORT.zip")
    parser.add_argument("--asks", type=int, default=30, help="how many to replay")
    parser.add_argument("--output", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    with Export(args.export) as export:
        chosen = choose(threads(export), args.asks)
    asks = [
        prepare(thread, AUTHORS[number % len(AUTHORS)])
        for number, thread in enumerate(chosen)
    ]
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.output or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with theatre(folder) as stage:
            stage.add_people()
            before = exported(folder, "export-before")
            play(stage, asks)
            seen = stage.looks(asks)
            stage.picture("channel")
            credit = sum(
                (stage.credits(name) for name in (*AUTHORS, "gus")), Counter[str]()
            )
            listed = sum(map(stage.own_list, AUTHORS))
            found = search(stage, asks, before)
            stage.travel_to((stage.now + timedelta(days=CUT_AFTER_DAYS)).date())
            still = sum(map(stage.own_list, AUTHORS))
            after = stage.looks(asks)
            changed = sum(a != b for a, b in zip(seen, after, strict=True))
            later = search(stage, asks, before, viewers=AUTHORS[:2])
    lines = {
        "asks posted": sum(ask.is_posted for ask in asks),
        "refused first": sum(bool(ask.refused) for ask in asks),
        "asks with hints": sum(bool(ask.hints) for ask in asks),
        "hints shown": sum(ask.hints for ask in asks),
        "replies": sum(len(ask.helpers) for ask in asks),
        "marked as what solved it": sum(ask.is_marked for ask in asks),
        "thanked without a name": sum(ask.is_thanked for ask in asks),
        "thanks that helpers read": credit["thanks"],
        "credits that helpers read": credit["credits"],
        "authors whose Home tab lists their asks": listed,
        "the same after the cut": still,
        "asks that look different after the cut": changed,
    }
    for name, number in lines.items():
        print(f"{name:<42}{number:>6}")
    for when, result in (("", found), (" after the cut", later)):
        for name, each in result.items():
            text = f"names in {name}{when}"
            print(f"{text:<42}{len(each.names):>6}   searched: {each.parts}")
    for ask in asks:
        for refusal in ask.refused:
            print(f"  refused: {refusal}")
    if leaks := [*found.values(), *later.values()]:
        for each in leaks:
            for name in dict.fromkeys(each.names):
                print(f"  found: {name}")


if __name__ == "__main__":
    main()
