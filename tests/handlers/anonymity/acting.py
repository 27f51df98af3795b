"""What people press about asks without a name, as an author or as anyone."""

import json
from typing import Any

from tests.factories import Story
from tests.slack_payloads import ASKER

# All buttons and forms of an author, without their prefix.
ASK_BUTTONS = (
    *("open", "close", "reopen", "ask_people", "reply", "edit", "worked", "thank"),
    *("delete", "reveal"),
)
BUTTONS = (
    *ASK_BUTTONS,
    *("mark_solved", "mark_helpful", "reply_edit", "reply_delete", "withdraw"),
)
FORMS = ("reply", "edit", "worked", "thank", "delete", "reveal", "reveal_again")

HOME = {"type": "home", "private_metadata": "", "blocks": []}


class Actor:
    """A member who presses buttons about asks, in their Home tab and its modals."""

    def __init__(self, story: Story, member: str = ASKER) -> None:
        self.story, self.member = story, member

    def press(self, action: str, value: object, **more: Any) -> dict[str, Any]:
        """Press a button of the Home tab or its modal; return the view that follows."""
        views = self.story.slack.views
        before = len(views)
        view = dict(HOME) if action in {"open", "withdraw"} else {"type": "modal"}
        self.story.click(self.member, f"asker_{action}", str(value), view=view, **more)
        assert len(views) > before, "nothing is shown"
        return dict(views[-1][1])

    def submit(self, view: dict[str, Any], /, **values: Any) -> dict[str, Any]:
        """Submit a form; return the view that follows, or the response with errors."""
        names = {
            name: values.pop(name)
            for name in ("view_id", "view_hash")
            if name in values
        }
        response = self.story.submit(self.member, view, values, **names)
        body = dict(json.loads(response.body))
        return dict(body["view"]) if body["response_action"] == "update" else body

    def shortcut(self, ts: str, author: str, thread_ts: str | None = None) -> Any:
        """Choose *Answer without my name*; return the form, or the text instead."""
        slack = self.story.slack
        before = len(slack.views), len(slack.responses), len(slack.ephemeral_messages)
        self.story.message_shortcut(
            self.member, "answer_anonymously", author, ts, thread_ts=thread_ts
        )
        if len(slack.views) > before[0]:
            return dict(slack.views[-1][1])
        if len(slack.ephemeral_messages) > before[2]:
            return slack.ephemeral_messages[-1].text
        assert len(slack.responses) > before[1], "nothing is shown"
        return slack.responses[-1][1]


def text_of(view: object) -> str:
    return json.dumps(view, ensure_ascii=False)


def values_of(view: dict[str, Any], action: str) -> list[str]:
    """Return the values of the view's buttons with this action."""
    elements = [
        element
        for block in view["blocks"]
        for element in (*block.get("elements", ()), block.get("accessory") or {})
    ]
    name = f"asker_{action}"
    return [each["value"] for each in elements if each.get("action_id") == name]
