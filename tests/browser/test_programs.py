"""A lead makes a program and invites; people join, decline unseen, help, and leave."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow, Window, start_bot, stop_bot

pytestmark = pytest.mark.deep

NAME = "New managers"
COMMITMENT = "I'll take part in a way that means something to me"
RULES = (
    "What you read here stays here.",
    "Ask early. No question is too small.",
    "Say what helped.",
)


@pytest.fixture
def address(tmp_path) -> Iterator[str]:
    """A workspace of its own, so that its lists have nothing else."""
    process, address = start_bot(tmp_path)
    yield address
    stop_bot(process)


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
    form.get_by_role("button", name="Next").click()
    form.get_by_role("combobox", name="Channels").select_option(label="# help-backend")
    expect(form).to_contain_text("Led by: Aino Virtanen")
    form.get_by_text("This is what people will read").scroll_into_view_if_needed()


def make(window: Window) -> None:
    """Make the program, and open it."""
    fill_in(window)
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


def test_a_program_is_made_joined_declined_unseen_and_left(window: OpenWindow):
    page = window()
    make(page)
    assert page.accessibility_problems() == []
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

    page.act_as("tomas")
    page.message("You're invited").get_by_role("button", name="Not for me").click()
    page.message("I didn't note that down").wait_for()
    # Nobody else can tell.
    page.act_as("aino")
    expect(page.message("You're invited")).not_to_contain_text("Tomas")
    modal = page_of_program(page, "aino")
    modal.get_by_role("button", name="Who joined").click()
    expect(modal).to_contain_text("1 person joined New managers")
    expect(modal).to_contain_text("Priya Raman")
    expect(modal).not_to_contain_text("Tomas")
    close(page)

    page_of_program(page, "priya").get_by_role("button", name="Leave").click()
    expect(page.modal).to_contain_text("nobody is told")
    close(page)
    modal = page_of_program(page, "aino")
    modal.get_by_role("button", name="Who joined").click()
    expect(modal).to_contain_text("Nobody joined New managers yet")


# The workspace's own program


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
