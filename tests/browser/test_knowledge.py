"""What solved a problem before, by clicking: the card after an ask, and `/find`."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow, Window

pytestmark = pytest.mark.deep

CARD = "Perhaps already solved"
CACHE = "docker builder prune"
NEW = "Which of our dashboards shows the queue of the mailer?"
DIALOG = "How to keep the focus in a dialog?"


def test_what_solved_it_before_takes_the_ask_back(window: OpenWindow) -> None:
    maya, lars = window("maya"), window("lars")
    maya.say("/ask The build machine is full, how do I clear its disk?")
    card = maya.message(CARD)
    expect(card).to_contain_text("Only visible to you")
    card.get_by_role("button", name="That's it").click()
    back = maya.message("I've taken your ask back")
    expect(back.get_by_role("button", name="Post it again")).to_be_visible()
    for each in (maya, lars):
        channel = each.page.get_by_role("main")
        expect(channel.get_by_text("The build machine is full")).to_have_count(0)

    maya.travel("+1 minute")
    maya.travel("+1 minute")
    lars.open_direct_messages()
    letter = lars.message("helped Maya Lindqvist today")
    expect(letter).to_contain_text("Your answer of")
    letter.get_by_role("link", name="answer of").click()
    expect(lars.reply(CACHE)).to_be_visible()


def test_the_card_shows_what_worked_and_by_whom(window: OpenWindow) -> None:
    diego = window("diego")
    diego.say("/ask How do I clear the disk of our build machine when it is full?")
    card = diego.message(CARD)
    expect(card).to_contain_text("Docker says that it is full.")
    expect(card).to_contain_text(CACHE)
    expect(card).to_contain_text("Answered by Lars Pedersen")
    expect(card).to_contain_text("#help-backend")
    assert diego.accessibility_problems() == []
    card.get_by_role("button", name="Not mine").click()
    expect(diego.message("Your peers can answer")).to_be_visible()
    expect(diego.page.get_by_text(CARD)).to_have_count(0)


def test_it_stays_silent_when_nothing_is_like_it(window: OpenWindow) -> None:
    maya = window("maya")
    maya.say(f"/ask {NEW}")
    expect(maya.message(NEW)).to_contain_text("Asked by Maya Lindqvist")
    # The answer to a later command comes after anything that the first had to say.
    maya.say("/backswing help")
    expect(maya.message("Find what helped others")).to_be_visible()
    expect(maya.page.get_by_text(CARD)).to_have_count(0)


def test_the_same_is_in_the_asks_options_and_at_home(window: OpenWindow) -> None:
    maya = window("maya", "help-frontend")
    maya.say(f"/ask {DIALOG}")
    expect(maya.message(CARD)).to_contain_text("without a library")

    maya.page.reload()
    expect(maya.page.get_by_text(CARD)).to_have_count(0)
    expect(maya.open_home()).to_contain_text(f"Your ask “{DIALOG}”")

    maya.open_channel("help-frontend")
    maya.choose_action(maya.message(DIALOG), "Ask options")
    expect(maya.modal).to_contain_text(CARD)
    expect(maya.modal).to_contain_text("without a library")
    assert maya.accessibility_problems() == []
    maya.modal.get_by_role("button", name="Not mine").click()
    expect(maya.modal).to_contain_text("Your peers can answer")
    maya.modal.get_by_role("button", name="OK").click()

    maya.choose_action(maya.message(DIALOG), "Ask options")
    expect(maya.modal).to_contain_text("This ask is open")
    expect(maya.modal).not_to_contain_text(CARD)
    maya.page.keyboard.press("Escape")


def find_jitter(window: Window, people: str) -> None:
    window.say("/find jitter")
    found = window.message("What helped with “jitter”")
    expect(found).to_contain_text("Add jitter before anything else")
    expect(found).to_contain_text(f"helped {people} people")


def test_find_what_helped_mark_it_and_undo(window: OpenWindow) -> None:
    lars = window("lars")
    find_jitter(lars, "2")
    found = lars.message("What helped with “jitter”")
    found.get_by_role("button", name="This helped").click()
    receipt = lars.message("Marked as helpful")
    receipt.wait_for()
    find_jitter(lars, "3")
    assert lars.accessibility_problems() == []
    receipt.get_by_role("button", name="Undo").click()
    expect(lars.page.get_by_text("Marked as helpful")).to_have_count(0)
    find_jitter(lars, "2")


def test_nothing_is_found_and_the_words_are_asked(window: OpenWindow) -> None:
    lars = window("lars")
    lars.say("/find espresso grinder")
    nothing = lars.message("Nothing yet. Ask your peers?")
    expect(nothing).to_contain_text("similar spellings")
    nothing.get_by_role("button", name="Ask your peers").click()
    question = lars.modal.get_by_role("textbox", name="Question")
    expect(question).to_have_value("espresso grinder")
    lars.page.keyboard.press("Escape")


def test_the_form_of_the_home_tab_finds_the_same(window: OpenWindow) -> None:
    priya = window("priya")
    priya.open_home().get_by_role("button", name="Find what helped").click()
    priya.modal.get_by_role("textbox", name="What are you looking for").fill("jitter")
    priya.modal.get_by_role("button", name="Find").click()
    expect(priya.modal).to_contain_text("Add jitter before anything else")
    assert priya.accessibility_problems() == []
    priya.page.keyboard.press("Escape")


def test_the_form_shows_what_is_similar_and_keeps_the_words(window: OpenWindow) -> None:
    tomas = window("tomas")
    tomas.say("/ask")
    details = tomas.modal.get_by_role("textbox", name="Details")
    details.fill("It began at noon.")
    question = tomas.modal.get_by_role("textbox", name="Question")
    question.fill("How do I stop the retry storm of the mailer?")
    question.press("Enter")
    expect(tomas.modal).to_contain_text("Possibly similar")
    expect(tomas.modal).to_contain_text("Add jitter before anything else")
    expect(details).to_have_value("It began at noon.")
    assert tomas.accessibility_problems() == []
    tomas.modal.get_by_role("button", name="Not mine").first.click()
    expect(tomas.modal).not_to_contain_text("Add jitter before anything else")
    expect(details).to_have_value("It began at noon.")
    expect(question).to_have_value("How do I stop the retry storm of the mailer?")
    tomas.page.keyboard.press("Escape")
