"""A newcomer gets a buddy who came some months before."""

import calendar
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window
from tests.browser.test_programs import COMMITMENT, confirm

pytestmark = pytest.mark.deep

INTRODUCTION = "Why you two: "


def turn_on(aino: Window) -> None:
    """Begin with two people."""
    aino.say("/backswing workspace")
    choice = aino.modal.get_by_role("radiogroup", name="Buddies", exact=True)
    choice.get_by_role("radio", name="On", exact=True).check()
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_be_hidden()


def join(window: Window, *, knows: str = "", wants: str = "") -> None:
    home = window.open_home()
    home.get_by_role("button", name="Page: Program").click()
    expect(home).to_contain_text("Programs you could join")
    home.get_by_role("button", name="Join").click()
    window.modal.get_by_role("textbox", name="Topics I know").fill(knows)
    window.modal.get_by_role("textbox", name="Topics I want to learn").fill(wants)
    window.modal.get_by_role("checkbox", name=COMMITMENT).check()
    window.modal.get_by_role("button", name="Join").click()
    window.modal.get_by_role("button", name="OK").click()


def people_page(window: Window) -> Locator:
    home = window.open_home()
    home.get_by_role("button", name="Page: People").click()
    expect(home).to_contain_text("Buddies")
    return home


def begin(tomas: Window, noor: Window) -> None:
    """Let someone who came first in the story be the buddy of one who came last."""
    join(tomas, knows="postgres")
    travel_to_weekday(tomas, 83)
    home = people_page(tomas)
    home.get_by_role("button", name="I'd be a buddy").click()
    expect(home).to_contain_text("You'd be a buddy.")
    join(noor, wants="postgres")
    for _ in range(2):
        noor.travel("+1 hour")
    noor.open_direct_messages()
    question = noor.message("Would a buddy help?")
    question.get_by_role("button", name="Find me a buddy").click()
    expect(noor.message("I'm looking for a buddy")).to_be_visible()
    noor.travel("+1 hour")
    tomas.open_direct_messages()
    question = tomas.message("is new here and would like a buddy")
    expect(question).to_contain_text("Noor wants to learn postgres; you know")
    assert tomas.accessibility_problems() == []
    question.get_by_role("button", name="Yes", exact=True).click()
    expect(tomas.message("You're Noor's buddy")).to_be_visible()
    noor.message(INTRODUCTION).wait_for()


def travel_to_weekday(window: Window, days: int) -> None:
    """Travel to 9 o'clock of a weekday that is at least so many days later."""
    window.page.get_by_role("button", name="travel in time").click()
    dialog = window.page.get_by_role("dialog")
    field = dialog.get_by_label("A day, 09:00")
    day = date.fromisoformat(field.input_value()) + timedelta(days=days)
    while day.weekday() > calendar.FRIDAY:
        day += timedelta(days=1)
    field.fill(day.isoformat())
    with window.page.expect_response("**/_/clock", timeout=300_000):
        dialog.get_by_role("button", name="Go").click()
    window.page.keyboard.press("Escape")


def test_a_newcomer_gets_a_buddy(window: OpenWindow) -> None:
    turn_on(window("aino", "help-backend"))
    tomas, noor = window("tomas"), window("noor")
    begin(tomas, noor)
    assert noor.accessibility_problems() == []
    home = people_page(noor)
    expect(home).to_contain_text("is your buddy until")
    assert noor.accessibility_problems() == []
    travel_to_weekday(noor, 8)
    noor.travel("+1 hour")
    noor.open_direct_messages()
    week = noor.message("Week 2 with ")
    expect(week).to_contain_text("You have asked already.")
    week.get_by_role("button", name="Ask again").click()
    expect(noor.modal).to_contain_text("Ask")
    noor.modal.get_by_role("button", name="Close").click()
    expect(noor.modal).to_be_hidden()
    week.get_by_role("button", name="End it").click()
    confirm(noor, "End it")
    expect(noor.message("learns only that")).to_be_visible()
    noor.travel("+1 hour")
    tomas.open_direct_messages()
    expect(tomas.message("as buddies has ended")).to_be_visible()
    assert tomas.accessibility_problems() == []
