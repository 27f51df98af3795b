"""The main story by clicking: ask, answer, solve, thank the helper, undo."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow

pytestmark = pytest.mark.deep


def test_ask_answer_solve_and_undo(window: OpenWindow) -> None:
    noor, gus = window("noor"), window("gus")
    # He has shared in the check-in, and reads the bot's message about it.
    app = gus.rail.get_by_role("button", name="Backswing")
    gus.open_direct_messages()
    gus.message("on your desk").wait_for()
    expect(app).not_to_contain_text("unread")
    gus.open_channel("help-backend")

    noor.page.get_by_role("button", name="Shortcuts").click()
    noor.page.get_by_role("dialog").get_by_role("button", name="Ask your peers").click()
    question = noor.modal.get_by_role("textbox", name="Question")
    expect(question).to_be_focused()
    expect(noor.modal.get_by_role("combobox", name="Channel")).to_have_value(
        re.compile("^C")
    )

    # An error is shown beside the field, and nothing typed is lost.
    noor.modal.get_by_role("textbox", name="Details").fill("It stalls at the second.")
    noor.modal.get_by_role("button", name="Ask").click()
    expect(question).to_have_accessible_description(
        re.compile(r"^Please complete this required field\.")
    )
    expect(question).to_be_focused()

    question.fill("How do I see which lock a migration waits for?")
    noor.modal.get_by_role("button", name="Ask").click()
    expect(noor.modal).to_be_hidden()

    ask = gus.message("which lock a migration waits for")
    expect(ask).to_contain_text("Asked by Noor Haddad")
    gus.open_thread(ask)
    gus.answer("Look into pg_locks while it hangs.")
    expect(ask.get_by_role("button", name="1 reply")).to_be_visible()

    asked = noor.message("which lock a migration waits for")
    asked.get_by_role("button", name="1 reply").click()
    answer = noor.reply("pg_locks")
    answer.hover()
    answer.get_by_role("button", name="React with white_check_mark").click()
    expect(asked).to_contain_text("Solved")
    expect(ask).to_contain_text("Solved by ")

    noor.travel("+1 minute")
    noor.travel("+1 minute")
    expect(app).to_contain_text("1 unread")
    gus.open_direct_messages()
    letter = gus.message("solved")
    expect(letter).to_contain_text("Your answer solved")
    letter.get_by_role("link", name="answer").click()
    expect(gus.page.get_by_role("heading", name="help-backend")).to_be_visible()

    mine = gus.reply("pg_locks")
    gus.choose_action(mine, "Edit message")
    box = mine.get_by_role("textbox", name="Edit message")
    box.fill("Look into pg_locks while it hangs, and into pg_stat_activity.")
    box.press("Enter")
    expect(noor.reply("pg_stat_activity")).to_contain_text("(edited)")

    mark = noor.reply("pg_locks").get_by_role("button", name="white_check_mark, 1: you")
    expect(mark).to_have_attribute("aria-pressed", "true")
    mark.click()
    expect(asked).to_contain_text("Answered")
    expect(mark).to_be_hidden()


def test_ephemeral_messages_disappear_on_reload(window: OpenWindow) -> None:
    lars, other = window("lars"), window("priya")
    lars.say("/backswing help")
    private = lars.message("Only visible to you")
    expect(private).to_contain_text("Ask your peers, and see what helped")
    expect(other.page.get_by_text("Only visible to you")).to_have_count(0)

    lars.act_as("Priya Raman")
    expect(lars.page.get_by_text("Only visible to you")).to_have_count(0)
    lars.act_as("Lars Pedersen")
    expect(private).to_be_visible()
    lars.page.reload()
    expect(lars.message("retry storm")).to_be_visible()
    expect(lars.page.get_by_text("Only visible to you")).to_have_count(0)


def test_a_failing_command_looks_as_in_slack(window: OpenWindow) -> None:
    maya = window("maya", "help-frontend")
    maya.page.get_by_role("button", name="Faults").click()
    panel = maya.page.get_by_role("dialog", name="Faults")
    panel.get_by_role("combobox", name="Fault").select_option("lost_ack")
    panel.get_by_role("combobox", name="Method, event or command").fill("/backswing")
    panel.get_by_role("spinbutton", name="How often").fill("1")
    panel.get_by_role("button", name="Turn on").click()
    expect(panel.get_by_role("listitem")).to_contain_text("Acknowledgement lost")
    maya.page.keyboard.press("Escape")

    maya.say("/backswing help")
    failure = maya.message("failed with the error")
    expect(failure).to_contain_text(
        '/backswing failed with the error "operation_timeout"'
    )

    maya.page.get_by_role("button", name="Faults").click()
    expect(panel.get_by_role("listitem")).to_contain_text("1 so far")
    panel.get_by_role("button", name="Turn off").click()
    expect(panel.get_by_role("listitem")).to_have_count(0)


def test_the_settings_keep_chosen_values(window: OpenWindow) -> None:
    aino = window("aino", "help-frontend")
    aino.say("/backswing")
    form = aino.modal
    form.get_by_role("radio", name="Also messages that contain a question").check()
    champions = form.get_by_role("combobox", name="Champions")
    champions.fill("Hana Kobayashi")
    champions.fill("okafor")
    champions.press("Enter")
    form.get_by_role("button", name="Remove Tomas Okafor").click()
    form.get_by_role("checkbox", name="Guests can ask").uncheck()
    solved = form.get_by_role("textbox", name="Emoji for solved")
    solved.fill("nonsense!")
    form.get_by_role("button", name="Save").click()
    expect(solved).to_have_attribute("aria-invalid", "true")
    solved.fill(":white_check_mark: :tada:")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()

    aino.say("/backswing")
    expect(form.get_by_role("radio", name="Also messages that contain")).to_be_checked()
    expect(form.get_by_role("list", name="Chosen")).to_contain_text("Hana Kobayashi")
    expect(form.get_by_role("list", name="Chosen")).not_to_contain_text("Tomas")
    expect(form.get_by_role("checkbox", name="Guests can ask")).not_to_be_checked()
    expect(solved).to_have_value("✅ 🎉")
    aino.page.keyboard.press("Escape")
    expect(form).to_be_hidden()


def test_time_does_not_go_back(window: OpenWindow) -> None:
    maya = window()
    # The next journey begins after this one, which may take some time.
    maya.travel("+1 day")
    maya.page.get_by_role("button", name="travel in time").click()
    clock = maya.page.get_by_role("dialog", name="Travel in time")
    clock.get_by_label("A day").fill("2020-01-01")
    clock.get_by_role("button", name="Go").click()
    expect(maya.page.get_by_text("only goes forward")).to_be_visible()
    clock.get_by_role("button", name="Next Monday").click()
    expect(clock.get_by_role("status")).to_contain_text("Mon")
    expect(clock.get_by_role("status")).to_contain_text("09:00")
