"""Make the README's pictures, as `python -m tests.browser.screenshots`."""

import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import FLAGS, ROOT, Window, begin, chromium, end

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1280, "height": 800}


def take(page: Page, name: str) -> None:
    # Nothing is hovered, and the last change has been drawn.
    page.mouse.move(640, 5)
    page.wait_for_timeout(400)
    page.screenshot(path=PICTURES / f"{name}.png")


def channel(window: Window) -> None:
    window.page.get_by_role("log").evaluate("log => log.scrollTop = 0")
    window.message("retry storm").get_by_role("button", name="3 replies").click()
    window.reply("Full jitter did it").wait_for()


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


def home(window: Window) -> None:
    window.rail.get_by_role("button", name="Backswing").click()
    window.page.get_by_role("tab", name="Home").click()
    expect(window.page.get_by_role("tabpanel")).to_contain_text("daylight saving")


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        process, address = begin(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            for name, steps, scheme in (
                ("channel", channel, "light"),
                ("channel-dark", channel, "dark"),
                ("ask", form, "light"),
                ("home", home, "light"),
            ):
                page = browser.new_page(
                    viewport={"width": SIZE["width"], "height": SIZE["height"]},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                page.goto(f"{address}/?as=maya&in=help-backend")
                steps(Window(page))
                take(page, name)
                page.close()
        finally:
            browser.close()
            end(process)


if __name__ == "__main__":
    main()
