"""A member says in the browser what matching may know of them."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.test_programs import join, open_programs

pytestmark = pytest.mark.deep

EXCLUDED = "People I'm not matched with"


def test_maya_types_her_team_and_excludes_lars(window: OpenWindow) -> None:
    maya = window("maya")
    panel = open_programs(maya)
    join(maya, panel)
    maya.modal.get_by_role("button", name="Join").click()
    maya.modal.get_by_role("button", name="OK").click()

    maya.open_channel("help-backend")
    maya.say("/backswing me")
    form = maya.modal
    form.get_by_role("textbox", name="My team").fill("Data platform")
    form.get_by_role("checkbox", name="My level").check()
    form.get_by_role("combobox", name=EXCLUDED).fill("Lars Pedersen")
    assert maya.accessibility_problems() == []
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()

    maya.say("/backswing me")
    expect(form.get_by_role("textbox", name="My team")).to_have_value("Data platform")
    expect(form.get_by_role("checkbox", name="My level")).to_be_checked()
    expect(form.get_by_role("checkbox", name="My team")).not_to_be_checked()
    expect(form).to_contain_text("Lars Pedersen")
    maya.page.keyboard.press("Escape")

    lars = window("lars")
    lars.open_channel("help-backend")
    lars.say("/backswing me")
    expect(lars.modal).to_contain_text("your time zone in Slack")
    expect(lars.modal).not_to_contain_text("Maya")
