"""A member helps quietly, a week ends, and they decide who learns of it."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from playwright.sync_api import Error, expect

from tests.browser.conftest import OpenWindow, Window

pytestmark = pytest.mark.deep


def help_quietly(window: Window) -> None:
    """Diego's answers help Hana, in the story, and now Noor; Maya writes much."""
    for word in ("Morning!", "Coffee, anyone?", "Back in ten."):
        window.say(word)
        window.message(word).wait_for()
    window.act_as("noor")
    window.open_thread(window.message("nightly import"))
    reply = window.reply("It moved next to the code")
    reply.hover()
    reply.get_by_role("button", name="React with white_check_mark").click()
    expect(window.message("nightly import")).to_contain_text("Solved")


def travel_to_credit_offer(window: Window) -> None:
    """Travel past the next detection, and to the next working day where he lives."""
    window.act_as("maya")
    window.page.get_by_role("button", name="travel in time").click()
    clock = window.page.get_by_role("dialog")
    day = clock.get_by_label("A day, 09:00")
    later = date.fromisoformat(day.input_value()) + timedelta(days=6)
    day.fill(later.isoformat())
    # The clock shows the time before the bot has done its work of all days.
    with window.page.expect_response("**/_/clock"):
        clock.get_by_role("button", name="Go").click()
    expect(clock.get_by_role("status")).to_contain_text("09:00")
    window.page.keyboard.press("Escape")


def receive_credit_offer(window: Window) -> Window:
    help_quietly(window)
    travel_to_credit_offer(window)
    window.act_as("diego")
    window.open_direct_messages()
    expect(window.message("2 of your answers helped 2 people")).to_be_visible()
    return window


def home(window: Window) -> None:
    window.page.get_by_role("tab", name="Home").click()
    expect(window.page.get_by_role("tabpanel")).to_contain_text("What you did")


def press_at_home(window: Window, button: str, then: str) -> None:
    """Press a button; once more if the tab was updated just under the pointer."""
    panel = window.page.get_by_role("tabpanel")
    pressed = panel.get_by_role("button", name=button)
    expect(pressed).to_be_visible()
    while pressed.count():
        with suppress(Error, AssertionError):
            pressed.click(timeout=2_000)
            expect(pressed).to_have_count(0, timeout=2_000)
    expect(panel).to_contain_text(then)


def test_yes_is_posted_in_the_channel_and_can_be_thanked_for(window: OpenWindow):
    diego = receive_credit_offer(window())
    diego.page.get_by_role("button", name="Yes, tell them").click()
    expect(diego.message("Done: I posted it")).to_be_visible()
    diego.act_as("noor")
    # He has helped as many there as in the other channel, and more recently.
    diego.open_channel("help-frontend")
    post = diego.message("quietly helped here")
    expect(post).to_contain_text("Thank you, Diego Alvarez!")
    post.get_by_role("button", name="Say thanks").click()
    expect(diego.modal).to_contain_text("Diego Alvarez")
    diego.page.keyboard.press("Escape")
    diego.act_as("diego")
    diego.rail.get_by_role("button", name="Backswing").click()
    home(diego)
    press_at_home(diego, "Take back", then="Kept between us")
    diego.open_channel("help-frontend")
    expect(diego.message("This thank-you was taken back")).to_be_visible()


@pytest.mark.exhaustive
def test_just_between_us_stays_private_until_the_member_changes_it(window: OpenWindow):
    diego = receive_credit_offer(window())
    diego.page.get_by_role("button", name="Just between us").click()
    expect(diego.message("This stays between us")).to_be_visible()
    home(diego)
    expect(diego.page.get_by_role("tabpanel")).to_contain_text("Kept between us")
    press_at_home(diego, "Yes, tell them", then="I posted it in #help")


@pytest.mark.exhaustive
def test_not_again_is_final(window: OpenWindow):
    diego = receive_credit_offer(window())
    diego.page.get_by_role("button", name="Not again").click()
    expect(diego.message("I won't do this again")).to_be_visible()
    home(diego)
    expect(diego.page.get_by_role("tabpanel")).to_contain_text("never to be named")
