"""What a champion reads on Monday, and on the page Program."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window

pytestmark = pytest.mark.deep

FIRST_ASK = "Priya Raman asked in #help-backend for the first time"
MONDAY = "You could do"


def become_champion(aino: Window) -> None:
    aino.say("/backswing")
    aino.modal.get_by_label("Champions").fill("Aino")
    aino.page.keyboard.press("Enter")
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_be_hidden()


def go_to_monday(window: Window) -> None:
    """Travel to Monday at 11, and through the days before it."""
    window.travel("+1 hour")
    window.travel("+1 day")
    window.travel("Next Monday, 09:00")
    for step in 2 * ["+1 hour"]:
        window.travel(step)


def open_program_page(window: Window) -> Locator:
    home = window.open_home()
    home.get_by_role("button", name="Program").click()
    expect(home).to_contain_text("What you could do this week")
    return home


def test_a_champion_reads_on_monday_what_they_could_do(window: OpenWindow) -> None:
    aino, maya = window("aino"), window("maya")
    become_champion(aino)
    go_to_monday(maya)
    aino.open_direct_messages()
    message = aino.message(MONDAY)
    expect(message).to_contain_text(FIRST_ASK)
    assert aino.accessibility_problems() == []
    home = open_program_page(aino)
    expect(home).to_contain_text(FIRST_ASK)
    home.get_by_role("button", name="How champions help").click()
    expect(aino.modal).to_contain_text("Say hello to people who are new")
    aino.page.keyboard.press("Escape")
    refuse = home.get_by_role("button", name="Not for me")
    before = refuse.count()
    refuse.last.click()
    expect(refuse).to_have_count(before - 1)
