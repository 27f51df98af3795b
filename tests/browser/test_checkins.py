"""A check-in from its set-up to its digest: asked on Monday, shared, stuck, solved."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window

pytestmark = pytest.mark.deep

QUESTION = "What are you working on this week?"
HINT = "Just a sentence or two"
BLOCKER = "The nightly import deadlocks since the upgrade"


def settings(window: Window) -> Locator:
    """Open the channel's settings as Aino, who is an admin."""
    window.act_as("aino")
    window.open_channel("help-backend")
    window.say("/backswing")
    expect(window.modal).to_contain_text("Check-ins")
    return window.modal


def plan(window: Window) -> None:
    """Go on to the second page, which shows the dates."""
    settings(window).get_by_role("button", name="Set up a check-in").click()
    question = window.modal.get_by_role("textbox", name="Question", exact=True)
    expect(question).to_have_value(QUESTION)
    window.modal.get_by_role("textbox", name="Dates to skip").fill("2027-01-01")
    window.modal.get_by_role("button", name="Next").click()
    expect(window.modal).to_contain_text("Next:")


def set_up(window: Window) -> None:
    plan(window)
    save(window)


def save(window: Window) -> None:
    window.modal.get_by_role("button", name="Save").click()
    expect(window.modal).to_contain_text("Set up by Aino Virtanen.")
    window.modal.get_by_role("button", name="Cancel").click()
    expect(window.modal).to_be_hidden()


def post_round(window: Window) -> Locator:
    """Return the post on Monday."""
    window.travel("Next Monday, 09:00")
    post = window.message(QUESTION)
    expect(post.get_by_role("button", name="Share")).to_be_visible()
    return post


def share(window: Window, member: str, **answers: str) -> None:
    """Share the three answers."""
    window.act_as(member)
    # The message for participants also contains the question, but no hint.
    window.message(HINT).get_by_role("button", name="Share").click()
    for word, text in answers.items():
        window.modal.get_by_role("textbox", name=word).fill(text)
    window.modal.get_by_role("button", name="Share", exact=True).click()
    expect(window.modal).to_be_hidden()


def share_all(window: Window) -> None:
    share(window, "noor", working="Getting to know the warehouse")
    share(window, "zoe", proud="No page all week :tada:")
    share(window, "lars", working="Upgrading PostgreSQL", stuck=BLOCKER)


def ask_peers(window: Window) -> None:
    """Turn the blocker into an ask, by one button and a look at the form."""
    window.open_direct_messages()
    window.page.get_by_role("button", name="Ask your peers").click()
    question = window.modal.get_by_role("textbox", name="Question")
    expect(question).to_have_value(BLOCKER)
    window.modal.get_by_role("button", name="Ask", exact=True).click()
    expect(window.message("You asked your peers")).to_be_visible()
    window.open_channel("help-backend")
    expect(window.message(BLOCKER)).to_contain_text("Asked by Lars Pedersen")


def close(window: Window) -> Locator:
    """Travel four days ahead, when the post becomes a digest."""
    for _ in range(4):
        window.travel("+1 day")
    digest = window.message(QUESTION)
    expect(digest.get_by_role("button", name="Share")).to_have_count(0)
    return digest


def test_set_up_asked_on_monday_shared_stuck_and_read_in_the_digest(window: OpenWindow):
    everybody = window()

    # An invalid value is reported beside its field, and the first page keeps the
    # values.
    plan(everybody)
    everybody.modal.get_by_role("button", name="Back", exact=True).last.click()
    zone = everybody.modal.get_by_role("textbox", name="Time zone")
    skips = everybody.modal.get_by_role("textbox", name="Dates to skip")
    expect(skips).to_have_value("2027-01-01")
    zone.fill("Europe/Hamburg")
    everybody.modal.get_by_role("button", name="Next").click()
    expect(zone).to_have_accessible_description(
        "I don't know that time zone. Write it like Europe/Berlin or"
        " America/New_York, or UTC. Such as Europe/Berlin or America/New_York, or"
        " UTC."
    )
    zone.fill("europe/helsinki")
    everybody.modal.get_by_role("button", name="Next").click()
    expect(everybody.modal).to_contain_text("Next:")
    save(everybody)

    post = post_round(everybody)
    expect(post).to_contain_text(HINT)
    # The time is readable, not Slack's token.
    shown = re.compile(r"Open until Friday, \d+ \w+ \d{4} at 09:00\.")
    expect(post).to_contain_text(shown)
    everybody.act_as("noor")
    post.get_by_role("button", name="Join").click()
    share_all(everybody)
    everybody.open_thread(post)
    expect(everybody.reply("Getting to know the warehouse")).to_contain_text(
        "@Noor Haddad shared"
    )
    everybody.act_as("diego")
    everybody.answer("Mostly reviews.")

    everybody.act_as("lars")
    ask_peers(everybody)
    everybody.act_as("priya")
    everybody.open_thread(everybody.message(BLOCKER))
    everybody.answer("Lock the partitions in order.")
    reply = everybody.reply("Lock the partitions in order.")
    everybody.act_as("lars")
    reply.hover()
    reply.get_by_role("button", name="React with white_check_mark").click()
    expect(everybody.message(BLOCKER)).to_contain_text("Solved")

    digest = close(everybody)
    expect(digest).to_contain_text("No page all week")
    expect(digest).to_contain_text("Noor Haddad")
    expect(digest).to_contain_text(BLOCKER)
    expect(digest).not_to_contain_text("Mostly reviews")
    assert everybody.accessibility_problems() == []

    everybody.act_as("noor")
    everybody.say("/backswing checkins")
    expect(everybody.modal).to_contain_text("Noor Haddad, Zoe Whitaker")
