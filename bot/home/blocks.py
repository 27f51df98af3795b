"""The bot's Home tab. Values in, views out."""

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot import rich
from bot.settings.blocks import HELP
from bot.text import plain, shorten

# Title, address, state.
Row = tuple[str, str, str]


def home(open_asks: Sequence[Row], *, more: int) -> View:
    """My open asks, the newest first, and what the bot can do."""
    blocks: list[Block] = [
        HeaderBlock(text="Your open asks"),
        *(_row(*row) for row in open_asks),
    ]
    if not open_asks:
        blocks.append(
            SectionBlock(
                text="None at the moment. What are you stuck on? Your peers may know."
            )
        )
    if more:
        blocks.append(
            ContextBlock(elements=[MarkdownTextObject(text=f"and {more} more")])
        )
    blocks += [
        ActionsBlock(
            elements=[
                ButtonElement(
                    text="Ask your peers", action_id="home_ask", style="primary"
                )
            ]
        ),
        DividerBlock(),
        SectionBlock(text=HELP),
    ]
    return View(type="home", blocks=blocks)


def _row(title: str, url: str, state: str) -> Block:
    return rich.sentence(rich.link(url, shorten(plain(title), 100)), f"  {state}")


def help_line() -> tuple[str, list[Block]]:
    text = (
        "I pass asks on to your peers: type `/ask` and your question in a channel."
        " `/backswing help` says more."
    )
    return text, [SectionBlock(text=text)]
