"""The views of the Home tab. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
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

from bot.home.row_blocks import RowList, fit
from bot.home.rules import HomePage, PagedList
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line
from bot.slack.text import to_plain, truncate

T = TypeVar("T")

_MAX_TITLE = 100
_MAX_DETAIL = 100
_MAX_MESSAGE = 300

_WHY_MESSAGES_WAIT = (
    "I write to you only a few times a week without being asked. These messages wait"
    " for their turn:"
)

_PAGE_NAMES: Mapping[HomePage, str] = {
    "today": "Today",
    "people": "People",
    "program": "Program",
}

# Slack's limit for a Home tab.
MAX_BLOCKS = 100

MEMBERS_ONLY = "This is only for members of the workspace that installed Backswing."


@dataclass(frozen=True, slots=True)
class ListItem:
    """An ask in a list: its `title` (mrkdwn) as a link, followed by `details`.

    `more` are blocks below it.
    """

    title: str
    url: str
    details: Sequence[str]
    more: Sequence[Block] = ()


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """A page of a list, from the index `start`; `total` is the length of the list."""

    # Names the list in the buttons to its other pages.
    pages: PagedList
    items: Sequence[T] = ()
    start: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class SettingsSummary:
    """A member's settings as text; `paused_until` is a day, "" without a pause."""

    rows: Sequence[tuple[str, str]]
    paused_until: str = ""


def home_view(
    *,
    pages: Sequence[HomePage],
    page: HomePage,
    is_new: bool,
    waiting: Sequence[RowList],
    sections: Sequence[RowList],
    help_text: str,
) -> View:
    """Build a page of the Home tab; `pages` are those that the member can choose.

    The first begins with buttons to ask and so on, for a new member with the first
    steps, and ends with the help. If there is more than Slack shows, the lists are cut.
    """
    top = _page_buttons(pages, page)
    is_first = page == "today"
    if is_first:
        top += _first_steps() if is_new else [_action_buttons()]
    if any(row_list.blocks for row_list in waiting):
        top.append(HeaderBlock(text="Waiting for you"))
    bottom = [DividerBlock(), SectionBlock(text=help_text)] if is_first else []
    room = MAX_BLOCKS - len(top) - len(bottom)
    lists = fit([*waiting, *sections], room)
    return View(type="home", blocks=[*top, *chain.from_iterable(lists), *bottom])


def page_modal(page: HomePage, sections: Sequence[RowList]) -> View:
    """Build a page of the Home tab as a modal."""
    return View(
        type="modal",
        title=_PAGE_NAMES[page],
        close="Close",
        blocks=[*chain.from_iterable(fit(sections, MAX_BLOCKS))],
    )


def denied_view() -> View:
    """Build the Home tab of a person who may not use the bot."""
    return View(
        type="home", blocks=[SectionBlock(text=PlainTextObject(text=MEMBERS_ONLY))]
    )


def _page_buttons(pages: Sequence[HomePage], page: HomePage) -> list[Block]:
    """Build a button for each page; [] if there is only one."""
    if len(pages) == 1:
        return []
    return [button_row(*(_choose(each, is_shown=each == page) for each in pages))]


def _choose(page: HomePage, *, is_shown: bool) -> ButtonElement:
    name = _PAGE_NAMES[page]
    return ButtonElement(
        text=f"● {name}" if is_shown else name,
        action_id=f"home_page_{page}",
        value=page,
        accessibility_label=f"{name}, this page" if is_shown else f"Page: {name}",
    )


def _ask_button() -> ButtonElement:
    return ButtonElement(text="Ask your peers", action_id="home_ask", style="primary")


def _settings_button() -> ButtonElement:
    return ButtonElement(text="My settings", action_id="my_settings")


def _action_buttons() -> Block:
    find = ButtonElement(text="Find what helped", action_id="home_find")
    return button_row(_ask_button(), find, _settings_button())


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


def waiting_messages(messages: Sequence[tuple[int, str]], more: int) -> RowList:
    """Build the messages that wait for their turn: ids and texts (mrkdwn).

    `more` is the number of those that are not listed.
    """
    if not messages:
        return RowList()
    rows = [
        [
            SectionBlock(
                text=truncate(text, _MAX_MESSAGE),
                accessory=button("Send it to me", "home_send_waiting", item_id),
            )
        ]
        for item_id, text in messages
    ]
    return RowList([context_line(_WHY_MESSAGES_WAIT)], rows, without_row=more)


def item_list(header: str, page: ListPage[ListItem], empty_text: str = "") -> RowList:
    """Build a list of asks with its header, or `empty_text` if there are none."""
    if not page.items:
        return RowList([HeaderBlock(text=header), SectionBlock(text=empty_text)])
    return RowList(
        [HeaderBlock(text=header)],
        [[_list_item(item), *item.more] for item in page.items],
        rest=partial(pager, header, page),
    )


def _list_item(item: ListItem) -> Block:
    details = " · ".join(truncate(part, _MAX_DETAIL) for part in item.details if part)
    return rich_text.inline(
        rich_text.link(item.url, truncate(to_plain(item.title), _MAX_TITLE)),
        f"  {details}",
    )


def pager(header: str, page: ListPage[T], shown: int) -> list[Block]:
    """Build the position in the list, and buttons to the rest of it; [] without a rest.

    `shown` is the number of the page's items that are shown.
    """
    end = page.start + shown
    if not page.start and end >= page.total:
        return []
    if not shown:
        return [context_line(f"{page.total} in all")]
    title = header.lower()
    buttons = []
    if page.start:
        previous = max(0, page.start - page.pages.page_size)
        buttons.append(
            _page_button("home_previous", "Previous", title, page.pages, previous)
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
        # Several lists have such a button; screen readers need the name of the list.
        accessibility_label=f"{text}: {list_title}",
    )


def settings_summary(settings: SettingsSummary) -> RowList:
    """Build the summary of a member's settings, with a button to change them."""
    head: list[Block] = [HeaderBlock(text="Your settings")]
    if settings.paused_until:
        head.append(
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
        )
    return RowList(
        head,
        [[rich_text.inline(f"{name}: {value}")] for name, value in settings.rows],
        foot=[button_row(_settings_button())],
    )
