"""The bot's Home tab. Values in, views out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    DividerBlock,
    HeaderBlock,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.home.rules import PagedList
from bot.slack import rich_text
from bot.slack.blocks import button_row, context_line
from bot.slack.text import to_plain, truncate

T = TypeVar("T")

_MAX_TITLE = 100
_MAX_DETAIL = 100

MEMBERS_ONLY = "This is only for members of the workspace that installed Backswing."


@dataclass(frozen=True, slots=True)
class ListItem:
    """An ask in a list. `title` is mrkdwn; `about` the text after it."""

    title: str
    url: str
    details: Sequence[str]


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """A page of a list: `total` are all of it, `start` is where the page begins."""

    # The list, as the buttons to its pages name it, and how long a page is.
    pages: PagedList
    items: Sequence[T] = ()
    start: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class SettingsSummary:
    """A member's settings in words; `paused_until` is a day, "" without a pause."""

    rows: Sequence[tuple[str, str]]
    paused_until: str = ""


def home_view(
    *,
    is_new: bool,
    waiting: Sequence[Block],
    sections: Sequence[Block],
    help_text: str,
) -> View:
    """A Home tab as its owner sees it; somebody new sees the first steps."""
    blocks: list[Block] = _first_steps() if is_new else [_action_buttons()]
    if waiting:
        blocks += [HeaderBlock(text="Waiting for you"), *waiting]
    blocks += [*sections, DividerBlock(), SectionBlock(text=help_text)]
    return View(type="home", blocks=blocks)


def denied_view() -> View:
    """For whoever may do nothing here."""
    return View(
        type="home", blocks=[SectionBlock(text=PlainTextObject(text=MEMBERS_ONLY))]
    )


def _ask_button() -> ButtonElement:
    return ButtonElement(text="Ask your peers", action_id="home_ask", style="primary")


def _settings_button() -> ButtonElement:
    return ButtonElement(text="My settings", action_id="my_settings")


def _action_buttons() -> Block:
    return button_row(_ask_button(), _settings_button())


def _first_steps() -> list[Block]:
    return [
        HeaderBlock(text="Three things to start with"),
        SectionBlock(
            text="*1. Ask.* What are you stuck on? One line is enough, and your peers"
            " answer in its thread.",
            accessory=_ask_button(),
        ),
        SectionBlock(
            text=(
                "*2. Say what helped.* React to an answer with :+1:, or with"
                " :white_check_mark: if it solved your own ask. I'll tell the person"
                " who wrote it."
            )
        ),
        SectionBlock(
            text="*3. Tell me what you know.* Asks about it come first on this page.",
            accessory=_settings_button(),
        ),
    ]


def item_list(
    header: str, page: ListPage[ListItem], empty_text: str = ""
) -> list[Block]:
    """A list of asks with its header; `empty_text` stands where there are none."""
    if not page.items:
        return [HeaderBlock(text=header), SectionBlock(text=empty_text)]
    items = map(_list_item, page.items)
    return [HeaderBlock(text=header), *items, *pager(header, page)]


def _list_item(item: ListItem) -> Block:
    about = " · ".join(truncate(part, _MAX_DETAIL) for part in item.details if part)
    return rich_text.inline(
        rich_text.link(item.url, truncate(to_plain(item.title), _MAX_TITLE)),
        f"  {about}",
    )


def pager(header: str, page: ListPage[T]) -> list[Block]:
    """Build the page's position in its list, with buttons, unless it is all."""
    end = page.start + len(page.items)
    if not page.start and end >= page.total:
        return []
    title = header.lower()
    buttons = []
    if page.start:
        before = max(0, page.start - page.pages.page_size)
        buttons.append(
            _page_button("home_previous", "Previous", title, page.pages, before)
        )
    if end < page.total:
        buttons.append(_page_button("home_next", "Next", title, page.pages, end))
    position = f"{page.start + 1} to {end} of {page.total}"
    return [
        context_line(position),
        button_row(*buttons),
    ]


def _page_button(
    action_id: str, text: str, list_title: str, pages: PagedList, start: int
) -> ButtonElement:
    return ButtonElement(
        text=text,
        action_id=action_id,
        value=f"{pages.name}:{start}",
        # Several lists have such a button, and not everybody sees which it is below.
        accessibility_label=f"{text}: {list_title}",
    )


def settings_summary(settings: SettingsSummary) -> list[Block]:
    """Build the summary of a member's settings, with a button to change them."""
    blocks: list[Block] = [HeaderBlock(text="Your settings")]
    if settings.paused_until:
        blocks += [
            SectionBlock(
                text=PlainTextObject(
                    text=f"Paused until {settings.paused_until}. Until then I only"
                    " write about things you do yourself.",
                    emoji=False,
                ),
                accessory=ButtonElement(
                    text="End the pause", action_id="home_end_pause"
                ),
            )
        ]
    blocks += [rich_text.inline(f"{name}: {value}") for name, value in settings.rows]
    blocks.append(button_row(_settings_button()))
    return blocks
