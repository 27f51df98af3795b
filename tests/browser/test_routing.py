"""An ask of Friday afternoon that nobody answers, and two peers asked on Monday."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow, Window

pytestmark = pytest.mark.deep

QUESTION = "Which of our dashboards shows the queue of the mailer?"
OTHER = "test code that depends on daylight saving"
REQUEST = "Maya Lindqvist asks in #help-backend"


def turn_on(aino: Window) -> None:
    aino.say("/backswing")
    choice = aino.modal.get_by_role("radiogroup", name="Ask people who may know")
    choice.get_by_role("radio", name="Yes", exact=True).check()
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_be_hidden()


def answer(window: Window, title: str, text: str) -> None:
    window.open_thread(window.message(title))
    window.answer(text)
    expect(window.reply(text)).to_be_visible()


def go_to_friday(window: Window) -> None:
    """Travel to Friday at 16:00."""
    window.travel("Next Monday, 09:00")
    for step in 4 * ["+1 day"] + 7 * ["+1 hour"]:
        window.travel(step)


def go_to_monday(window: Window) -> None:
    """Travel to Monday at 12:01; four working hours pass since Friday at 16:00."""
    window.travel("Next Monday, 09:00")
    for step in 3 * ["+1 hour"] + ["+1 minute"]:
        window.travel(step)


def test_two_are_asked_on_monday_and_one_answers(window: OpenWindow) -> None:
    aino, lars, maya = window("aino"), window("lars"), window("maya")
    # Now Aino takes part, and nothing else waits for an answer.
    answer(aino, OTHER, "Freeze the clock, and jump over both changes.")
    turn_on(aino)
    go_to_friday(maya)
    maya.say(f"/ask {QUESTION}")
    expect(maya.message(QUESTION)).to_contain_text("Asked by Maya Lindqvist")
    maya.choose_action(maya.message(QUESTION), "Ask options")
    expect(maya.modal).to_contain_text("Peers who may know")
    assert maya.accessibility_problems() == []
    maya.page.keyboard.press("Escape")

    go_to_monday(maya)
    for each in (lars, aino):
        each.open_direct_messages()
        request = each.message(REQUEST)
        expect(request).to_contain_text("Nobody learns whom I asked")
        expect(request.get_by_role("button", name="Never ask me")).to_be_visible()
        assert each.accessibility_problems() == []
    maya.open_direct_messages()
    expect(maya.message(QUESTION)).to_contain_text("I asked two people who may know.")
    aino.page.get_by_role("tab", name="Home").click()
    home = aino.page.get_by_role("tabpanel")
    expect(home).to_contain_text("Waiting for you")
    expect(home).to_contain_text(REQUEST)

    aino.open_channel("help-backend")
    answer(aino, QUESTION, "The one called post office.")
    expect(lars.message("Answered meanwhile, thank you")).to_be_visible()
    expect(lars.page.get_by_role("main").get_by_text(REQUEST)).to_have_count(0)
    aino.open_direct_messages()
    expect(aino.message("Thank you for looking")).to_be_visible()


def test_an_asker_has_people_asked_from_their_home_tab(window: OpenWindow) -> None:
    aino, maya = window("aino"), window("maya")
    answer(aino, OTHER, "Freeze the clock, and jump over both changes.")
    turn_on(aino)
    # All of them are at work.
    maya.travel("Next Monday, 09:00")
    for step in 3 * ["+1 hour"]:
        maya.travel(step)
    maya.say(f"/ask {QUESTION}")
    expect(maya.message(QUESTION)).to_contain_text("Asked by Maya Lindqvist")
    home = maya.open_home()
    now = home.get_by_role("button", name=f"Ask someone now: “{QUESTION[:40]}")
    expect(now).to_be_visible()
    assert maya.accessibility_problems() == []
    now.click()
    expect(home).to_contain_text("I asked two people who may know.")
    expect(now).to_have_count(0)
    aino.open_direct_messages()
    expect(aino.message(REQUEST)).to_be_visible()


def test_members_choose_how_often_they_are_asked(window: OpenWindow) -> None:
    lars = window("lars")
    lars.say("/backswing me")
    expect(lars.modal).to_contain_text("Asked for help")
    lars.modal.get_by_role("radio", name="At most 2 times a week").check()
    lars.modal.get_by_role("textbox", name="Channels I'm not asked from").fill(
        "nowhere"
    )
    lars.modal.get_by_role("button", name="Save").click()
    expect(lars.modal).to_contain_text("I don't know #nowhere.")
    assert lars.accessibility_problems() == []
    channels = lars.modal.get_by_role("textbox", name="Channels I'm not asked from")
    channels.fill("#help-backend")
    lars.modal.get_by_role("button", name="Save").click()
    expect(lars.modal).to_be_hidden()
    lars.say("/backswing me")
    expect(channels).to_have_value("help-backend")
