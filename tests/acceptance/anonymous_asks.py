"""Asks without a name, as people make them in the sandbox."""

from typing import Any

from sandbox import Sandbox

# 32 bytes, as the operator would make them.
KEY = "QmFja3N3aW5nLXRlc3Qta2V5LW9mLTMyLWJ5dGVzISE="
QUESTION = "How do I tell a customer that the printer delivery fails?"


def submit(slack: Sandbox, person: str, **values: Any) -> None:
    """Submit the form that the person sees, which has to be right."""
    view = slack.view(person)
    assert view is not None
    ack = slack.submit(person, view["id"], values)
    assert (ack.status, ack.errors) == (200, {}), ack


def allow(slack: Sandbox, channel: str, admin: str) -> None:
    """Allow asks without a name for the workspace, and in a channel."""
    slack.command(admin, channel, "/backswing", "workspace")
    submit(slack, admin, anonymous_asks=["yes"])
    slack.command(admin, channel, "/backswing")
    submit(slack, admin, anonymous_asks="on")


def press_post(
    slack: Sandbox, channel: str, author: str, question: str = QUESTION
) -> None:
    """Fill in the form without a name, and post what the preview shows."""
    slack.command(author, channel, "/ask")
    submit(slack, author, title=question, anonymous=["yes"])
    preview = slack.view(author)
    assert preview is not None
    assert preview["callback_id"] == "ask_anonymously"
    submit(slack, author)
    done = slack.view(author)
    assert done is not None
    slack.close_view(author, done["id"], clear=True)


def press(slack: Sandbox, author: str, action: str, value: str | None = None) -> None:
    """Press a button of the author's ask, in its modal."""
    view = slack.view(author)
    assert view is not None
    ack = slack.click_view(author, view["id"], f"asker_{action}", value=value)
    assert ack.status == 200
