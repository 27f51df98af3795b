"""A round's post in its channel, and a channel's check-ins in its settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    PlainTextObject,
)

from bot import rich
from bot.checkins import calendar
from bot.rich import Part, link, spoken
from bot.text import plain

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a channel is asked. Texts are marked text; "" where there is none."""

    id: int
    question: str
    hint: str
    reflection: str
    closes_at: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class LastTime:
    """The outcome of the round before. `url` leads to its message."""

    url: str
    shared: int
    solved: int


def post(asked: Asked, last: LastTime | None = None) -> tuple[str, list[Block]]:
    """Ask the channel, which is notified of nothing: people share when they like."""
    blocks: list[Block] = []
    if last:
        blocks.append(rich.sentence(*_last_time(last)))
    blocks.append(rich.words(asked.question, limit=_LONGEST, is_bold=True))
    if asked.hint:
        blocks.append(rich.words(asked.hint, limit=_LONGEST))
    if asked.reflection:
        blocks.append(rich.sentence(f"And if you like: {plain(asked.reflection)}"))
    blocks += [
        buttons(asked.id),
        rich.aside(
            "Press Share or reply in the thread. Join to get one reminder if you"
            " forget. Open until ",
            rich.when(asked.closes_at, asked.zone),
            ".",
        ),
    ]
    return spoken(plain(asked.question)), blocks


def _last_time(last: LastTime) -> list[Part]:
    """Say "Last time 5 shared; 1 blocker was solved."."""
    parts: list[Part] = [link(last.url, "Last time"), f" {last.shared} shared"]
    if last.solved == 1:
        parts.append("; 1 blocker was solved")
    elif last.solved:
        parts.append(f"; {last.solved} blockers were solved")
    return [*parts, "."]


def buttons(round_id: int) -> ActionsBlock:
    return ActionsBlock(
        elements=[
            ButtonElement(
                text="Share",
                action_id="checkin_share",
                value=str(round_id),
                style="primary",
            ),
            ButtonElement(text="Join", action_id="checkin_join", value=str(round_id)),
        ]
    )


def moment(at: datetime, zone: ZoneInfo) -> str:
    """As the clocks there show it: "Friday 4 December at 09:00"."""
    local = at.astimezone(zone)
    return f"{day(local.date())} at {local:%H:%M}"


def day(of: date) -> str:
    """In full: "Friday 4 December"."""
    return f"{calendar.DAYS[of.weekday()]} {of.day} {of:%B}"


@dataclass(frozen=True, slots=True)
class Missed:
    """A date that had no post, and why."""

    day: str
    why: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A check-in of a channel. `question` is marked text, all else plain."""

    id: int
    question: str
    rhythm: str
    # Why it is paused; "" where it is not.
    paused: str
    times: Sequence[str]
    missed: Sequence[Missed]
    left_out: Sequence[str]
    owner: str


def planned(rows: Sequence[Planned], *, may_add: bool) -> list[Block]:
    """The check-ins in a channel's settings, with what can be done about each."""
    blocks: list[Block] = [DividerBlock(), HeaderBlock(text="Check-ins")]
    if not rows:
        blocks.append(
            _aside(
                "A question that comes every week, such as “What are you working on"
                " this week?”. People join if they like."
            )
        )
    for row in rows:
        blocks += _planned(row)
    if may_add:
        add = ButtonElement(
            text="Set up a check-in", action_id="checkin_set_up", value="new"
        )
        blocks.append(ActionsBlock(elements=[add]))
    return blocks


def _planned(row: Planned) -> list[Block]:
    lines = [f"{row.rhythm}. Set up by {row.owner}."]
    if row.paused:
        lines.append(row.paused)
    elif row.times:
        lines.append(f"Next: {'; '.join(row.times)}.")
    else:
        lines.append("No date is left.")
    lines += [f"Left out: {day}" for day in row.left_out]
    lines += [f"Skipped: {one.day}: {one.why}" for one in row.missed]
    change = ButtonElement(text="Change", action_id="checkin_change", value=str(row.id))
    delete = ButtonElement(
        text="Delete",
        action_id="checkin_delete",
        value=str(row.id),
        style="danger",
        confirm=ConfirmObject(
            title="Delete this check-in?",
            text=PlainTextObject(
                text="What people shared stays. Nobody will be asked again."
            ),
            confirm="Delete it",
            deny="Keep it",
            style="danger",
        ),
    )
    return [
        rich.words(row.question, limit=_LONGEST, is_bold=True),
        ContextBlock(
            elements=[PlainTextObject(text="\n".join(lines), emoji=False)],
        ),
        ActionsBlock(elements=[change, _pause_or_resume(row), delete]),
    ]


def _pause_or_resume(row: Planned) -> ButtonElement:
    if row.paused:
        return ButtonElement(
            text="Resume", action_id="checkin_resume", value=str(row.id)
        )
    return ButtonElement(text="Pause", action_id="checkin_pause", value=str(row.id))


def _aside(text: str) -> ContextBlock:
    return ContextBlock(elements=[PlainTextObject(text=text, emoji=False)])
