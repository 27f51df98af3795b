"""An ask without a name, from the preview to the helper's private credit."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window

pytestmark = pytest.mark.deep

QUESTION = "How do I tell a customer that we lost a day of their data?"
ANSWER = "Tell them today, before they find out, and say what you do about it."
OWN = "Your asks without your name"


def fill_in(window: Window, question: str = QUESTION) -> None:
    """Fill in the form without a name, and go on to the preview."""
    window.say("/ask")
    window.modal.get_by_role("textbox", name="Question").fill(question)
    window.modal.get_by_role("checkbox", name="Ask without my name").check()
    window.modal.get_by_role("button", name="Ask").click()
    expect(window.modal).to_contain_text("This is how it will look")


def post(window: Window) -> None:
    """Post it, and let its random time come."""
    window.modal.get_by_role("button", name="Post").click()
    expect(window.modal).to_contain_text("It comes within 5 minutes")
    window.modal.get_by_role("button", name="OK").click()
    expect(window.modal).to_be_hidden()


def open_own_ask(window: Window) -> Locator:
    """Open the ask from the author's Home tab; return the modal."""
    window.open_channel("help-backend")
    window.open_home().get_by_role("button", name="Open: ").click()
    expect(window.modal).to_contain_text(QUESTION)
    return window.modal


def answer(window: Window) -> None:
    window.open_thread(window.message(QUESTION))
    window.answer(ANSWER)
    expect(window.reply(ANSWER)).to_be_visible()


def reply_as_the_asker(window: Window, text: str) -> None:
    window.modal.get_by_role("button", name="Reply as the asker").click()
    window.modal.get_by_role("textbox", name="The asker:").fill(text)
    window.modal.get_by_role("button", name="Reply").click()
    expect(window.modal).to_contain_text("Your replies as the asker")


def test_from_the_preview_to_the_helpers_credit(window: OpenWindow) -> None:
    priya, lars = window("priya"), window("lars")
    fill_in(priya)
    expect(priya.modal).to_contain_text("Could people find out that it was you?")
    assert priya.accessibility_problems() == []
    post(priya)
    home = priya.open_home()
    expect(home).to_contain_text(OWN)
    expect(home).to_contain_text("It comes by")
    assert priya.accessibility_problems() == []
    priya.travel("+1 hour")

    asked = lars.message(QUESTION)
    expect(asked).to_contain_text("Asked by someone")
    expect(asked).not_to_contain_text("Priya")
    answer(lars)

    modal = open_own_ask(priya)
    expect(modal).to_contain_text("By Lars Pedersen")
    assert priya.accessibility_problems() == []
    reply_as_the_asker(priya, "I did, and they thanked us for it.")
    modal.get_by_role("button", name="This solved it").click()
    expect(modal.get_by_role("button", name="It didn't solve it")).to_be_visible()
    assert priya.accessibility_problems() == []
    modal.get_by_role("button", name="Thank without my name").click()
    modal.get_by_role("checkbox", name="Lars Pedersen").check()
    why = "You told me to say it at once, and it was right"
    modal.get_by_role("textbox", name="What for?").fill(why)
    modal.get_by_role("button", name="Thank", exact=True).click()
    expect(modal.get_by_role("button", name="Thank without my name")).to_have_count(0)
    modal.get_by_role("button", name="Done").click()
    priya.travel("+1 hour")

    expect(lars.message(QUESTION)).to_contain_text("Solved by Lars Pedersen's answer")
    expect(lars.reply("The asker: I did, and they thanked us")).to_be_visible()
    lars.open_direct_messages()
    expect(lars.message("Your answer")).to_contain_text("someone")
    thanks = lars.message("Someone you helped thanks you privately")
    expect(thanks).to_contain_text(why)
    lars.page.get_by_role("tab", name="Home").click()
    expect(lars.page.get_by_role("tabpanel")).not_to_contain_text(OWN)


def test_a_draft_is_withdrawn_and_the_shortcut_is_refused(window: OpenWindow) -> None:
    priya = window("priya")
    fill_in(priya)
    post(priya)
    home = priya.open_home()
    home.get_by_role("button", name="Don't post it").click()
    expect(priya.modal).to_contain_text("It won't be posted")
    priya.modal.get_by_role("button", name="OK").click()
    expect(home).not_to_contain_text(OWN)
    priya.travel("+1 hour")
    priya.open_channel("help-backend")
    expect(priya.page.get_by_role("main")).not_to_contain_text(QUESTION)
    ordinary = priya.message("test code that depends on daylight saving")
    priya.choose_action(ordinary, "Answer without my name")
    main = priya.page.get_by_role("main")
    expect(main).to_contain_text("This works on asks without a name only.")
