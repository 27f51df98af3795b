"""Zoe joins the workspace's own program and leaves it; Lars declines unseen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window, start_bot, stop_bot

pytestmark = pytest.mark.deep

COMMITMENT = "I'll take part in a way that means something to me"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A workspace of its own, whose clock moves for all people in it."""
    process, address = start_bot(tmp_path_factory.mktemp("programs"))
    yield address
    stop_bot(process)


def open_programs(window: Window) -> Locator:
    panel = window.open_home()
    panel.get_by_role("button", name="Page: Program").click()
    expect(panel.get_by_role("button", name="Program, this page")).to_be_visible()
    return panel


def join(window: Window, panel: Locator) -> None:
    """Open the form, and fill it in."""
    panel.get_by_role("button", name="Join").click()
    expect(window.modal).to_contain_text("Answer in the ask's thread")
    window.modal.get_by_role("textbox", name="Topics I know").fill("retries, postgres")
    window.modal.get_by_role("textbox", name="Topics I want to learn").fill("rust")
    window.modal.get_by_role("radio", name="In writing").check()
    window.modal.get_by_role("radio", name="Some", exact=True).check()
    window.modal.get_by_role("checkbox", name=COMMITMENT).check()


def test_zoe_joins_knowing_what_it_takes_and_leaves(window: OpenWindow) -> None:
    zoe = window("zoe")
    panel = open_programs(zoe)
    expect(panel).to_contain_text("Programs you could join")
    join(zoe, panel)
    assert zoe.accessibility_problems() == []
    zoe.modal.get_by_role("button", name="Join").click()
    expect(zoe.modal).to_contain_text("You're in Peers.")
    zoe.modal.get_by_role("button", name="OK").click()
    expect(panel).to_contain_text("This quarter you asked 0, answered 3.")
    assert zoe.accessibility_problems() == []

    panel.get_by_role("button", name="Leave").click()
    expect(zoe.modal).to_contain_text("Your past answers stay.")
    zoe.modal.get_by_role("button", name="Come back").click()
    expect(zoe.modal).to_contain_text("All is as before.")
    zoe.modal.get_by_role("button", name="OK").click()
    expect(panel).to_contain_text("This quarter you asked 0, answered 3.")


def test_lars_declines_and_nobody_can_tell(window: OpenWindow) -> None:
    aino, lars = window("aino"), window("lars")
    aino.travel("Next Monday, 09:00")
    aino.say("/backswing program")
    aino.modal.get_by_role("button", name="See Peers").click()
    aino.modal.get_by_role("button", name="Invite people").click()
    people = aino.modal.get_by_role("combobox", name="Write to people")
    people.fill("Lars Pedersen")
    assert aino.accessibility_problems() == []
    aino.modal.get_by_role("button", name="Invite", exact=True).click()
    expect(aino.modal).to_contain_text("I write to each person once")

    aino.page.keyboard.press("Escape")
    lars.travel("+1 hour")
    lars.open_direct_messages()
    invitation = lars.message("You're invited to join:")
    expect(invitation).to_contain_text("Ask each other for help")
    assert lars.accessibility_problems() == []
    invitation.get_by_role("button", name="Not for me").click()
    expect(lars.message("I didn't note that down")).to_be_visible()
    expect(lars.message("You're invited to join:")).to_be_hidden()
