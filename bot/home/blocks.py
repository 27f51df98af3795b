"""The bot's Home tab. Values in, views out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.home.rules import PAGE_SIZES, ListName
from bot.settings.blocks import help_text
from bot.slack import rich_text
from bot.slack.rich_text import Part
from bot.slack.text import to_plain, truncate
from bot.workspace.reaction_emoji import DEFAULT_HELPFUL, DEFAULT_JOIN, DEFAULT_SOLVED

T = TypeVar("T")

_MAX_TITLE = 100
_MAX_DETAIL = 100

HEADERS: dict[ListName, str] = {
    "asks": "Your open asks",
    "joined": "Asks that you joined",
    "unanswered": "Asks without an answer",
    "helped": "Your answers that helped",
    "checkins": "Check-ins",
}
NO_ASKS = "None at the moment. What are you stuck on? Your peers may know."
ALL_ANSWERED = "Nobody else is waiting for an answer in your channels."
NO_CHANNELS = (
    "I'm not in any of your channels yet. Type `/invite @Backswing` in one, and then"
    " `/ask`."
)
CHECKING_CHANNELS = "Checking your channels…"
LEFT_PRIVATE_CHECKIN = "A check-in of a private channel that you have left"
MEMBERS_ONLY = "This is for members of the workspace that Backswing belongs to."


@dataclass(frozen=True, slots=True)
class ListItem:
    """An ask in a list. `title` is marked text; `about` what is said behind it."""

    title: str
    url: str
    details: Sequence[str]


@dataclass(frozen=True, slots=True)
class DueRound:
    """A round of a check-in to share in. `question` is marked text."""

    round_id: int
    question: str
    url: str
    channel: str
    closes: Part


@dataclass(frozen=True, slots=True)
class CheckInItem:
    """A check-in that somebody has joined, or may join. `question` is marked text.

    Both are "" where it is of a private channel that they have left.
    """

    schedule_id: int
    question: str
    channel: str
    has_joined: bool
    reminders_stopped: bool = False


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """A page of a list: `total` are all of it, `start` is where the page begins."""

    items: Sequence[T] = ()
    start: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class SettingsSummary:
    """What somebody chose, in words; `paused_until` is a day, "" without a pause."""

    rows: Sequence[tuple[str, str]]
    paused_until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """A Home tab as its owner sees it."""

    # Nothing is there of them yet.
    is_new: bool = False
    # What they are asked, as its feature draws it; what they have from there.
    questions: Sequence[Block] = ()
    due_rounds: Sequence[DueRound] = ()
    credits: Sequence[Block] = ()
    kudos: Sequence[Block] = ()
    asks: ListPage[ListItem] = ListPage()
    joined: ListPage[ListItem] = ListPage()
    # None where it is not for them to see; `no_unanswered` says why there are none.
    unanswered: ListPage[ListItem] | None = None
    unanswered_empty_text: str = ALL_ANSWERED
    helped: ListPage[ListItem] = ListPage()
    checkins: ListPage[CheckInItem] = ListPage()
    settings: SettingsSummary


def home_view(home: HomeView) -> View:
    """What waits for its owner, what they did, and what they chose."""
    blocks: list[Block] = _first_steps() if home.is_new else [_action_buttons()]
    if home.questions or home.due_rounds:
        blocks += [HeaderBlock(text="Waiting for you"), *home.questions]
    for due in home.due_rounds:
        blocks += _due_round(due)
    if not home.is_new:
        blocks += _ask_list("asks", home.asks, NO_ASKS)
    if home.joined.total:
        blocks += _ask_list("joined", home.joined, "")
    if home.unanswered is not None:
        blocks += _ask_list("unanswered", home.unanswered, home.unanswered_empty_text)
    if home.helped.total:
        blocks += _ask_list("helped", home.helped, "")
    if not home.is_new:
        blocks += home.kudos
    blocks += [
        *home.credits,
        *_checkins(home.checkins),
        *_settings(home.settings),
        DividerBlock(),
        SectionBlock(text=help_text(DEFAULT_HELPFUL, DEFAULT_SOLVED, DEFAULT_JOIN)),
    ]
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
    return ActionsBlock(elements=[_ask_button(), _settings_button()])


def _first_steps() -> list[Block]:
    return [
        HeaderBlock(text="Three things to begin with"),
        SectionBlock(
            text="*1. Ask.* What are you stuck on? One line is enough, and your peers"
            " answer in its thread.",
            accessory=_ask_button(),
        ),
        SectionBlock(
            text="*2. Say what helped.* React to an answer with :+1:, or, if it solved"
            " your own ask, with :white_check_mark:. Whoever wrote it hears of it."
        ),
        SectionBlock(
            text="*3. Tell me what you know.* Asks about it come first on this page.",
            accessory=_settings_button(),
        ),
    ]


def _due_round(round_: DueRound) -> list[Block]:
    question = truncate(to_plain(round_.question), _MAX_TITLE)
    return [
        rich_text.inline(
            rich_text.link(round_.url, f"“{question}”"),
            f"  #{round_.channel} · until ",
            round_.closes,
        ),
        ActionsBlock(
            elements=[
                ButtonElement(
                    text="Share",
                    action_id="checkin_share",
                    value=str(round_.round_id),
                    style="primary",
                    accessibility_label=_button_label("Share", question),
                )
            ]
        ),
    ]


def _button_label(action: str, question: str) -> str:
    return truncate(f"{action}: {question}", ButtonElement.text_max_length)


def _ask_list(name: ListName, page: ListPage[ListItem], empty_text: str) -> list[Block]:
    header = HeaderBlock(text=HEADERS[name])
    if not page.items:
        return [header, SectionBlock(text=empty_text)]
    return [header, *map(_list_item, page.items), *_pager(name, page)]


def _checkins(page: ListPage[CheckInItem]) -> list[Block]:
    if not page.total:
        return []
    blocks: list[Block] = [HeaderBlock(text=HEADERS["checkins"])]
    for checkin in page.items:
        blocks += _checkin(checkin)
    return [*blocks, *_pager("checkins", page)]


def _checkin(checkin: CheckInItem) -> list[Block]:
    question = truncate(to_plain(checkin.question), _MAX_TITLE)
    said = (
        f"“{question}” · #{checkin.channel}"
        if checkin.channel
        else LEFT_PRIVATE_CHECKIN
    )
    if checkin.reminders_stopped:
        said += " · reminders stopped"
    does = "Leave" if checkin.has_joined else "Join"
    button = ButtonElement(
        text=does,
        action_id="checkin_leave" if checkin.has_joined else "home_checkin_join",
        value=str(checkin.schedule_id),
        accessibility_label=_button_label(does, question or LEFT_PRIVATE_CHECKIN),
    )
    blocks: list[Block] = [
        SectionBlock(text=PlainTextObject(text=said, emoji=False), accessory=button)
    ]
    if checkin.reminders_stopped:
        going_on = ButtonElement(
            text="Keep reminding me",
            action_id="checkin_go_on",
            value=str(checkin.schedule_id),
        )
        blocks.append(ActionsBlock(elements=[going_on]))
    return blocks


def _list_item(item: ListItem) -> Block:
    about = " · ".join(truncate(part, _MAX_DETAIL) for part in item.details if part)
    return rich_text.inline(
        rich_text.link(item.url, truncate(to_plain(item.title), _MAX_TITLE)),
        f"  {about}",
    )


def _pager(name: ListName, page: ListPage[T]) -> list[Block]:
    """Where the page stands in its list, and the way to others; none if it is all."""
    end = page.start + len(page.items)
    if not page.start and end >= page.total:
        return []
    about = HEADERS[name].lower()
    buttons = []
    if page.start:
        before = max(0, page.start - PAGE_SIZES[name])
        buttons.append(_page_button("home_previous", "Previous", about, name, before))
    if end < page.total:
        buttons.append(_page_button("home_next", "Next", about, name, end))
    where = f"{page.start + 1} to {end} of {page.total}"
    return [
        ContextBlock(elements=[PlainTextObject(text=where, emoji=False)]),
        ActionsBlock(elements=list(buttons)),
    ]


def _page_button(
    action_id: str, text: str, list_title: str, name: ListName, start: int
) -> ButtonElement:
    return ButtonElement(
        text=text,
        action_id=action_id,
        value=f"{name}:{start}",
        # Several lists have such a button, and not everybody sees which it is below.
        accessibility_label=f"{text}: {list_title}",
    )


def _settings(settings: SettingsSummary) -> list[Block]:
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
    blocks.append(ActionsBlock(elements=[_settings_button()]))
    return blocks
