"""A member's Home tab, from the first visit on."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow

pytestmark = pytest.mark.deep

OLDER = "test code that depends on daylight saving"
NEWER = "What does Rust do when an integer overflows?"


def stands_above(panel: Locator, upper: str, lower: str) -> None:
    """Wait until one ask is above another."""
    expect(panel.get_by_role("link", name=lower)).to_be_visible()
    titles = panel.get_by_role("link")
    both = titles.filter(has_text=upper).or_(titles.filter(has_text=lower))
    expect(both.first).to_contain_text(upper)


def test_home_teaches_then_lists_pending_asks_in_the_order_of_my_topics(
    window: OpenWindow,
):
    aino = window("aino")
    panel = aino.open_home()
    expect(panel).to_contain_text("Three things to start with")
    expect(panel.get_by_role("link", name=OLDER)).to_be_visible()
    panel.get_by_role("button", name="Ask your peers").click()
    aino.modal.get_by_role("textbox", name="Question").fill("Who owns the cron host?")
    channel = aino.modal.get_by_role("combobox", name="Channel")
    channel.select_option("# help-backend")
    aino.modal.get_by_role("button", name="Ask").click()
    expect(aino.modal).to_be_hidden()
    # The tab is updated by itself, with the ask.
    expect(panel.get_by_role("link", name="Who owns the cron host?")).to_be_visible()
    expect(panel).not_to_contain_text("Three things")
    assert aino.accessibility_problems() == []

    aino.act_as("maya")
    aino.open_channel("help-backend")
    aino.say(f"/ask {NEWER}")
    aino.message(NEWER).wait_for()
    aino.act_as("aino")
    panel = aino.open_home()
    stands_above(panel, OLDER, NEWER)

    panel.get_by_role("button", name="My settings").first.click()
    expect(aino.modal).to_contain_text("your time zone in Slack")
    assert aino.accessibility_problems() == []
    aino.modal.get_by_role("textbox", name="Topics I know").fill("Rust, sailing")
    aino.modal.get_by_role("button", name="Save").click()
    expect(aino.modal).to_be_hidden()
    expect(panel).to_contain_text("Topics you know: Rust, sailing")
    stands_above(panel, NEWER, OLDER)
    expect(panel).to_contain_text("in your topics")
