"""Press a button among an ask's options."""

from typing import Any

from sandbox import Sandbox


def press_option(
    slack: Sandbox, channel: str, ts: str, member: str, choice: str
) -> dict[str, Any]:
    """Press one of the ask's options; return the form that it opens."""
    ask_id = slack.message(channel, ts).blocks[-1]["block_id"].split("_")[1]
    slack.click(member, channel, ts, "ask_menu", option=f"options:{ask_id}")
    view = slack.view(member)
    assert view is not None
    slack.click_view(member, view["id"], choice)
    form = slack.view(member)
    assert form is not None
    return form
