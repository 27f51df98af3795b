"""Kudos by clicking: give, join, read one's own, take back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow

pytestmark = pytest.mark.deep

REASON = "walking me through the lock table last night"


def test_give_join_and_take_back(window: OpenWindow) -> None:
    noor, gus, zoe = window("noor"), window("gus"), window("zoe")

    # Errors are shown at once, to the giver only, and the text comes back.
    noor.say("/kudos @noor thx")
    refused = noor.message("Only visible to you")
    expect(refused).to_contain_text("You can't thank yourself")
    expect(refused).to_contain_text("at least 20 characters")
    expect(refused).to_contain_text("You typed: @noor thx")
    expect(gus.page.get_by_text("at least 20 characters")).to_have_count(0)

    noor.say(f"/kudos @gus @zoe for {REASON} #postgres")
    line = noor.message("You can thank 3 more people today")
    expect(line).to_contain_text("Only visible to you")
    posted = gus.message(REASON)
    expect(posted).to_contain_text("Noor Haddad thanks @Gus")
    expect(posted).to_contain_text("#postgres")
    assert noor.accessibility_problems() == []

    # Gus sees the message, which mentions him, and needs no direct message about it.
    gus.open_direct_messages()
    gus.message("on your desk").wait_for()
    expect(gus.page.get_by_role("main")).not_to_contain_text(REASON)
    gus.rail.get_by_role("button", name="help-backend").click()
    expect(gus.page.get_by_role("heading", name="help-backend")).to_be_visible()

    maya = window("maya")
    seen = maya.message(REASON)
    seen.hover()
    seen.get_by_role("button", name="React with raised_hands").click()
    expect(posted).to_contain_text("Noor Haddad and 1 other thank")
    seen.get_by_role("button", name="raised_hands, 1: you").click()
    expect(posted).to_contain_text("Noor Haddad thanks @Gus")

    zoe.say("/kudos me")
    mine = zoe.message("Kudos you received")
    expect(mine).to_contain_text("Noor Haddad, ")
    expect(mine).to_contain_text(REASON)

    # Other people can't take kudos back; the giver can, and the message shows it.
    posted.get_by_role("button", name="More choices").press("Enter")
    gus.page.get_by_role("dialog").get_by_role("button", name="Take back…").click()
    sure = gus.page.get_by_role("dialog", name="Take these kudos back?")
    sure.get_by_role("button", name="Take back").click()
    expect(gus.message("Only the person who gave them")).to_be_visible()
    line.get_by_role("button", name="Take back").click()
    expect(noor.message("Kudos taken back")).to_be_visible()
    expect(gus.message("took these kudos back")).to_be_visible()
    expect(gus.page.get_by_role("main")).not_to_contain_text(REASON)


def test_thank_the_author_privately(window: OpenWindow) -> None:
    priya, zoe = window("priya"), window("zoe")
    priya.read_thread("retry storm")
    priya.choose_action(priya.reply("Add jitter"), "Thank the author")
    form = priya.modal
    expect(form.get_by_role("list", name="Chosen")).to_contain_text("Zoe")
    reason = form.get_by_role("textbox", name="What for?")
    expect(reason).to_be_focused()
    reason.fill("Too short")
    form.get_by_role("button", name="Give").click()
    expect(reason).to_have_accessible_description(
        re.compile("Say what for, in at least 20 characters")
    )
    reason.fill("The jitter saved our evening, and the weekend after it.")
    assert priya.accessibility_problems() == []
    form.get_by_role("radio", name="Only for them").check()
    form.get_by_role("button", name="Give").click()
    expect(form).to_be_hidden()

    zoe.open_direct_messages()
    letter = zoe.message("saved our evening")
    expect(letter).to_contain_text("Priya Raman thanks you privately")
    letter.get_by_role("link", name="this message").click()
    expect(zoe.page.get_by_role("heading", name="help-backend")).to_be_visible()
    expect(priya.page.get_by_role("main")).not_to_contain_text("saved our evening")


def test_in_a_thread_the_kudos_stay_in_it(window: OpenWindow) -> None:
    lars = window("lars")
    lars.read_thread("retry storm")
    lars.choose_action(lars.reply("Full jitter did it"), "Thank the author")
    form = lars.modal
    form.get_by_role("textbox", name="What for?").fill(
        "Coming back to tell us what worked in the end."
    )
    form.get_by_role("button", name="Give").click()
    thanks = lars.reply("Coming back to tell us")
    expect(thanks).to_contain_text("Lars Pedersen thanks @")
    expect(thanks).to_contain_text("this message")
