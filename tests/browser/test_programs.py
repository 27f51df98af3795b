"""A lead makes a program and invites; people join, decline unseen, help, and leave."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window

pytestmark = pytest.mark.deep

NAME = "New managers"
# The name says which page it opens, or that this is the one.
PAGE = re.compile("^(Page: Program|Program, this page)$")
PEOPLE = re.compile("^(Page: People|People, this page)$")
COMMITMENT = "I'll take part in a way that means something to me"
LEFT = (
    "You left New managers. I send you no further messages about it. If you were in one"
    " of its circles, or matched with someone, they learn only that you can't be there."
    " Nobody else is told. Your past answers stay."
)
RULES = (
    "What you read here stays here.",
    "Ask early. No question is too small.",
    "Say what helped.",
)


def programs(window: Window, name: str) -> Locator:
    """Open the list of programs as this person."""
    window.act_as(name)
    window.open_channel("help-backend")
    window.say("/backswing program")
    expect(window.modal).to_contain_text("Peers")
    return window.modal


def fill_in(window: Window) -> None:
    """Fill in the three pages of the form as Aino, who is an admin."""
    form = programs(window, "aino")
    form.get_by_role("button", name="New program").click()
    for label, text in (
        ("Name", NAME),
        ("Who is it for?", "People who lead a team for the first time"),
        (
            "What do you want to reach together?",
            "Solve what comes up with people who face the same",
        ),
        ("What do people get from it?", "Three peers to ask, and answers in a day"),
    ):
        form.get_by_role("textbox", name=label).fill(text)
    form.get_by_role("button", name="Next").click()
    form.get_by_role("textbox", name="How much time").fill("10 minutes a week")
    form.get_by_role("textbox", name="Rules").fill("\n".join(RULES))
    choose_kind(form, "Peer coffee", "On")
    form.get_by_role("button", name="Next").click()
    form.get_by_role("combobox", name="Channels").select_option(label="# help-backend")
    expect(form).to_contain_text("Led by: Aino Virtanen")
    form.get_by_text("This is what people will read").scroll_into_view_if_needed()


def choose_kind(form: Locator, kind: str, choice: str) -> None:
    options = form.get_by_role("radiogroup", name=kind, exact=True)
    options.get_by_role("radio", name=choice, exact=True).check()


def make(window: Window) -> None:
    """Make the program, in two channels, and open it."""
    fill_in(window)
    channels = window.modal.get_by_role("combobox", name="Channels")
    channels.select_option(label="# help-frontend")
    window.modal.get_by_role("button", name="Save").click()
    expect(window.modal).to_contain_text("Saved as a draft")
    window.modal.get_by_role("button", name="Open", exact=True).click()
    confirm(window, "Open")
    expect(window.modal).to_contain_text("It's open.")


def confirm(window: Window, label: str) -> None:
    question = window.page.get_by_role("alertdialog").or_(
        window.page.get_by_role("dialog").filter(has_text="Not now")
    )
    question.last.get_by_role("button", name=label, exact=True).last.click()


def invite(window: Window) -> None:
    """Post the invitation in the channel."""
    window.modal.get_by_role("button", name="Invite people").click()
    channel = window.modal.get_by_role("combobox", name="Post it in a channel")
    channel.select_option(label="# help-backend")
    window.modal.get_by_role("button", name="Invite", exact=True).click()
    expect(window.modal).to_contain_text("Done.")
    close(window)


def close(window: Window) -> None:
    window.modal.get_by_role("button", name="Close").first.click()
    expect(window.modal).to_be_hidden()


def page_of_program(window: Window, name: str) -> Locator:
    modal = programs(window, name)
    modal.get_by_role("button", name=f"See {NAME}").click()
    expect(modal).to_contain_text("It takes: 10 minutes a week")
    return modal


def switch_kinds(window: Window) -> None:
    """Let peer coffee wait for people, and switch learning together off, as Aino."""
    form = page_of_program(window, "aino")
    form.get_by_role("button", name="Change", exact=True).click()
    form.get_by_role("button", name="Next").click()
    choose_kind(form, "Peer coffee", "When 6 people take part")
    choose_kind(form, "Learning together", "Off")
    form.get_by_role("button", name="Next").click()
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Saved.")
    close(window)


def open_people(window: Window, name: str) -> Locator:
    """Open the Home tab's page of people as this person."""
    window.act_as(name)
    panel = window.open_home()
    panel.get_by_role("button", name=PEOPLE).click()
    expect(panel).to_contain_text("Peer coffee")
    return panel


def name_champions(window: Window, *people: str) -> None:
    window.modal.get_by_role("button", name="Champions").click()
    field = window.modal.get_by_role("combobox", name="Champions")
    for person in people:
        field.fill(person)
    window.modal.get_by_role("button", name="Save").click()
    expect(window.modal).to_contain_text("It takes: 10 minutes a week")


def let_in(address: str, name: str, channel: str) -> None:
    """Add a guest, who can't join by themselves, to a channel."""
    state = httpx.get(f"{address}/_/state").json()
    ids = {each["name"]: each["id"] for each in (*state["people"], *state["channels"])}
    join = {"do": "join", "as": ids[name], "channel": ids[channel]}
    httpx.post(f"{address}/_/act", json=join).raise_for_status()


def expect_joined(window: Window, text: str) -> None:
    """Read the list of who joined, as the lead."""
    modal = page_of_program(window, "aino")
    modal.get_by_role("button", name="Who joined").click()
    expect(modal).to_contain_text(text)
    expect(modal).not_to_contain_text("Zoe")
    close(window)


def test_a_program_from_its_first_day_to_ana_who_leaves(
    window: OpenWindow, address: str
) -> None:
    page = window()
    make(page)
    assert page.accessibility_problems() == []
    name_champions(page, "Tomas Okafor", "Lars Pedersen")
    invite(page)
    invitation = page.message("You're invited to join:")
    expect(invitation).to_contain_text("Solve what comes up")
    for rule in RULES:
        expect(invitation).to_contain_text(rule)

    page.act_as("priya")
    page.message("You're invited").get_by_role("button", name="Join").click()
    form = page.modal
    form.get_by_role("checkbox", name="I'll take part").check()
    form.get_by_role("button", name="Join", exact=True).click()
    expect(form).to_contain_text(NAME)
    close(page)
    panel = open_people(page, "priya")
    expect(panel).to_contain_text("Learn together")
    expect(panel).to_contain_text("0 people take part now. The next round is on")
    switch_kinds(page)
    panel = open_people(page, "priya")
    expect(panel).to_contain_text("It begins when 6 people of your program take part.")
    expect(panel).not_to_contain_text("Learn together")

    page.act_as("zoe")
    page.open_channel("help-backend")
    page.message("You're invited").get_by_role("button", name="Not for me").click()
    page.message("I didn't note that down").wait_for()
    # Nobody else can tell.
    for name in ("aino", "priya", "tomas"):
        page.act_as(name)
        page.open_channel("help-backend")
        expect(page.message("You're invited")).not_to_contain_text("Zoe")
        expect(page_of_program(page, name)).not_to_contain_text("Zoe")
        close(page)
        expect(open_programs(page)).not_to_contain_text("Zoe")
    expect_joined(page, "1 person joined New managers")

    greet(page, address)
    leave(page)
    expect_joined(page, "Nobody joined New managers yet")


def greet(page: Window, address: str) -> None:
    """Become a champion as Tomas, and say hello to Gus, who is new in a channel."""
    for step in ("Next Monday, 09:00", "+1 hour", "+1 hour"):
        page.travel(step)
    page.act_as("tomas")
    page.open_direct_messages()
    question = page.message("Aino Virtanen would like you to be a champion")
    question.get_by_role("button", name="Yes, I'd like to").click()
    page.message("Thank you for being a champion of New managers!").wait_for()
    let_in(address, "gus", "help-frontend")
    for step in ("+1 day", "+1 hour"):
        page.travel(step)
    panel = open_programs(page)
    expect(panel).to_contain_text("Say hello to Gus Moreau")
    assert page.accessibility_problems() == []
    expect(panel.get_by_text("Write to Gus Moreau")).to_be_visible()
    panel.get_by_role("button", name="Done already").first.click()
    expect(panel).not_to_contain_text("Gus Moreau")


def leave(page: Window) -> None:
    """Leave as Priya on the program's page, and read what that means."""
    modal = page_of_program(page, "priya")
    modal.get_by_role("button", name="Leave").click()
    expect(modal).to_contain_text(LEFT)
    modal.get_by_role("button", name="Back", exact=True).click()
    # The page beneath has changed, too.
    expect(modal.get_by_role("button", name="Leave")).to_be_hidden()
    expect(modal.get_by_role("button", name="Join")).to_be_visible()
    close(page)


# The workspace's own program


def open_programs(window: Window) -> Locator:
    panel = window.open_home()
    panel.get_by_role("button", name=PAGE).click()
    shown = panel.get_by_role("button", name="Program, this page")
    # Until the bot has answered, the button is grey.
    expect(shown).to_have_attribute("aria-busy", "false")
    return panel


def join(window: Window, panel: Locator) -> None:
    """Open the form, and fill it in."""
    panel.get_by_role("button", name="Join").click()
    expect(window.modal).to_contain_text("Answer in the ask's thread")
    window.modal.get_by_role("textbox", name="Topics I know").fill("retries, postgres")
    window.modal.get_by_role("textbox", name="Topics I want to learn").fill("rust")
    window.modal.get_by_role("radio", name="In writing", exact=True).check()
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
    expect(zoe.modal).to_contain_text("All is as before, but")
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
