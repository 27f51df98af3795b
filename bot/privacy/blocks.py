"""Views about a member's data and its erasure. Values in, views out."""

from collections.abc import Mapping

from slack_sdk.models.blocks import SectionBlock
from slack_sdk.models.views import View

from bot.slack.blocks import Note

FILE_PENDING = (
    "I'm putting everything I keep about you into a file. It comes to you as a direct"
    " message in a moment."
)
FILE_COMMENT = "This is everything I keep about you. `/backswing forget me` removes it."
FILE_TITLE = "What Backswing keeps about you"

HELP = "*Your data:* `/backswing my data` shows it, `/backswing forget me` removes it."

_CONSEQUENCES = (
    "• Your asks lose their words and your name. They stay as somebody's, so that the"
    " answers in them and the totals stay right; open ones are closed.\n"
    "• Your answers and reactions stay as somebody's.\n"
    "• Your settings, and what else is only about you, go.\n"
    "• What I wrote to others that names or quotes you is reworded, and what I wrote"
    " to you is deleted. That can take a few minutes.\n"
    "• What you wrote in Slack yourself stays: it is yours to delete.\n"
    "• Nobody can undo it. If you use me again, you start fresh."
)


# What people know that they did, by its table: of one and of several. The rest is our
# own book-keeping, whose names say nothing to them.
_TABLE_LABELS = {
    "asks": ("ask", "asks"),
    "answers": ("answer", "answers"),
    "reactions": ("reaction", "reactions"),
    "thanks": ("kudos given or received", "kudos given or received"),
    "checkins": ("check-in", "check-ins"),
}


def forget_form(counts: Mapping[str, int]) -> View:
    """`counts`: how many rows of the person's each table has."""
    held = [
        f"{counts[table]:,} {one if counts[table] == 1 else several}"
        for table, (one, several) in _TABLE_LABELS.items()
        if counts.get(table)
    ]
    if any(n for table, n in counts.items() if table not in _TABLE_LABELS):
        held.append("your settings, and notes on what I wrote to you")
    about = "I keep nothing of your own."
    if held:
        about = f"I keep this of you: {', '.join(held)}."
    return View(
        type="modal",
        callback_id="forget_me",
        title="Forget me",
        submit="Forget me",
        close="Cancel",
        blocks=[
            SectionBlock(text=about),
            SectionBlock(text=f"*When you press Forget me:*\n{_CONSEQUENCES}"),
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
                text="Done: I have forgotten you. My messages that name you are being"
                " reworded; that can take a few minutes."
            )
        ],
    )


def redacted_message() -> Note:
    """Build the replacement of a message that named an erased member."""
    text = "I took this message back: it may have named somebody I was to forget."
    return text, [SectionBlock(text=text)]
