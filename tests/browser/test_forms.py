"""Each kind of input, filled in by hand; views that are pushed, updated and closed."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from sandbox import Sandbox
from tests.browser.conftest import Window
from tests.sandbox.conftest import MANIFEST

pytestmark = pytest.mark.deep

NEAR = {"text": {"type": "plain_text", "text": "Near"}, "value": "near"}
FAR = {"text": {"type": "plain_text", "text": "Far"}, "value": "far"}
CONFIRM = {
    "title": {"type": "plain_text", "text": "Really?"},
    "text": {"type": "plain_text", "text": "It can't be undone."},
    "confirm": {"type": "plain_text", "text": "Do it"},
    "deny": {"type": "plain_text", "text": "Rather not"},
}


def field(kind: str, **element: Any) -> dict[str, Any]:
    """Return an input block whose ids and label are its element's type."""
    return {
        "type": "input",
        "block_id": kind,
        "label": {"type": "plain_text", "text": f"A {kind}"},
        "optional": True,
        "element": {"type": kind, "action_id": kind, **element},
    }


def modal(title: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
    }


@pytest.fixture
def slack() -> Iterator[Sandbox]:
    """Start a sandbox without an app: submissions fail, and the form stays."""
    slack = Sandbox(MANIFEST)
    slack.start()
    slack.add_channel("help", slack.add_person("ana"), slack.add_person("ben"))
    yield slack
    slack.stop()


@pytest.fixture
def ana(slack: Sandbox) -> str:
    return next(p.id for p in slack.workspace.people.values() if p.name == "ana")


@pytest.fixture
def window(slack: Sandbox, browser: Browser) -> Iterator[Window]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{slack.url}/?as=ana&in=help")
    page.get_by_role("textbox", name="Message #help").wait_for()
    yield Window(page)
    context.close()


def values(slack: Sandbox, person: str) -> dict[str, Any]:
    view = slack.view(person)
    assert view is not None
    return {
        block: next(iter(actions.values()))
        for block, actions in view["state"]["values"].items()
    }


def test_every_input_can_be_filled_in(slack: Sandbox, ana: str, window: Window) -> None:
    ben = next(p.id for p in slack.workspace.people.values() if p.name == "ben")
    here = next(c.id for c in slack.workspace.channels.values() if c.name == "help")
    kinds = [
        field("plain_text_input", multiline=True),
        field("email_text_input"),
        field("url_text_input"),
        field("number_input", is_decimal_allowed=True),
        field("datepicker"),
        field("timepicker"),
        field("static_select", options=[NEAR, FAR]),
        field("multi_static_select", options=[NEAR, FAR], max_selected_items=1),
        field("users_select"),
        field("multi_users_select"),
        field("channels_select"),
        field("conversations_select", default_to_current_conversation=True),
        field("radio_buttons", options=[NEAR, FAR]),
        field("checkboxes", options=[NEAR, FAR]),
    ]
    plain = {"type": "plain_text", "text": "<!channel> *not* `x` :tada:"}
    unread = {"type": "context", "elements": [plain, {**plain, "emoji": False}]}
    slack.views.open(ana, modal("All", unread, *kinds))
    form = window.modal
    # Nothing in plain text is markup but emoji.
    expect(form.get_by_text("<!channel> *not* `x` 🎉", exact=True)).to_be_visible()
    expect(form.get_by_text("<!channel> *not* `x` :tada:", exact=True)).to_be_visible()
    form.get_by_label("A plain_text_input").fill("One\nTwo")
    form.get_by_label("A email_text_input").fill("ana@example.org")
    form.get_by_label("A url_text_input").fill("https://example.org")
    form.get_by_label("A number_input").fill("1.5")
    form.get_by_label("A datepicker").fill("2026-03-29")
    form.get_by_label("A timepicker").fill("02:30")
    form.get_by_label("A static_select").select_option("Far")
    form.get_by_label("A multi_static_select").select_option("Near")
    expect(form.get_by_label("A multi_static_select")).to_be_disabled()
    form.get_by_label("A users_select").fill("Ben")
    form.get_by_label("A multi_users_select").fill("Ben")
    form.get_by_label("A channels_select").select_option("# help")
    form.get_by_label("A radio_buttons").get_by_label("Far").check()
    form.get_by_label("A checkboxes").get_by_label("Near").check()
    form.get_by_label("A checkboxes").get_by_label("Far").check()
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_have_text(
        "We had some trouble connecting. Try again?"
    )
    given = {
        name: entered.get(
            next(key for key in entered if key.startswith(("selected", "value")))
        )
        for name, entered in values(slack, ana).items()
    }
    assert given == {
        "plain_text_input": "One\nTwo",
        "email_text_input": "ana@example.org",
        "url_text_input": "https://example.org",
        "number_input": "1.5",
        "datepicker": "2026-03-29",
        "timepicker": "02:30",
        "static_select": FAR,
        "multi_static_select": [NEAR],
        "users_select": ben,
        "multi_users_select": [ben],
        "channels_select": here,
        "conversations_select": here,
        "radio_buttons": FAR,
        "checkboxes": [NEAR, FAR],
    }
    assert window.accessibility_problems() == []


def test_typed_values_survive_an_update_and_a_push(
    slack: Sandbox, ana: str, window: Window
) -> None:
    first = slack.views.open(ana, modal("First", field("plain_text_input")))
    box = window.modal.get_by_label("A plain_text_input")
    box.fill("Half a thought")
    note = {"type": "section", "text": {"type": "mrkdwn", "text": "*Updated*"}}
    slack.views.update(
        first, modal("Later", note, field("plain_text_input", max_length=20)), None
    )
    expect(window.modal.get_by_text("Updated")).to_be_visible()
    expect(box).to_have_value("Half a thought")
    expect(window.modal.get_by_text("6 left")).to_be_visible()

    slack.views.push(ana, modal("Second", field("timepicker")))
    expect(window.modal.get_by_role("heading", name="Second")).to_be_visible()
    expect(window.modal.get_by_label("A timepicker")).to_be_focused()
    window.modal.get_by_role("button", name="Back").click()
    expect(window.modal.get_by_role("heading", name="Later")).to_be_visible()
    expect(box).to_have_value("Half a thought")

    slack.views.push(ana, modal("Second", field("timepicker")))
    expect(window.modal.get_by_role("heading", name="Second")).to_be_visible()
    window.modal.get_by_role("button", name="Close").click()
    expect(window.modal).to_be_hidden()
    assert slack.view(ana) is None


def test_a_dangerous_button_asks_for_confirmation(
    slack: Sandbox, ana: str, window: Window
) -> None:
    button = {
        "type": "button",
        "action_id": "burn",
        "style": "danger",
        "text": {"type": "plain_text", "text": "Burn it"},
        "confirm": CONFIRM,
    }
    slack.views.open(ana, modal("Fire", {"type": "actions", "elements": [button]}))
    burn = window.modal.get_by_role("button", name="Burn it")
    sure = window.page.get_by_role("dialog", name="Really?")
    burn.click()
    sure.get_by_role("button", name="Rather not").click()
    expect(sure).to_be_hidden()
    expect(burn).to_be_focused()
    assert slack.deliveries == []
    burn.click()
    sure.get_by_role("button", name="Do it").click()
    expect(window.modal.get_by_role("alert")).to_contain_text("That didn't work")
    [pressed] = slack.deliveries
    assert pressed.payload["actions"][0]["action_id"] == "burn"
