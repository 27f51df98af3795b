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
    DividerBlock,
    HeaderBlock,
    PlainTextObject,
)

from bot.checkins import recurrence as checkins_recurrence
from bot.checkins.rules import LONGEST_ANSWER, Response
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line, quoted
from bot.slack.rich_text import Part, fallback_text, link, user_mention
from bot.slack.text import to_plain, truncate

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round as the channel's message shows it. Texts are mrkdwn; "" for none."""

    id: int
    question: str
    hint: str
    reflection: str
    closes_at: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class PreviousRound:
    """The outcome of the round before. `url` leads to its message."""

    url: str
    shared_count: int
    solved_count: int


def round_post(view: RoundView, previous: PreviousRound | None = None) -> Note:
    """Ask the channel, which is notified of nothing: people share when they like."""
    blocks: list[Block] = []
    if previous:
        blocks.append(rich_text.inline(*_previous_round(previous)))
    blocks.append(rich_text.user_text(view.question, limit=_LONGEST, is_bold=True))
    if view.hint:
        blocks.append(rich_text.user_text(view.hint, limit=_LONGEST))
    if view.reflection:
        blocks.append(rich_text.inline(f"And if you like: {to_plain(view.reflection)}"))
    blocks += [
        round_buttons(view.id),
        rich_text.context_line(
            "Press Share or reply in the thread. Join to get one reminder if you"
            " forget. Open until ",
            rich_text.date_token(view.closes_at, view.zone),
            ".",
        ),
    ]
    return fallback_text(to_plain(view.question)), blocks


def _previous_round(previous: PreviousRound) -> list[Part]:
    """Say "Last time 5 shared; 1 blocker was solved."."""
    parts: list[Part] = [
        link(previous.url, "Last time"),
        f" {previous.shared_count} shared",
    ]
    if previous.solved_count == 1:
        parts.append("; 1 blocker was solved")
    elif previous.solved_count:
        parts.append(f"; {previous.solved_count} blockers were solved")
    return [*parts, "."]


def round_buttons(round_id: int) -> ActionsBlock:
    return button_row(
        button("Share", "checkin_share", round_id, style="primary"),
        button("Join", "checkin_join", round_id),
    )


def format_local_time(at: datetime, zone: ZoneInfo) -> str:
    """As the clocks there show it: "Friday 4 December at 09:00"."""
    local = at.astimezone(zone)
    return f"{format_date(local.date())} at {local:%H:%M}"


def format_date(date_: date) -> str:
    """In full: "Friday 4 December"."""
    return f"{checkins_recurrence.WEEKDAYS[date_.weekday()]} {date_.day} {date_:%B}"


@dataclass(frozen=True, slots=True)
class MissedDate:
    """A date that had no post, and why."""

    day: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A check-in of a channel. `question` is mrkdwn, all else plain."""

    id: int
    question: str
    recurrence: str
    # Why it is paused; "" where it is not.
    pause_note: str
    next_times: Sequence[str]
    missed: Sequence[MissedDate]
    excluded: Sequence[str]
    owner: str


def schedule_list(rows: Sequence[ScheduleView], *, may_add: bool) -> list[Block]:
    """The check-ins in a channel's settings, with what can be done about each."""
    blocks: list[Block] = [DividerBlock(), HeaderBlock(text="Check-ins")]
    if not rows:
        blocks.append(
            context_line(
                "A recurring question, such as “What are you working on this week?”."
                " Joining is optional."
            )
        )
    for row in rows:
        blocks += _schedule_row(row)
    if may_add:
        add = button("Set up a check-in", "checkin_set_up", "new")
        blocks.append(button_row(add))
    return blocks


def _schedule_row(row: ScheduleView) -> list[Block]:
    lines = [f"{row.recurrence}. Set up by {row.owner}."]
    if row.pause_note:
        lines.append(row.pause_note)
    elif row.next_times:
        lines.append(f"Next: {'; '.join(row.next_times)}.")
    else:
        lines.append("No dates left.")
    lines += [f"Skips: {day}" for day in row.excluded]
    lines += [f"Skipped: {skip.day}: {skip.reason}" for skip in row.missed]
    change = button("Change", "checkin_change", row.id)
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
        rich_text.user_text(row.question, limit=_LONGEST, is_bold=True),
        context_line("\n".join(lines)),
        button_row(change, _pause_or_resume(row), delete),
    ]


def _pause_or_resume(row: ScheduleView) -> ButtonElement:
    if row.pause_note:
        return button("Resume", "checkin_resume", row.id)
    return button("Pause", "checkin_pause", row.id)


LONGEST_LABEL = 150


_LONGEST_TITLE = 80


# All answers share one message, which Slack takes up to a length.
_MOST_ELEMENTS = 15


_ASK_STATES = {
    "open": "open",
    "answered": "answered",
    "solved": "solved",
    "closed": "closed",
    "deleted": "taken back",
}


@dataclass(frozen=True, slots=True)
class RoundPrompt:
    """A round's questions. Texts are mrkdwn; "" for none."""

    question: str
    hint: str = ""
    reflection: str = ""


@dataclass(frozen=True, slots=True)
class Blocker:
    """The ask that a member made of a blocker. `title` is mrkdwn.

    `url` and `title` are "" where the readers may not see it.
    """

    state: str
    title: str = ""
    url: str = ""
    # Of the answer that solved it.
    solution_url: str = ""


def response_message(
    member: str,
    name: str,
    prompt: RoundPrompt,
    response: Response,
    blocker: Blocker | None,
) -> Note:
    """In the round's thread. `member` is a Slack id: they hear of replies to it."""
    blocks: list[Block] = [rich_text.inline(user_mention(member), " shared:")]
    blocks += _response_part("Working on", response.working_on)
    blocks += _response_part("Stuck on", response.stuck_on)
    if blocker is not None and response.stuck_on:
        blocks.append(rich_text.inline(*blocker_outcome(blocker)))
    blocks += _response_part("Proud of", response.proud_of)
    blocks += _response_part(prompt.reflection or "Also", response.reflection)
    first = next(
        text
        for text in (
            response.working_on,
            response.stuck_on,
            response.proud_of,
            response.reflection,
        )
        if text
    )
    return fallback_text(f"{name} shared: {truncate(to_plain(first), 200)}"), blocks


def _response_part(label: str, text: str) -> Sequence[Block]:
    if not text:
        return ()
    return (
        rich_text.user_text(label, limit=LONGEST_LABEL, is_bold=True),
        rich_text.user_text(text, limit=LONGEST_ANSWER, max_elements=_MOST_ELEMENTS),
    )


def blocker_outcome(blocker: Blocker, *, with_title: bool = True) -> list[Part]:
    """Describe the outcome of a blocker: "Asked: “How …?”, solved"."""
    state = _ASK_STATES[blocker.state]
    if blocker.state == "deleted" or not blocker.url:
        return [f"Asked their peers: {state}"]
    title = quoted(blocker.title, _LONGEST_TITLE)
    asked: list[Part] = ["Asked: ", link(blocker.url, title)]
    if not with_title:
        asked = [link(blocker.url, "Asked their peers")]
    parts: list[Part] = [*asked, f", {state}"]
    if blocker.state == "solved" and blocker.solution_url:
        parts += [" by ", link(blocker.solution_url, "this answer")]
    return parts
