"""The form to ask as Slack sends it, with what a member has typed in it."""

from typing import Any

from tests.factories import Story
from tests.slack_payloads import HELP_CHANNEL, PEER


def open_form(story: Story) -> dict[str, Any]:
    story.command(PEER, "/ask")
    return story.slack.views[-1][1]


def with_typed(
    view: dict[str, Any], question: str, details: str = "", channel: str = HELP_CHANNEL
) -> dict[str, Any]:
    values = {
        "title": {"ask_title": {"type": "plain_text_input", "value": question}},
        "details": {"details": {"type": "plain_text_input", "value": details}},
        "channel": {"ask_channel": {"selected_conversation": channel}},
        "more_topics": {"more_topics": {"value": "vpn, it"}},
    }
    return {**view, "type": "modal", "state": {"values": values}}


def report_question(
    story: Story, view: dict[str, Any], question: str, details: str = "", **click: Any
) -> dict[str, Any] | None:
    """Report the question, for Enter or a character; return the form if it changes."""
    before = len(story.slack.views)
    typed = with_typed(view, question, details)
    answer = story.click(PEER, "ask_title", question, view=typed, **click)
    assert answer.status == 200
    views = story.slack.views[before:]
    return views[-1][1] if views else None


def block_ids(view: dict[str, Any]) -> list[str]:
    return [b["block_id"] for b in view["blocks"] if b["type"] == "input"]


def elements(view: dict[str, Any]) -> dict[str, Any]:
    """Return the elements of the fields by their block's id."""
    return {b["block_id"]: b["element"] for b in view["blocks"] if "element" in b}
