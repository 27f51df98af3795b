"""Take the pictures of the docs, as `python -m tests.browser.screenshots [NAME …]`."""

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import test_anonymity as anonymity
from tests.browser import test_buddies as buddies
from tests.browser import test_exchange as exchanges
from tests.browser import test_pairs as pairs
from tests.browser.conftest import (
    DATABASE,
    FLAGS,
    ROOT,
    Window,
    begin_again,
    chromium,
    start_bot,
    stop_bot,
)
from tests.browser.test_checkins import (
    BLOCKER,
    HINT,
    ask_peers,
    close,
    plan,
    post_round,
    set_up,
    settings,
    share_all,
)
from tests.browser.test_circles import agree, form_circle
from tests.browser.test_circles import close as close_page
from tests.browser.test_mentors import receive_credit_offer
from tests.browser.test_programs import fill_in as fill_in_program
from tests.browser.test_programs import join, open_programs
from tests.browser.test_routing import (
    OTHER,
    REQUEST,
    answer,
    go_to_friday,
    go_to_monday,
    turn_on,
)
from tests.browser.test_worklist import (
    become_champion,
    open_program_page,
)
from tests.browser.test_worklist import go_to_monday as go_to_champions_monday

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1280, "height": 800}

# Tables as a spreadsheet shows them.
SHEET = """
body { font: 15px Lato, sans-serif; margin: 24px; color: #1d1c1d }
h2 { font-size: 17px; margin: 20px 0 8px }
table { border-collapse: collapse }
td { border: 1px solid #ccc; padding: 5px 9px; max-width: 8.5rem; white-space: nowrap;
     overflow: hidden; text-overflow: ellipsis }
tr:first-child { background: #f0f0f0; font-weight: bold }
"""


@dataclass
class Camera(Window):
    # The bot's, with its database.
    folder: Path


def take_screenshot(window: Window, name: str) -> None:
    page, file = window.page, PICTURES / f"{name}.png"
    # Nothing is hovered, and the last change has been rendered.
    page.mouse.move(640, 5)
    page.wait_for_timeout(400)
    hidden = hidden_height(window)
    if not hidden:
        page.screenshot(path=file)
        return
    # Only the form, but all of it.
    page.set_viewport_size({"width": SIZE["width"], "height": SIZE["height"] + hidden})
    page.wait_for_timeout(400)
    window.modal.screenshot(path=file)


def hidden_height(window: Window) -> int:
    """Return how far an open form can be scrolled."""
    if not window.modal.is_visible():
        return 0
    body = window.modal.locator(".body")
    return int(body.evaluate("body => body.scrollHeight - body.clientHeight"))


def channel(window: Window) -> None:
    window.read_thread("retry storm")
    window.reply("Full jitter did it").wait_for()
    window.message("retry storm").evaluate("ask => ask.scrollIntoView()")


def suggestion(window: Window) -> None:
    window.say("/ask The build machine is full, how do I clear its disk?")
    window.message("Perhaps already solved").wait_for()


def suggestion_dark(window: Window) -> None:
    """Of another ask, for asks as alike as two of one would hide what solved them."""
    window.say("/ask The payments service is back up: how do I stop the retry storm?")
    window.message("Perhaps already solved").wait_for()


def find(window: Window) -> None:
    window.say("/find docker disk full")
    window.message("What helped with").wait_for()


def form(window: Window) -> None:
    window.say("/ask")
    question = window.modal.get_by_role("textbox", name="Question")
    question.fill("How do I see which lock a migration waits for?")
    details = window.modal.get_by_role("textbox", name="Details")
    details.fill(
        "It hangs for minutes and then times out. I looked at the slow query log,"
        " but a query that waits does not show up there."
    )
    topics = window.modal.get_by_role("textbox", name="Topics")
    topics.fill("postgres, migrations")


def kudos(window: Window) -> None:
    window.say(
        "/kudos @zoe @lars for the answers on retry storms: our graph is flat since,"
        " and nobody was woken up #oncall"
    )
    for name in ("Priya Raman", "Noor Haddad"):
        window.act_as(name)
        posted = window.message("our graph is flat")
        posted.hover()
        posted.get_by_role("button", name="React with raised_hands").click()
    expect(posted).to_contain_text("and 2 others")
    window.act_as("Maya Lindqvist")
    window.message("You can thank 3 more people today").wait_for()


def home(window: Window) -> None:
    window.act_as("priya")
    window.say("/kudos @zoe for the idea of full jitter, our retries are quiet since")
    window.message("full jitter, our retries").wait_for()
    window.act_as("zoe")
    window.rail.get_by_role("button", name="Backswing").click()
    window.page.get_by_role("tab", name="Home").click()
    panel = window.page.get_by_role("tabpanel")
    panel.get_by_role("button", name="My settings").first.click()
    topics = window.modal.get_by_role("textbox", name="Topics I know")
    topics.fill("retries, test, postgres")
    window.modal.get_by_role("button", name="Save").click()
    expect(panel).to_contain_text("in your topics")
    expect(panel).to_contain_text("our retries are quiet")


def introduction(window: Window) -> None:
    window.act_as("Aino Virtanen")
    window.open_direct_messages()
    expect(window.message("May I introduce myself there?")).to_be_visible()


def mentor(window: Window) -> None:
    receive_credit_offer(window)


def post(window: Window) -> None:
    window.act_as("diego")
    window.open_direct_messages()
    window.page.get_by_role("button", name="Yes, tell them").click()
    expect(window.message("Done: I posted it")).to_be_visible()
    window.act_as("maya")
    window.open_channel("help-frontend")
    expect(window.message("quietly helped here")).to_be_visible()


def my_settings(window: Window) -> None:
    window.act_as("zoe")
    window.say("/backswing me")
    window.modal.get_by_role("textbox", name="Topics I know").wait_for()


def forget_me(window: Window) -> None:
    window.act_as("priya")
    window.say("/backswing forget me")
    expect(window.modal).to_contain_text("When you press Forget me")


def channel_settings(window: Window) -> None:
    settings(window)


def workspace_settings(window: Window) -> None:
    window.act_as("aino")
    window.say("/backswing workspace")
    window.modal.get_by_role("button", name="Save").wait_for()


def checkin_share(window: Window) -> None:
    set_up(window)
    post_round(window)
    window.act_as("lars")
    window.message(HINT).get_by_role("button", name="Share").click()
    for word, text in (("working", "Upgrading PostgreSQL"), ("stuck", BLOCKER)):
        window.modal.get_by_role("textbox", name=word).fill(text)


def checkin_digest(window: Window) -> None:
    share_all(window)
    ask_peers(window)
    window.act_as("maya")
    expect(close(window)).to_contain_text("nightly import")


def join_program(window: Window) -> None:
    window.act_as("zoe")
    join(window, open_programs(window))


def request(window: Window) -> None:
    window.act_as("aino")
    window.open_channel("help-backend")
    answer(window, OTHER, "Freeze the clock, and jump over both changes.")
    turn_on(window)
    go_to_friday(window)
    window.act_as("maya")
    question = "The build machine is full again, where do I clear its disk?"
    window.say(f"/ask {question}")
    window.message(question).wait_for()
    go_to_monday(window)
    window.act_as("lars")
    window.open_direct_messages()
    window.message(REQUEST).wait_for()


def champions(window: Window) -> None:
    window.act_as("aino")
    window.open_channel("help-backend")
    become_champion(window)
    window.act_as("maya")
    go_to_champions_monday(window)
    window.act_as("aino")
    open_program_page(window)


def peer_coffee(window: Window) -> None:
    window.act_as("aino")
    window.open_channel("help-backend")
    pairs.turn_on(window)
    pairs.take_part(window, knows="postgres", wants="retries")
    window.act_as("maya")
    pairs.take_part(window, knows="retries", wants="postgres")
    pairs.go_to_tuesday(window)
    window.open_channel(pairs.GROUP)
    window.message(pairs.INTRODUCTION).wait_for()


def exchange(window: Window) -> None:
    """Show the page of an agreement that both have written."""
    browser = window.page.context.browser
    assert browser is not None
    other = browser.new_page(viewport={"width": 1280, "height": 800})
    other.set_default_timeout(90_000)
    other.goto(window.page.url.replace("as=maya", "as=aino"))
    exchanges.begin(Window(other), window)
    other.close()


def buddy(window: Window) -> None:
    """Show the message that introduces a newcomer to their buddy."""
    browser = window.page.context.browser
    assert browser is not None
    window.act_as("aino")
    window.open_channel("help-backend")
    buddies.turn_on(window)
    window.act_as("noor")
    other = browser.new_page(viewport={"width": 1280, "height": 800})
    other.set_default_timeout(90_000)
    other.goto(window.page.url.replace("as=noor", "as=tomas"))
    buddies.begin(Window(other), window)
    other.close()


def circle(window: Window) -> None:
    form_circle(window)
    for name in ("maya", "noor"):
        window.act_as(name)
        agree(window)
        if name == "maya":
            close_page(window)


def circle_conversation(window: Window) -> None:
    circle(window)
    close_page(window)


def anonymous_preview(window: Window) -> None:
    window.act_as("priya")
    window.open_channel("help-backend")
    anonymity.fill_in(window)


def anonymous_channel(window: Window) -> None:
    anonymous_preview(window)
    anonymity.post(window)
    window.travel("+1 hour")
    window.act_as("lars")
    window.open_channel("help-backend")
    anonymity.answer(window)


def anonymous_ask(window: Window) -> None:
    window.act_as("priya")
    modal = anonymity.open_own_ask(window)
    anonymity.reply_as_the_asker(window, "I did, and they thanked us for it.")
    modal.get_by_role("button", name="This solved it").click()
    expect(modal.get_by_role("button", name="It didn't solve it")).to_be_visible()


def anonymous_review(window: Window) -> None:
    window.act_as("tomas")
    window.open_channel("help-backend")
    window.say("/backswing")
    choice = window.modal.get_by_role("radiogroup", name="Take asks without a name")
    choice.get_by_role("radio", name="after a champion has read them").check()
    window.modal.get_by_role("button", name="Save").click()
    expect(window.modal).to_be_hidden()
    go_to_monday(window)
    window.act_as("priya")
    anonymity.fill_in(window)
    window.modal.get_by_role("button", name="Post").click()
    window.modal.get_by_role("button", name="OK").click()
    expect(window.modal).to_be_hidden()
    window.travel("+1 hour")
    window.act_as("tomas")
    window.open_direct_messages()
    asked = window.message("Can this be posted without a name")
    expect(asked).to_contain_text(anonymity.QUESTION)


def export(camera: Camera) -> None:
    tables = camera.folder / "tables"
    subprocess.run(
        [sys.executable, "app.py", "export", str(tables)],
        check=True,
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": f"sqlite:///{camera.folder / DATABASE}"},
    )
    page = f"<style>{SHEET}</style>"
    for name in ("people.csv", "asks.csv"):
        with (tables / name).open(encoding="utf-8-sig", newline="") as file:
            rows = [
                "".join(f"<td>{escape(cell)}</td>" for cell in row)
                for row in csv.reader(file)
            ]
        page += f"<h2>{name}</h2><table><tr>{'<tr>'.join(rows)}</table>"
    camera.page.set_viewport_size({"width": SIZE["width"], "height": 640})
    camera.page.set_content(page)


# The order matters: time goes on in the workspace that they share.
STEPS: Mapping[str, Callable[[Camera], None]] = {
    "channel": channel,
    "channel-dark": channel,
    "suggestion": suggestion,
    "suggestion-dark": suggestion_dark,
    "find": find,
    "ask": form,
    "kudos": kudos,
    "home": home,
    "introduction": introduction,
    "mentor": mentor,
    "mentor-post": post,
    "my-settings": my_settings,
    "forget-me": forget_me,
    "channel-settings": channel_settings,
    "workspace-settings": workspace_settings,
    "checkin-plan": plan,
    "checkin-share": checkin_share,
    "checkin-digest": checkin_digest,
    "program": fill_in_program,
    "program-join": join_program,
    "request": request,
    "champions": champions,
    "peer-coffee": peer_coffee,
    "exchange": exchange,
    "buddies": buddy,
    "circle": circle,
    "circle-conversation": circle_conversation,
    "export": export,
    "anonymous-preview": anonymous_preview,
    "anonymous-channel": anonymous_channel,
    "anonymous-ask": anonymous_ask,
    "anonymous-review": anonymous_review,
}
GOES_ON_FROM = {
    "mentor-post": "mentor",
    "checkin-digest": "checkin-share",
    "anonymous-ask": "anonymous-channel",
}
# In a workspace of their own, where nothing else waits for an answer.
ALONE = {
    *("request", "champions", "circle", "peer-coffee", "exchange"),
    "circle-conversation",
    "buddies",
    "anonymous-review",
}


def main(names: Collection[str]) -> None:
    """Take the pictures with these names, and those they depend on; or all."""
    wanted = {*names, *(GOES_ON_FROM.get(name, name) for name in names)} or {*STEPS}
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        process, address = start_bot(Path(folder))
        try:
            for group in (wanted - ALONE, *({name} for name in wanted & ALONE)):
                begin_again(address)
                take(browser, address, Path(folder), group)
        finally:
            stop_bot(process)
        browser.close()


def take(browser: Browser, address: str, folder: Path, names: Collection[str]) -> None:
    """Take the pictures with these names in the same workspace."""
    for name, steps in STEPS.items():
        if name not in names:
            continue
        page = browser.new_page(
            viewport={"width": SIZE["width"], "height": SIZE["height"]},
            color_scheme="dark" if name.endswith("-dark") else "light",
        )
        page.set_default_timeout(90_000)
        page.goto(f"{address}/?as=maya&in=help-backend")
        camera = Camera(page, folder)
        steps(camera)
        take_screenshot(camera, name)
        # A form stays open for its person, in the next window, too.
        if camera.modal.is_visible():
            camera.modal.get_by_role("button", name="Close").first.click()
            expect(camera.modal).to_be_hidden()
        page.close()


if __name__ == "__main__":
    main(sys.argv[1:])
