"""Lists of check-ins and rounds: in settings, on Home, and past rounds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    DividerBlock,
    HeaderBlock,
    PlainTextObject,
    RichTextBlock,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.home.blocks import ListPage, pager
from bot.home.row_blocks import RowList
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line, name_list
from bot.slack.rich_text import Part, link
from bot.slack.text import to_plain, truncate

_MAX_NAMES = 30
_MAX_HEADER_QUESTION = 80
_MAX_QUESTION_LENGTH = 1000
_MAX_TITLE = 100
HEADER = "Check-ins"
LEFT_PRIVATE_CHECKIN = "A check-in in a private channel that you left"


@dataclass(frozen=True, slots=True)
class PastRound:
    """A round in the list of the last ones. `question` is mrkdwn."""

    day: str
    question: str
    url: str
    # Plain names.
    shared_by: Sequence[str]
    # The closing time of an open round; else "".
    until: Part
    # The reason of a skipped round; else "".
    skip_reason: str


def overview(channel: str, rows: Sequence[PastRound]) -> View:
    """Build the view of a channel's last rounds. `channel` is its name."""
    blocks: list[Block] = [rich_text.inline(f"The last check-ins in #{channel}:")]
    if not rows:
        blocks = [
            rich_text.inline(
                f"No check-ins in #{channel} yet. Champions and admins can set one up"
                " with /backswing."
            )
        ]
    for row in rows:
        blocks += [
            DividerBlock(),
            _past_round(row),
            rich_text.context_line(*_result(row)),
        ]
    return View(type="modal", title="Check-ins", close="Close", blocks=blocks)


def _past_round(row: PastRound) -> RichTextBlock:
    question = truncate(to_plain(row.question), _MAX_HEADER_QUESTION)
    title = link(row.url, question) if row.url else question
    return rich_text.inline(f"{row.day}:  ", title)


def _result(row: PastRound) -> list[Part]:
    if row.skip_reason:
        return [f"Skipped: {row.skip_reason}."]
    names = list(row.shared_by[:_MAX_NAMES])
    if more := len(row.shared_by) - len(names):
        names.append(f"{more} more")
    text = f"{name_list(names)} shared" if names else "Nobody shared"
    if row.until:
        return [f"{text} so far. Open until ", row.until, "."]
    return [f"{text}."]


@dataclass(frozen=True, slots=True)
class MissedDate:
    """A date without a post, and the reason."""

    day: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A check-in in a channel's settings. `question` is mrkdwn, other texts plain."""

    id: int
    question: str
    recurrence: str
    # A sentence with the reason for a pause; "" if it is not paused.
    pause_note: str
    next_times: Sequence[str]
    missed: Sequence[MissedDate]
    excluded: Sequence[str]
    owner: str


def schedule_list(rows: Sequence[ScheduleView], *, may_add: bool) -> list[Block]:
    """Build the section with a channel's check-ins and the buttons to change them."""
    blocks: list[Block] = [DividerBlock(), HeaderBlock(text="Check-ins")]
    if not rows:
        blocks.append(
            context_line(
                "A recurring question, such as “What are you working on this week?”"
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
        rich_text.user_text(row.question, limit=_MAX_QUESTION_LENGTH, is_bold=True),
        context_line("\n".join(lines)),
        button_row(change, _pause_or_resume(row), delete),
    ]


def _pause_or_resume(row: ScheduleView) -> ButtonElement:
    if row.pause_note:
        return button("Resume", "checkin_resume", row.id)
    return button("Pause", "checkin_pause", row.id)


@dataclass(frozen=True, slots=True)
class DueRound:
    """A round of a check-in to share in. `question` is mrkdwn."""

    round_id: int
    question: str
    url: str
    channel: str
    closes: Part


@dataclass(frozen=True, slots=True)
class CheckInItem:
    """A check-in that a member has joined or may join. `question` is mrkdwn.

    `question` and `channel` are "" if it is in a private channel that they have left.
    """

    schedule_id: int
    question: str
    channel: str
    has_joined: bool
    reminders_stopped: bool = False


def due_round(round_: DueRound) -> list[Block]:
    """Build the row of a round to share in."""
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


def checkins(page: ListPage[CheckInItem]) -> RowList:
    """Build the list of check-ins that a member has joined or may join."""
    if not page.total:
        return RowList()
    return RowList(
        [HeaderBlock(text=HEADER)],
        [_checkin(checkin) for checkin in page.items],
        rest=partial(pager, HEADER, page),
    )


def _checkin(checkin: CheckInItem) -> list[Block]:
    question = truncate(to_plain(checkin.question), _MAX_TITLE)
    text = (
        f"“{question}” · #{checkin.channel}"
        if checkin.channel
        else LEFT_PRIVATE_CHECKIN
    )
    if checkin.reminders_stopped:
        text += " · reminders stopped"
    label = "Leave" if checkin.has_joined else "Join"
    join_or_leave = ButtonElement(
        text=label,
        action_id="checkin_leave" if checkin.has_joined else "home_checkin_join",
        value=str(checkin.schedule_id),
        accessibility_label=_button_label(label, question or LEFT_PRIVATE_CHECKIN),
    )
    blocks: list[Block] = [
        SectionBlock(
            text=PlainTextObject(text=text, emoji=False), accessory=join_or_leave
        )
    ]
    if checkin.reminders_stopped:
        resume_button = ButtonElement(
            text="Keep reminding me",
            action_id="checkin_go_on",
            value=str(checkin.schedule_id),
        )
        blocks.append(ActionsBlock(elements=[resume_button]))
    return blocks
