"""Champions' suggestions in the Home tab and in Monday's message. Pure."""

from collections.abc import Sequence

from slack_sdk.models.blocks import DividerBlock, HeaderBlock, SectionBlock
from slack_sdk.models.views import View

from bot.home.row_blocks import Row, RowList
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line, message_modal
from bot.worklist.view import WorkItemView

HEADER = "What you could do this week"
STOPPED = "OK, no more messages on Mondays. What you could do stays on my Home tab."
# With five items, the rest of the message has room, too.
_TEXT = "Nobody sees what you choose."


def _rows(items: Sequence[tuple[int, WorkItemView]]) -> list[Row]:
    """Return the items, with a line between them."""
    rows = [_row(item_id, item) for item_id, item in items]
    return [*rows[:1], *([DividerBlock(), *row] for row in rows[1:])]


def _row(item_id: int, item: WorkItemView) -> Row:
    return [
        rich_text.inline(*item.parts),
        rich_text.context_line(*item.reason),
        button_row(
            *item.buttons,
            button("Done already", "work_done", item_id),
            button("Not for me", "work_refuse", item_id),
        ),
    ]


def open_items(items: Sequence[tuple[int, WorkItemView]]) -> RowList:
    """Build the Home tab's list for a champion; nothing if there is nothing to do."""
    if not items:
        return RowList()
    return RowList(
        [
            HeaderBlock(text=HEADER),
            SectionBlock(
                text="You can help with these. At most five a week;"
                f" each is optional. {_TEXT}",
                accessory=button("How champions help", "work_guide", "guide"),
            ),
        ],
        _rows(items),
    )


def monday(items: Sequence[tuple[int, WorkItemView]]) -> Note:
    """Build Monday's message, also as it is after some of its buttons were pressed."""
    if not items:
        text = "That's all for now. Thank you for looking after your peers."
        return text, [SectionBlock(text=text)]
    things = "one thing" if len(items) == 1 else f"{len(items)} things"
    text = f"You could do {things} for your peers this week."
    rows = [block for row in _rows(items) for block in row]
    return text, [
        SectionBlock(text=text),
        *rows,
        DividerBlock(),
        button_row(
            button("How champions help", "work_guide", "guide"),
            button("No more Monday messages", "work_stop", "stop"),
        ),
        context_line(f"Each is optional. {_TEXT}"),
    ]


def guide() -> View:
    """Build the guide for champions: five sentences."""
    return message_modal(
        "How champions help",
        "*Say hello to people who are new:* two lines from a person do more than any"
        " message of mine.\n\n"
        "*Look after asks that wait:* answer, or write to someone who may know.\n\n"
        "*Don't answer everything yourself,* so that others get used to answering.\n\n"
        "*Thank people for the first time they ask or help,* and say what for.\n\n"
        "*Leave what doesn't suit you:* it goes to another champion, and nobody is told"
        " whose it was.",
    )
