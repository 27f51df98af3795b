"""A season of circles, from the lead who opens it to a circle that agreed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window, start_bot, stop_bot
from tests.browser.test_programs import COMMITMENT, confirm

pytestmark = pytest.mark.deep

# They have hours in common, from Helsinki to New York.
PEOPLE = ("aino", "maya", "noor", "tomas", "diego", "lars")
BRINGS = "How do I give feedback to people I don't manage?"


@pytest.fixture
def address(tmp_path) -> Iterator[str]:
    """A workspace of its own, since its clock moves for all people in it."""
    process, address = start_bot(tmp_path)
    yield address
    stop_bot(process)


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


def agree(window: Window) -> None:
    """Agree from the first note, and see the circle's page."""
    window.open_direct_messages()
    welcome = window.message("Your circle is complete: you 6.")
    welcome.get_by_role("button", name="I agree").click()
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


def start_circle(window: Window) -> None:
    """Start a circle with the form, from the page of circles."""
    open_circles(window).get_by_role("button", name="Start a circle").click()
    form = window.modal
    form.get_by_role("textbox", name="Theme").fill("Giving feedback")
    form.get_by_role("textbox", name="What I bring").fill(BRINGS)
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


def test_four_people_fill_a_circle_that_one_of_them_started(window: OpenWindow) -> None:
    page = window("maya")
    people = ("maya", "noor", "tomas", "lars")
    for name in people:
        page.act_as(name)
        join_peers(page)
    page.act_as("maya")
    start_circle(page)
    for free, name in zip((6, 5, 4), people[1:], strict=True):
        page.act_as(name)
        take_free_place(page, free)
    page.travel("Next Monday, 09:00")
    page.travel("+1 hour")
    page.act_as("maya")
    page.open_direct_messages()
    welcome = page.message("Your circle has enough people: you 4.")
    welcome.get_by_role("button", name="I agree").click()
    expect(page.modal).to_contain_text("3 of 7 places are free.")
    assert page.accessibility_problems() == []
    close(page)
