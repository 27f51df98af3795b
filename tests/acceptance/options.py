"""What a person chooses among an ask's options."""

from typing import Any

from sandbox import Sandbox


def choose(
    slack: Sandbox, channel: str, ts: str, who: str, choice: str
) -> dict[str, Any]:
    """Press one of the ask's options; the form in which more is said."""
    ask_id = slack.message(channel, ts).blocks[-1]["block_id"].split("_")[1]
    slack.click(who, channel, ts, "ask_menu", option=f"options:{ask_id}")
    view = slack.view(who)
    assert view is not None
    slack.click_view(who, view["id"], choice)
    form = slack.view(who)
    assert form is not None
    return form
