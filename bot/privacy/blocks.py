"""Views about a member's data and its erasure. Pure."""

from collections.abc import Iterable

from slack_sdk.models.blocks import SectionBlock
from slack_sdk.models.views import View

from bot.slack.blocks import Note

FILE_PENDING = (
    "I'm putting everything I keep about you into a file. I'll send it to you as a"
    " direct message in a moment."
)
FILE_COMMENT = "This is everything I keep about you. `/backswing forget me` deletes it."
FILE_TITLE = "What Backswing keeps about you"

HELP = "*Your data:* `/backswing my data` shows it, `/backswing forget me` deletes it."

ERASURE_LINES = (
    "I delete your settings, and everything else that is only about you.",
    (
        "I reword my messages to others that name or quote you, and delete my messages"
        " to you. That can take a few minutes."
    ),
    "Your own messages in Slack stay. Only you can delete them.",
    "This can't be undone. If you use me again, you start fresh.",
)


def forget_form(
    counts: Iterable[tuple[tuple[str, str] | None, int]], consequences: Iterable[str]
) -> View:
    """Build the form that asks for confirmation of an erasure.

    `counts` has for each table the singular and plural of its rows' name (None: members
    don't know about the table), and the number of the member's rows.
    """
    stored = []
    has_other = False
    for names, count in counts:
        if names is None:
            has_other |= count > 0
        elif count:
            stored.append(f"{count:,} {names[count != 1]}")
    if has_other:
        stored.append("your settings, and records of what I sent you")
    summary = "I keep nothing about you."
    if stored:
        summary = f"I keep this about you: {', '.join(stored)}."
    lines = "\n".join(f"• {line}" for line in consequences)
    return View(
        type="modal",
        callback_id="forget_me",
        title="Forget me",
        submit="Forget me",
        close="Cancel",
        blocks=[
            SectionBlock(text=summary),
            SectionBlock(text=f"*When you press Forget me:*\n{lines}"),
            SectionBlock(text="To see it all first, type `/backswing my data`."),
        ],
    )


def erased_view() -> View:
    return View(
        type="modal",
        title="Forget me",
        close="Close",
        blocks=[
            SectionBlock(
                text=(
                    "Done: I've forgotten you. I'm rewording my messages that name"
                    " you. That can take a few minutes."
                )
            )
        ],
    )


def redacted_message() -> Note:
    """Build the replacement of a message that named an erased member."""
    text = (
        "I removed this message because it may have named someone who asked to be"
        " forgotten."
    )
    return text, [SectionBlock(text=text)]
