"""Block Kit builders that several features share."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, ContextBlock, PlainTextObject, SectionBlock
from slack_sdk.models.views import View

from bot.slack import rich_text
from bot.slack.rich_text import Part, fallback_text
from bot.slack.text import SOMEONE, capitalize

MAX_NAMES = 5


def name_list(people: Sequence[str]) -> str:
    """Plain names, which notify nobody: "Ana, Ben and 3 more"."""
    if len(people) > MAX_NAMES:
        shown, rest = people[: MAX_NAMES - 1], len(people) - MAX_NAMES + 1
        return f"{', '.join(shown)} and {rest} more"
    if len(people) > 1:
        return f"{', '.join(people[:-1])} and {people[-1]}"
    return people[0] if people else "nobody"


def context_line(text: str) -> ContextBlock:
    return ContextBlock(elements=[PlainTextObject(text=text, emoji=False)])


# Beside a field only plain text is shown.
NOT_IN_CHANNEL = (
    "I'm not in that channel yet: type /invite @Backswing there, then ask again."
)


NOT_IN_CHANNEL_CHOOSE = (
    "I'm not in that channel yet. Choose another one, or type `/invite @Backswing`"
    " there first."
)


CHOOSE_CHANNEL = (
    "Pick a channel I'm in. For any other, type `/invite @Backswing` there first."
)


def message_modal(title: str, text: str, *more_blocks: Block) -> View:
    """A message where only a view can be shown. `text` is mrkdwn of our own."""
    return View(
        type="modal",
        callback_id="told",
        title=title,
        close="OK",
        blocks=[SectionBlock(text=text), *more_blocks],
    )


Note = tuple[str, list[Block]]


def sentence_note(*parts: Part) -> Note:
    """A sentence, which may begin with somebody we can't name."""
    if isinstance(parts[0], str) and parts[0].startswith(SOMEONE):
        parts = (capitalize(parts[0]), *parts[1:])
    return fallback_text(*parts), [rich_text.inline(*parts)]
