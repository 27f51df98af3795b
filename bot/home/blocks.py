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

from bot import rich
from bot.channels.rules import HELPFUL, SECOND, SOLVED
from bot.home.rules import SIZES, List
from bot.rich import Part
from bot.settings.blocks import help_text
from bot.text import plain, shorten

T = TypeVar("T")

_TITLE = 100
_ABOUT = 100

HEADERS: dict[List, str] = {
    "asks": "Your open asks",
    "joined": "Asks that you joined",
    "unanswered": "Asks without an answer",
    "helped": "Your answers that helped",
    "checkins": "Check-ins",
}
NO_ASKS = "None at the moment. What are you stuck on? Your peers may know."
ALL_ANSWERED = "Nobody else is waiting for an answer in your channels."
IN_NO_CHANNEL = (
    "I'm not in any of your channels yet. Type `/invite @Backswing` in one, and then"
    " `/ask`."
)
LOOKING = "Checking your channels…"
ELSEWHERE = "A check-in of a private channel that you have left"
NOT_YOURS = "This is for members of the workspace that Backswing belongs to."
_PEERS_CAN = "I can't answer questions myself, but your peers can."


@dataclass(frozen=True, slots=True)
class Line:
    """An ask in a list. `title` is marked text; `about` what is said behind it."""

    title: str
    url: str
    about: Sequence[str]


@dataclass(frozen=True, slots=True)
class Due:
    """A round of a check-in to share in. `question` is marked text."""

    round_id: int
    question: str
    url: str
    channel: str
    until: Part


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A check-in that somebody has joined, or may join. `question` is marked text.

    Both are "" where it is of a private channel that they have left.
    """

    schedule_id: int
    question: str
    channel: str
    is_in: bool
    nudges_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A page of a list: `total` are all of it, `start` is where the page begins."""

    lines: Sequence[T] = ()
    start: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Mine:
    """What somebody chose, in words; `paused_until` is a day, "" without a pause."""

    chosen: Sequence[tuple[str, str]]
    paused_until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A Home tab as its owner sees it."""

    # Nothing is there of them yet.
    is_new: bool = False
    # What they are asked, as its feature draws it; what they have from there.
    questions: Sequence[Block] = ()
    due: Sequence[Due] = ()
    credits: Sequence[Block] = ()
    kudos: Sequence[Block] = ()
    asks: Listed[Line] = Listed()
    joined: Listed[Line] = Listed()
    # None where it is not for them to see; `no_unanswered` says why there are none.
    unanswered: Listed[Line] | None = None
    no_unanswered: str = ALL_ANSWERED
    helped: Listed[Line] = Listed()
    checkins: Listed[CheckIn] = Listed()
    mine: Mine


def home(shown: Shown) -> View:
    """What waits for its owner, what they did, and what they chose."""
    blocks: list[Block] = _first_steps() if shown.is_new else [_doors()]
    if shown.questions or shown.due:
        blocks += [HeaderBlock(text="Waiting for you"), *shown.questions]
    for due in shown.due:
        blocks += _due(due)
    if not shown.is_new:
        blocks += _list("asks", shown.asks, NO_ASKS)
    if shown.joined.total:
        blocks += _list("joined", shown.joined, "")
    if shown.unanswered is not None:
        blocks += _list("unanswered", shown.unanswered, shown.no_unanswered)
    if shown.helped.total:
        blocks += _list("helped", shown.helped, "")
    if not shown.is_new:
        blocks += shown.kudos
    blocks += [
        *shown.credits,
        *_checkins(shown.checkins),
        *_settings(shown.mine),
        DividerBlock(),
        SectionBlock(text=help_text(HELPFUL, SOLVED, SECOND)),
    ]
    return View(type="home", blocks=blocks)


def closed() -> View:
    """For whoever may do nothing here."""
    return View(
        type="home", blocks=[SectionBlock(text=PlainTextObject(text=NOT_YOURS))]
    )


def _ask_button() -> ButtonElement:
    return ButtonElement(text="Ask your peers", action_id="home_ask", style="primary")


def _settings_button() -> ButtonElement:
    return ButtonElement(text="My settings", action_id="my_settings")


def _doors() -> Block:
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


def _due(due: Due) -> list[Block]:
    question = shorten(plain(due.question), _TITLE)
    return [
        rich.sentence(
            rich.link(due.url, f"“{question}”"),
            f"  #{due.channel} · until ",
            due.until,
        ),
        ActionsBlock(
            elements=[
                ButtonElement(
                    text="Share",
                    action_id="checkin_share",
                    value=str(due.round_id),
                    style="primary",
                    accessibility_label=_about("Share", question),
                )
            ]
        ),
    ]


def _about(does: str, question: str) -> str:
    return shorten(f"{does}: {question}", ButtonElement.text_max_length)


def _list(name: List, listed: Listed[Line], none: str) -> list[Block]:
    header = HeaderBlock(text=HEADERS[name])
    if not listed.lines:
        return [header, SectionBlock(text=none)]
    return [header, *map(_line, listed.lines), *_pages(name, listed)]


def _checkins(listed: Listed[CheckIn]) -> list[Block]:
    if not listed.total:
        return []
    blocks: list[Block] = [HeaderBlock(text=HEADERS["checkins"])]
    for checkin in listed.lines:
        blocks += _checkin(checkin)
    return [*blocks, *_pages("checkins", listed)]


def _checkin(checkin: CheckIn) -> list[Block]:
    question = shorten(plain(checkin.question), _TITLE)
    said = f"“{question}” · #{checkin.channel}" if checkin.channel else ELSEWHERE
    if checkin.nudges_stopped:
        said += " · reminders stopped"
    does = "Leave" if checkin.is_in else "Join"
    button = ButtonElement(
        text=does,
        action_id="checkin_leave" if checkin.is_in else "home_checkin_join",
        value=str(checkin.schedule_id),
        accessibility_label=_about(does, question or ELSEWHERE),
    )
    blocks: list[Block] = [
        SectionBlock(text=PlainTextObject(text=said, emoji=False), accessory=button)
    ]
    if checkin.nudges_stopped:
        going_on = ButtonElement(
            text="Keep reminding me",
            action_id="checkin_go_on",
            value=str(checkin.schedule_id),
        )
        blocks.append(ActionsBlock(elements=[going_on]))
    return blocks


def _line(line: Line) -> Block:
    about = " · ".join(shorten(part, _ABOUT) for part in line.about if part)
    return rich.sentence(
        rich.link(line.url, shorten(plain(line.title), _TITLE)), f"  {about}"
    )


def _pages(name: List, listed: Listed[T]) -> list[Block]:
    """Where the page stands in its list, and the way to others; none if it is all."""
    end = listed.start + len(listed.lines)
    if not listed.start and end >= listed.total:
        return []
    about = HEADERS[name].lower()
    buttons = []
    if listed.start:
        before = max(0, listed.start - SIZES[name])
        buttons.append(_page("home_previous", "Previous", about, name, before))
    if end < listed.total:
        buttons.append(_page("home_next", "Next", about, name, end))
    where = f"{listed.start + 1} to {end} of {listed.total}"
    return [
        ContextBlock(elements=[PlainTextObject(text=where, emoji=False)]),
        ActionsBlock(elements=list(buttons)),
    ]


def _page(
    action_id: str, text: str, about: str, name: List, start: int
) -> ButtonElement:
    return ButtonElement(
        text=text,
        action_id=action_id,
        value=f"{name}:{start}",
        # Several lists have such a button, and not everybody sees which it is below.
        accessibility_label=f"{text}: {about}",
    )


def _settings(mine: Mine) -> list[Block]:
    blocks: list[Block] = [HeaderBlock(text="Your settings")]
    if mine.paused_until:
        blocks += [
            SectionBlock(
                text=PlainTextObject(
                    text=f"Paused until {mine.paused_until}. Until then I only write"
                    " about things you do yourself.",
                    emoji=False,
                ),
                accessory=ButtonElement(
                    text="End the pause", action_id="home_end_pause"
                ),
            )
        ]
    blocks += [rich.sentence(f"{name}: {value}") for name, value in mine.chosen]
    blocks.append(ActionsBlock(elements=[_settings_button()]))
    return blocks


def help_line() -> tuple[str, list[Block]]:
    """For a message that is neither a question nor a request for help."""
    text = f"{_PEERS_CAN} Type `/ask` and your question in a channel, or `help` here."
    return text, [SectionBlock(text=text)]


def help_letter() -> tuple[str, list[Block]]:
    text = help_text(HELPFUL, SOLVED, SECOND)
    return text, [SectionBlock(text=text)]


def offer_to_ask(ts: str) -> tuple[str, list[Block]]:
    """For a question. `ts` is the message whose words the form is filled with."""
    button = ButtonElement(
        text="Ask your peers", action_id="ask_written", value=ts, style="primary"
    )
    return _PEERS_CAN, [
        SectionBlock(text=_PEERS_CAN),
        ActionsBlock(elements=[button]),
    ]
