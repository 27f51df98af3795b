"""The bot joins a channel, a newcomer meets the bot, and a member is erased."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow, Window

pytestmark = pytest.mark.deep

STORM = "How do I stop a retry storm"


def invited(window: Window) -> Window:
    """Invite the bot to #general as Aino, and open the introduction's preview."""
    window.act_as("Aino Virtanen")
    window.open_channel("general")
    window.page.get_by_role("button", name="show them").click()
    window.page.get_by_role("button", name="Add Backswing").click()
    window.page.keyboard.press("Escape")
    window.open_direct_messages()
    expect(window.message("Thank you for inviting me to #general")).to_be_visible()
    return window


def test_a_channel_starts_with_an_introduction_and_its_settings(window: OpenWindow):
    aino = invited(window())
    preview = aino.message("Thank you for inviting me to #general")
    expect(preview).to_contain_text("Four short rules")
    assert aino.accessibility_problems() == []
    preview.get_by_role("button", name="Not now").click()
    put_off = aino.message("I won't introduce myself in #general")
    put_off.get_by_role("button", name="Post it").click()
    expect(aino.message("I've introduced myself in #general")).to_be_visible()
    aino.open_channel("general")
    expect(aino.message("Hello, I'm Backswing")).to_contain_text("Leaving:")

    aino.say("/backswing")
    expect(aino.modal).to_contain_text("How Backswing works in #general")
    assert aino.accessibility_problems() == []
    emoji = aino.modal.get_by_role("textbox", name="Emoji for solved")
    emoji.fill("👍")
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_contain_text("One emoji can't mean both helpful and solved")
    emoji.fill("💯")
    aino.modal.get_by_role("textbox", name="Topics").fill("coffee, rota")
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_be_hidden()

    maya = window("maya", "general")
    maya.say("/backswing")
    expect(maya.message("Only this channel's champions")).to_be_visible()
    maya.say("/backswing help")
    helped = maya.message("Ask your peers, and see what helped")
    expect(helped).to_contain_text("💯")


def test_a_newcomer_is_greeted_in_their_daytime_and_opts_out(window: OpenWindow):
    lars = window("lars", "help-frontend")
    lars.page.get_by_role("button", name="Join").click()
    expect(lars.page.get_by_role("button", name="Join")).to_be_hidden()
    lars.travel("Next Monday, 09:00")
    lars.open_direct_messages()
    greeting = lars.message("Welcome to #help-frontend!")
    expect(greeting).to_contain_text("Four short rules")
    assert lars.accessibility_problems() == []
    greeting.get_by_role("button", name="No more greetings").click()
    expect(lars.message("OK, no more greetings")).to_be_visible()
    expect(greeting).to_be_hidden()


def test_forget_me_explains_itself_and_then_erases(window: OpenWindow):
    priya, zoe = window("priya"), window("zoe")
    zoe.page.get_by_role("log").evaluate("log => log.scrollTop = 0")
    expect(zoe.message(STORM)).to_contain_text("Asked by Priya Raman")
    priya.say("/backswing forget me")
    expect(priya.modal).to_contain_text("I keep this about you: 1 ask")
    expect(priya.modal).to_contain_text("When you press Forget me:")
    assert priya.accessibility_problems() == []
    priya.modal.get_by_role("button", name="Forget me").click()
    expect(priya.modal).to_contain_text("I've forgotten you")
    seen = zoe.page.get_by_role("main")
    expect(zoe.message("Removed at the author").first).to_be_visible()
    expect(seen.get_by_text(STORM)).to_have_count(0)
    expect(seen.get_by_text("Asked by Priya Raman")).to_have_count(0)
