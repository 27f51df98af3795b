"""Two people take part in peer coffee, are introduced, meet, and say so."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow, Window
from tests.browser.test_programs import COMMITMENT

pytestmark = pytest.mark.deep

INTRODUCTION = "Peer coffee: meet each other"
GROUP = "mpdm-aino--backswing--maya-1"


def turn_on(aino: Window) -> None:
    """Begin with two people."""
    aino.say("/backswing workspace")
    choice = aino.modal.get_by_role("radiogroup", name="Peer coffee", exact=True)
    choice.get_by_role("radio", name="On", exact=True).check()
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_be_hidden()


def take_part(window: Window, *, knows: str, wants: str) -> None:
    """Join the program, and then peer coffee."""
    home = window.open_home()
    home.get_by_role("button", name="Page: Program").click()
    expect(home).to_contain_text("Programs you could join")
    home.get_by_role("button", name="Join").click()
    window.modal.get_by_role("textbox", name="Topics I know").fill(knows)
    window.modal.get_by_role("textbox", name="Topics I want to learn").fill(wants)
    window.modal.get_by_role("checkbox", name=COMMITMENT).check()
    window.modal.get_by_role("button", name="Join").click()
    window.modal.get_by_role("button", name="OK").click()
    home = window.open_home()
    home.get_by_role("button", name="Page: People").click()
    expect(home).to_contain_text("Meet a peer you may learn from")
    home.get_by_role("button", name="Take part").click()
    expect(home).to_contain_text("You take part.")


def go_to_tuesday(window: Window) -> None:
    window.travel("Next Monday, 09:00")
    window.travel("+1 day")
    for _ in range(4):
        window.travel("+1 hour")


def test_two_people_are_introduced_and_meet(window: OpenWindow) -> None:
    aino, maya = window("aino", "help-backend"), window("maya")
    turn_on(aino)
    take_part(aino, knows="postgres", wants="retries")
    take_part(maya, knows="retries", wants="postgres")
    assert maya.accessibility_problems() == []
    go_to_tuesday(maya)
    maya.open_channel(GROUP)
    message = maya.message(INTRODUCTION)
    expect(message).to_contain_text("Why you two: ")
    expect(message).to_contain_text("Maya writes first.")
    expect(message).to_contain_text(
        "Aino wants to learn retries; Maya knows about that."
    )
    assert maya.accessibility_problems() == []
    message.get_by_role("button", name="We have a time").click()
    expect(maya.modal).to_contain_text("You have a time with Aino")
    assert maya.accessibility_problems() == []
    maya.modal.get_by_role("button", name=re.compile("^(Close|OK)$")).last.click()
    maya.open_direct_messages()
    for _ in range(2):
        maya.travel("Next Monday, 09:00")
    question = maya.message("Did you meet Aino?")
    question.get_by_role("button", name="We met").click()
    expect(maya.message("Was it a good match?")).to_be_visible()
    assert maya.accessibility_problems() == []
    maya.message("Was it a good match?").get_by_role(
        "button", name="Yes", exact=True
    ).click()
    thanks = maya.message("Thank you for telling me")
    thanks.get_by_role("button", name="Say thanks").click()
    expect(maya.modal).to_contain_text("Aino")
