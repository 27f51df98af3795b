"""A season of circles up to the agreement, and a circle up to its first meeting."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window
from tests.browser.test_programs import COMMITMENT, confirm

pytestmark = pytest.mark.deep

# They have hours in common, from Helsinki to New York.
PEOPLE = ("aino", "maya", "noor", "tomas", "diego", "lars")
FOUR = ("maya", "noor", "tomas", "lars")
ACTION = "Ask my team what they need from me, as"
BRINGS = "How do I give feedback to people I don't manage?"


def join_peers(window: Window) -> None:
    """Join the workspace's own program."""
    window.open_channel("help-backend")
    window.say("/backswing program")
    window.modal.get_by_role("button", name="See Peers").click()
    window.modal.get_by_role("button", name="Join", exact=True).click()
    window.modal.get_by_role("checkbox", name=COMMITMENT).check()
    window.modal.get_by_role("button", name="Join", exact=True).click()
    expect(window.modal).to_contain_text("You're in Peers.")
    window.modal.get_by_role("button", name="OK").click()
    expect(window.modal).to_be_hidden()


def open_circles(window: Window) -> Locator:
    window.open_channel("help-backend")
    window.say("/backswing circles")
    expect(window.modal).to_contain_text("A circle is five to seven people")
    return window.modal


def close(window: Window) -> None:
    window.modal.get_by_role("button", name=re.compile("^(Close|OK)$")).last.click()
    expect(window.modal).to_be_hidden()


def open_season(window: Window) -> None:
    """Open a season with the form, as the admin that this person is."""
    open_circles(window).get_by_role("button", name="New season").click()
    form = window.modal
    form.get_by_role("textbox", name="Theme").fill("Giving feedback")
    form.get_by_label("Days to sign up").fill("1")
    form.get_by_role("button", name="Open it").click()
    expect(form).to_contain_text("0 people signed up so far")
    close(window)


def sign_up(window: Window) -> None:
    """Sign up with a question, from the page of circles."""
    open_circles(window).get_by_role("button", name="Sign up").click()
    window.modal.get_by_role("textbox", name="What I bring").fill(BRINGS)
    window.modal.get_by_role("button", name="Sign up").click()
    expect(window.modal).to_contain_text("You're on the list")
    close(window)


def sign_all_up(window: Window) -> None:
    """Let six people join the program and sign up for a season that Aino opens."""
    for name in PEOPLE:
        window.act_as(name)
        join_peers(window)
    window.act_as("aino")
    open_season(window)
    for name in PEOPLE:
        window.act_as(name)
        sign_up(window)
    for step in ("+1 day", "+1 day", "Next Monday, 09:00", "+1 hour", "+1 hour"):
        window.travel(step)


def look_at_circles(window: Window) -> None:
    """Open the preview as the lead that this person is."""
    window.open_direct_messages()
    note = window.message("1 circle is formed of 6 people")
    note.get_by_role("button", name="See the circles").click()
    expect(window.modal).to_contain_text("Circle 1")
    expect(window.modal).not_to_contain_text(BRINGS)


def take_place(window: Window) -> None:
    window.open_direct_messages()
    offer = window.message("There is a place for you in a circle")
    offer.get_by_role("button", name="Take my place").click()
    window.message("You have your place").wait_for()


def form_circle(window: Window) -> None:
    """Let a circle of six be complete."""
    sign_all_up(window)
    window.act_as("aino")
    look_at_circles(window)
    assert window.accessibility_problems() == []
    window.modal.get_by_role("button", name="Invite").click()
    confirm(window, "Invite")
    expect(window.modal).to_contain_text("They get their invitations")
    close(window)
    # Diego's hours are those of another continent.
    window.travel("+1 day")
    for name in PEOPLE:
        window.act_as(name)
        take_place(window)
    window.travel("+1 day")


def open_conversation(window: Window) -> None:
    """Open the private channel that the bot made for the circle."""
    name = re.compile("circle-giving-feedback-")
    window.rail.get_by_role("button", name=name).click()
    window.page.get_by_role("heading", name=name).wait_for()


def agree(window: Window) -> None:
    """Agree in the circle's channel, and see the circle's page."""
    open_conversation(window)
    greeting = window.message("This is the conversation of your circle")
    greeting.get_by_role("button", name="I agree").click()
    expect(window.modal).to_contain_text("You agreed.")
    expect(window.modal).to_contain_text(BRINGS)


def test_six_people_sign_up_and_agree_in_their_circle(window: OpenWindow) -> None:
    page = window("aino")
    form_circle(page)
    for name in ("maya", "noor"):
        page.act_as(name)
        agree(page)
        assert page.accessibility_problems() == []
        close(page)
    expect(page.message("This is the conversation")).to_contain_text("2 of 6 agreed.")


def start_circle(window: Window) -> None:
    """Start a circle with the form, from the page of circles."""
    open_circles(window).get_by_role("button", name="Start a circle").click()
    form = window.modal
    form.get_by_role("textbox", name="Theme").fill("Giving feedback")
    form.get_by_role("textbox", name="What I bring").fill(BRINGS)
    # Its agenda is there at nine, at which time travel ends.
    form.get_by_label("At", exact=True).fill("09:10")
    assert window.accessibility_problems() == []
    form.get_by_role("button", name="Start it").click()
    expect(form).to_contain_text("Your circle: Giving feedback")
    close(window)


def take_free_place(window: Window, free: int) -> None:
    """Take a place in the circle, which others see as long as one is free."""
    listed = open_circles(window)
    expect(listed).to_contain_text(f"{free} of 7 places are free")
    expect(listed).to_contain_text("started it")
    expect(listed).not_to_contain_text(BRINGS)
    listed.get_by_role("button", name="Take a place").click()
    expect(window.modal).to_contain_text("What I bring")
    window.modal.get_by_role("button", name="Take a place").click()
    expect(window.modal).to_contain_text("You have a place.")
    close(window)


def fill_circle(window: Window) -> None:
    """Let four people fill a circle, which meets a week after Monday."""
    for name in FOUR:
        window.act_as(name)
        join_peers(window)
    window.act_as("maya")
    window.travel("Next Monday, 09:00")
    start_circle(window)
    for free, name in zip((6, 5, 4), FOUR[1:], strict=True):
        window.act_as(name)
        take_free_place(window, free)
    window.travel("+1 hour")
    window.act_as("maya")
    open_conversation(window)
    greeting = window.message("This is the conversation of your circle")
    greeting.get_by_role("button", name="I agree").click()
    expect(window.modal).to_contain_text("3 of 7 places are free.")
    expect(window.modal).to_contain_text("Not agreed yet: Lars, Noor and Tomas.")


def open_agenda(window: Window, name: str) -> Locator:
    """Return the agenda of the first meeting as this person sees it."""
    window.act_as(name)
    open_conversation(window)
    return window.message(re.compile("Meeting 1 of your circle(?! is)"))


def want_turns(window: Window) -> None:
    """Let two members ask for a turn, a quarter of an hour before the meeting."""
    window.travel("Next Monday, 09:00")
    for name in ("noor", "tomas"):
        agenda = open_agenda(window, name)
        agenda.get_by_role("button", name="I'd like a turn").click()
        window.message("Noted.").wait_for()


def go_on(window: Window, button: str, text: str) -> Locator:
    """Press a button of the agenda, and wait for its next edit."""
    agenda = window.message(re.compile("Meeting 1 of your circle(?! is)"))
    agenda.get_by_role("button", name=button, exact=True).click()
    # The bot edits a message at most once in ten seconds.
    window.travel("+1 minute")
    expect(agenda).to_contain_text(text)
    return agenda


def say_next_action(window: Window, name: str) -> None:
    agenda = open_agenda(window, name)
    agenda.get_by_role("button", name="One thing I'll do").click()
    form = window.modal
    form.get_by_role("textbox", name="What will you do?").fill(f"{ACTION} {name}.")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()


def meet(window: Window) -> None:
    """Go through the meeting that Maya facilitates, up to its last step."""
    agenda = open_agenda(window, "maya")
    expect(agenda).to_contain_text("Noor and Tomas would like a turn")
    go_on(window, "Start", "Arrive and good news")
    go_on(window, "Next", "What we want from it")
    expect(agenda).not_to_contain_text("last time")
    go_on(window, "Next", "Noor's turn: The issue")
    go_on(window, "Pause", "Paused.")
    go_on(window, "Continue", "Noor's turn: The issue")
    go_on(window, "Next", "Noor's turn: Kind of help")
    go_on(window, "Skip", "Tomas's turn: The issue")
    go_on(window, "Skip", "What we take away")


def test_four_people_fill_a_circle_and_meet(window: OpenWindow) -> None:
    page = window("maya")
    fill_circle(page)
    assert page.accessibility_problems() == []
    close(page)
    want_turns(page)
    meet(page)
    assert page.accessibility_problems() == []
    for name in ("noor", "maya"):
        say_next_action(page, name)
    go_on(page, "Finish", "The meeting is over.")
    page.open_direct_messages()
    over = page.message("Meeting 1 of your circle is over")
    for name in ("noor", "maya"):
        expect(over).to_contain_text(f"{name.capitalize()}: {ACTION} {name}.")
    over.get_by_role("button", name="It took place").click()
    expect(over).to_contain_text("You said: It took place.")
    # No lead sees what people say of a circle that one of them started.
    expect(over).not_to_contain_text("worth your time")
    assert page.accessibility_problems() == []
