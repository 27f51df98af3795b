"""Two people learn together, from the wish to the agreement and the end."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window
from tests.browser.test_circles import close
from tests.browser.test_programs import COMMITMENT, confirm

pytestmark = pytest.mark.deep


def turn_on(aino: Window) -> None:
    """Begin with two people."""
    aino.say("/backswing workspace")
    choice = aino.modal.get_by_role("radiogroup", name="Learning together", exact=True)
    choice.get_by_role("radio", name="On", exact=True).check()
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_be_hidden()


def people_page(window: Window) -> Locator:
    home = window.open_home()
    home.get_by_role("button", name="Page: People").click()
    expect(home).to_contain_text("Learn together")
    return home


def open_up(window: Window, *, knows: str, wants: str) -> None:
    """Join the program, and be open to an exchange."""
    home = window.open_home()
    home.get_by_role("button", name="Page: Program").click()
    expect(home).to_contain_text("Programs you could join")
    home.get_by_role("button", name="Join").click()
    window.modal.get_by_role("checkbox", name=COMMITMENT).check()
    window.modal.get_by_role("button", name="Join").click()
    window.modal.get_by_role("button", name="OK").click()
    people_page(window).get_by_role("button", name="Learn together").click()
    window.modal.get_by_role("textbox", name="Topics I want to learn").fill(wants)
    window.modal.get_by_role("textbox", name="Topics I know").fill(knows)
    assert window.accessibility_problems() == []
    window.modal.get_by_role("button", name="Find people").click()
    expect(window.modal).to_contain_text("OK")


def write(window: Window, *, hopes: str, brings: str, button: str) -> None:
    """Write in the agreement, on its page."""
    window.modal.get_by_role("button", name=button).click()
    form = window.modal.last
    form.get_by_role("textbox", name="What I hope to learn").fill(hopes)
    form.get_by_role("textbox", name="What I bring").fill(brings)
    form.get_by_role("textbox", name="How we meet").fill("A call of 45 minutes")
    form.get_by_role("button", name="Save").click()
    expect(window.modal).to_contain_text("Saved.")


def begin(aino: Window, maya: Window) -> None:
    """Ask someone, who says yes; both write down what they hope for."""
    turn_on(aino)
    open_up(aino, knows="postgres", wants="retries")
    close(aino)
    open_up(maya, knows="retries", wants="postgres")
    expect(maya.modal).to_contain_text("Aino knows about that")
    assert maya.accessibility_problems() == []
    maya.modal.get_by_role("button", name="Ask Aino").click()
    expect(maya.modal).to_contain_text("I ask Aino and say why.")
    close(maya)
    aino.travel("Next Monday, 09:00")
    aino.open_direct_messages()
    question = aino.message("would like to learn together with you")
    expect(question).to_contain_text("you know about that")
    assert aino.accessibility_problems() == []
    question.get_by_role("button", name="Yes", exact=True).click()
    begun = aino.message("You and Maya can learn together")
    begun.get_by_role("button", name="Our agreement").click()
    write(aino, hopes="How to retry.", brings="Years of SQL.", button="Write it")
    close(aino)
    aino.travel("+1 minute")
    maya.open_direct_messages()
    maya.message("Aino wrote in your agreement").get_by_role(
        "button", name="Our agreement"
    ).click()
    expect(maya.modal).to_contain_text("How to retry.")
    write(maya, hopes="What an index costs.", brings="Patience.", button="Change it")


def test_two_people_learn_together(window: OpenWindow) -> None:
    aino, maya = window("aino", "help-backend"), window("maya")
    begin(aino, maya)
    assert maya.accessibility_problems() == []
    maya.modal.get_by_role("button", name="Agreed").click()
    expect(maya.modal).to_contain_text("It begins when Aino agrees, too.")
    close(maya)
    aino.message("Maya agrees.").get_by_role("button", name="Our agreement").click()
    aino.modal.get_by_role("button", name="Agreed").click()
    expect(aino.modal).to_contain_text("You both agreed.")
    close(aino)
    expect(maya.message("You and Aino have agreed.")).to_be_visible()
    home = aino.open_home()
    expect(home).to_contain_text("You hope to learn: How to retry.")
    assert aino.accessibility_problems() == []
    # The week after next, the first meeting is over.
    for _ in range(2):
        maya.travel("Next Monday, 09:00")
    first = maya.message("How was your first meeting with Aino?")
    first.get_by_role("button", name="Good", exact=True).click()
    expect(maya.message("Good to hear.")).to_be_visible()
    home = maya.open_home()
    home.get_by_role("button", name="End it").click()
    confirm(maya, "End it")
    expect(maya.modal).to_contain_text("has ended")
    close(maya)
    aino.travel("Next Monday, 09:00")
    aino.open_direct_messages()
    ended = aino.message("Your exchange with Maya has ended")
    expect(ended).to_contain_text("No reason is asked or given.")
    ended.get_by_role("button", name="Look back").click()
    aino.modal.get_by_role("textbox", name="I got").fill("Backoff with jitter.")
    assert aino.accessibility_problems() == []
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_contain_text("Nobody else sees it.")
