"""The form to ask looks at each word, and what is typed stays."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow, start_bot, stop_bot

# An option that is off by default, and needs a bot of its own, which plays the story.
pytestmark = [pytest.mark.deep, pytest.mark.exhaustive]

JITTER = "Add jitter before anything else"
# Milliseconds between two characters.
DELAY = 20


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("typing")
    process, address = start_bot(folder, FORM_SUGGESTIONS="typing")
    yield address
    stop_bot(process)


def test_suggestions_come_while_somebody_types(window: OpenWindow) -> None:
    tomas = window("tomas")
    tomas.say("/ask")
    details = tomas.modal.get_by_role("textbox", name="Details")
    details.fill("It began at noon.")
    question = tomas.modal.get_by_role("textbox", name="Question")
    question.press_sequentially("Retry storm ", delay=DELAY)
    expect(tomas.modal).to_contain_text("Possibly similar")
    expect(tomas.modal).to_contain_text(JITTER)
    # They go on while the form changes above and below.
    expect(question).to_be_focused()
    question.press_sequentially("of the mailer, how do I stop it?", delay=DELAY)
    whole = "Retry storm of the mailer, how do I stop it?"
    expect(question).to_have_value(whole)
    expect(details).to_have_value("It began at noon.")
    assert tomas.accessibility_problems() == []

    tomas.modal.get_by_role("button", name="Not mine").first.click()
    expect(tomas.modal).not_to_contain_text(JITTER)
    expect(question).to_have_value(whole)
    expect(details).to_have_value("It began at noon.")
    tomas.modal.get_by_role("button", name="Ask", exact=True).click()
    expect(tomas.message(whole)).to_contain_text("It began at noon.")


def test_words_are_corrected_while_the_form_is_drawn(window: OpenWindow) -> None:
    lars = window("lars")
    lars.say("/ask")
    question = lars.modal.get_by_role("textbox", name="Question")
    question.press_sequentially("retry sotrm ", delay=DELAY)
    for _ in "sotrm ":
        question.press("Backspace")
    question.press_sequentially("storm at night", delay=DELAY)
    expect(question).to_have_value("retry storm at night")
    lars.page.keyboard.press("Escape")
    expect(lars.modal).to_have_count(0)


def test_enter_posts_the_ask(window: OpenWindow) -> None:
    """Slack reports characters instead of Enter, which then submits the form."""
    diego = window("diego")
    diego.say("/ask")
    question = diego.modal.get_by_role("textbox", name="Question")
    expect(diego.modal).not_to_contain_text("Press Enter")
    question.press_sequentially("Which retry storm is ours?", delay=DELAY)
    question.press("Enter")
    expect(diego.modal).to_have_count(0)
    expect(diego.message("Which retry storm is ours?")).to_be_visible()


def test_a_channel_and_topics_are_chosen_and_it_looks(window: OpenWindow) -> None:
    aino = window("aino", "help-backend")
    aino.say("/backswing")
    aino.modal.get_by_role("textbox", name="Topics").fill("mailer, deploys")
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_have_count(0)

    priya = window("priya")
    priya.say("/ask")
    question = priya.modal.get_by_role("textbox", name="Question")
    question.press_sequentially("How to stop a retry storm", delay=DELAY)
    details = priya.modal.get_by_role("textbox", name="Details")
    details.fill("It began at noon.")
    topics = priya.modal.get_by_role("combobox", name="Topics")
    topics.select_option("mailer")
    # It may also be an ask of another test, which has the topic in its question.
    expect(priya.modal).to_contain_text("Possibly similar")
    expect(priya.modal.get_by_role("list", name="Chosen")).to_contain_text("mailer")
    expect(question).to_have_value("How to stop a retry storm")
    expect(details).to_have_value("It began at noon.")
    priya.modal.get_by_role("button", name="Ask", exact=True).click()
    posted = priya.message("How to stop a retry storm")
    expect(posted).to_contain_text("mailer")
