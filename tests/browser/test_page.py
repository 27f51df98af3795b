"""The page: the keyboard, narrow windows, and axe's findings on each surface."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow, Window, begin_again

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def address(bot: str) -> str:
    """One workspace for all tests here, of which none disturbs another."""
    begin_again(bot)
    return bot


def test_the_keyboard_is_enough(window: OpenWindow) -> None:
    tomas = window("tomas")
    box = tomas.page.get_by_role("textbox", name="Message #help-backend")
    box.focus()
    tomas.page.keyboard.type("/as")
    proposals = tomas.page.get_by_role("listbox", name="Suggestions")
    expect(proposals.get_by_role("option")).to_have_text(
        ["/ask How do I …? Ask your peers"]
    )
    tomas.page.keyboard.press("Tab")
    expect(box).to_have_value("/ask ")
    tomas.page.keyboard.press("Enter")
    expect(tomas.modal.get_by_role("textbox", name="Question")).to_be_focused()
    tomas.page.keyboard.press("Escape")
    expect(tomas.modal).to_be_hidden()
    expect(box).to_be_focused()

    tomas.page.keyboard.type("Thanks @pri")
    tomas.page.keyboard.press("Enter")
    tomas.page.keyboard.type("for #help-f")
    tomas.page.keyboard.press("Enter")
    tomas.page.keyboard.press("Shift+Enter")
    tomas.page.keyboard.type("all of it :tad")
    tomas.page.keyboard.press("Enter")
    tomas.page.keyboard.press("Enter")
    said = tomas.message("Thanks")
    expect(said).to_contain_text("@Priya Raman for #help-frontend")
    expect(said).to_contain_text("all of it 🎉")

    react = said.get_by_role("button", name="Add a reaction").last
    react.focus()
    tomas.page.keyboard.press("Enter")
    tomas.page.keyboard.type("rocket")
    tomas.page.keyboard.press("Enter")
    expect(said.get_by_role("button", name="rocket, 1: you")).to_be_visible()
    expect(react).to_be_focused()


def test_a_person_can_delete_their_message_leave_and_return(
    window: OpenWindow,
) -> None:
    hana = window("hana", "general")
    hana.say("Gone in a moment")
    hana.choose_action(hana.message("Gone in a moment"), "Delete message")
    expect(hana.page.get_by_text("Gone in a moment")).to_have_count(0)
    hana.say("/leave")
    hana.page.get_by_role("button", name="Join").click()
    expect(hana.page.get_by_role("textbox", name="Message #general")).to_be_visible()
    hana.page.get_by_role("button", name="show them").click()
    people = hana.page.get_by_role("dialog", name="Members of #general")
    expect(people).to_contain_text("Hana Kobayashi (you)")


def test_a_phone_shows_one_pane_at_a_time(window: OpenWindow) -> None:
    zoe = window("zoe", width=390)
    page = zoe.page
    wide = "document.documentElement.scrollWidth > window.innerWidth"
    expect(zoe.message("retry storm")).to_be_attached()
    assert not page.evaluate(wide)
    expect(zoe.rail).to_be_hidden()
    page.get_by_role("button", name="Channels and people").click()
    expect(zoe.rail).to_be_visible()
    zoe.rail.get_by_role("button", name="general").click()
    expect(zoe.rail).to_be_hidden()
    page.get_by_role("button", name="Channels and people").click()
    zoe.rail.get_by_role("button", name="general").click()
    expect(zoe.rail).to_be_hidden()
    page.go_back()
    zoe.read_thread("retry storm")
    expect(zoe.reply("jitter before anything else")).to_be_visible()
    assert not page.evaluate(wide)
    page.get_by_role("button", name="Close thread").click()
    expect(zoe.thread).to_be_hidden()
    zoe.say(f"/ask Why does {'Donaudampfschiff' * 8} fail?")
    title = zoe.message("Why does Donaudampfschiff").get_by_text("Why does").first
    expect(title).to_be_visible()
    assert title.evaluate("e => e.getBoundingClientRect().right") <= 390


def _thread(window: Window) -> None:
    window.read_thread("retry storm")
    window.reply("jitter before anything else").hover()


def _ask(window: Window) -> None:
    window.say("/ask")
    window.modal.get_by_role("button", name="Ask").click()
    expect(window.modal.get_by_text("Please complete")).to_be_visible()


def _settings(window: Window) -> None:
    window.act_as("Aino Virtanen")
    window.say("/backswing")
    window.modal.get_by_role("radio").first.wait_for()


def _home(window: Window) -> None:
    window.rail.get_by_role("button", name="Backswing").click()
    window.page.get_by_role("tab", name="Home").click()
    expect(window.page.get_by_role("tabpanel")).to_contain_text("open asks")


def _pressed(name: str) -> Callable[[Window], None]:
    def press(window: Window) -> None:
        window.page.get_by_role("button", name=name).first.click()
        window.page.get_by_role("dialog").wait_for()

    return press


def _picker(window: Window) -> None:
    message = window.message("retry storm")
    message.hover()
    message.get_by_role("button", name="Add a reaction").last.click()


def _proposals(window: Window) -> None:
    window.page.get_by_role("textbox", name="Message").press_sequentially("/")


SURFACES: dict[str, Callable[[Window], None]] = {
    "channel": lambda window: window.message("retry storm").hover(),
    "thread": _thread,
    "ask": _ask,
    "settings": _settings,
    "home": _home,
    "letters": Window.open_direct_messages,
    "people": _pressed("switch person"),
    "members": _pressed("show them"),
    "clock": _pressed("travel in time"),
    "faults": _pressed("Faults"),
    "emoji": _picker,
    "proposals": _proposals,
}


@pytest.mark.parametrize("surface", SURFACES)
def test_axe_finds_no_problems(window: OpenWindow, surface: str) -> None:
    noor = window("noor")
    noor.message("retry storm").wait_for()
    SURFACES[surface](noor)
    noor.page.wait_for_timeout(200)
    assert noor.accessibility_problems() == []
    # In the dark only the colours differ.
    noor.page.emulate_media(color_scheme="dark")
    noor.page.wait_for_timeout(200)
    assert noor.accessibility_problems("color-contrast") == []
