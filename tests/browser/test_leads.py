"""A lead is asked what they are stuck on, asks, and sees that on the Home tab."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow

pytestmark = pytest.mark.deep


def test_leads_go_first(window: OpenWindow):
    aino = window("aino", "help-backend")
    aino.say("/backswing workspace")
    leads = aino.modal.get_by_role("combobox", name="Program leads")
    for name in ("maya", "lars"):
        leads.fill(name)
        leads.press("Enter")
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_be_hidden()
    aino.travel("Next Monday, 09:00")

    maya = window("maya")
    maya.open_direct_messages()
    question = maya.message("What are you stuck on yourself?")
    expect(question).to_contain_text("You lead Peers.")
    assert maya.accessibility_problems() == []
    question.get_by_role("button", name="Ask your peers").click()
    maya.modal.get_by_role("textbox", name="Question").fill("Who owns the cron host?")
    channel = maya.modal.get_by_role("combobox", name="Channel")
    channel.select_option("# help-backend")
    maya.modal.get_by_role("button", name="Ask").click()
    expect(maya.modal).to_be_hidden()
    question.get_by_role("button", name="Stop these").click()
    expect(maya.message("OK, I won't ask you this again")).to_be_visible()

    panel = maya.open_home()
    panel.get_by_role("button", name="Page: Program").click()
    expect(panel).to_contain_text("Leads who asked in the last 6 weeks: 1 of 2")
    expect(panel).not_to_contain_text("Your open asks")
    assert maya.accessibility_problems() == []
    # The tab opens with the page that was chosen last.
    panel = maya.open_home()
    expect(panel).to_contain_text("For you as a lead")
    panel.get_by_role("button", name="See it: Peers").click()
    expect(maya.modal).to_contain_text("Ask early.")
    maya.page.keyboard.press("Escape")
    panel.get_by_role("button", name="Page: Today").click()
    expect(panel).to_contain_text("Your open asks")

    # Everyone learns whom to ask about the program.
    zoe = window("zoe", "help-backend")
    zoe.say("/backswing help")
    helped = zoe.message("Questions about the program?")
    helped.get_by_role("button", name="Ask the leads").click()
    expect(zoe.modal).to_contain_text("Maya Lindqvist")
