"""Check-ins on the Home tab. Values in, blocks out."""

from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    HeaderBlock,
    PlainTextObject,
    SectionBlock,
)

from bot.home.blocks import ListPage, pager
from bot.slack import rich_text
from bot.slack.rich_text import Part
from bot.slack.text import to_plain, truncate

_MAX_TITLE = 100

HEADER = "Check-ins"
LEFT_PRIVATE_CHECKIN = "A check-in in a private channel that you left"


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
    """A check-in that somebody has joined, or may join. `question` is mrkdwn.

    Both are "" where it is of a private channel that they have left.
    """

    schedule_id: int
    question: str
    channel: str
    has_joined: bool
    reminders_stopped: bool = False


def due_round(round_: DueRound) -> list[Block]:
    """A round that waits for its owner's part."""
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


def checkins(page: ListPage[CheckInItem]) -> list[Block]:
    """The check-ins that somebody has joined, or may join."""
    if not page.total:
        return []
    blocks: list[Block] = [HeaderBlock(text=HEADER)]
    for checkin in page.items:
        blocks += _checkin(checkin)
    return [*blocks, *pager(HEADER, page)]


def _checkin(checkin: CheckInItem) -> list[Block]:
    question = truncate(to_plain(checkin.question), _MAX_TITLE)
    text = (
        f"“{question}” · #{checkin.channel}"
        if checkin.channel
        else LEFT_PRIVATE_CHECKIN
    )
    if checkin.reminders_stopped:
        text += " · reminders stopped"
    does = "Leave" if checkin.has_joined else "Join"
    button = ButtonElement(
        text=does,
        action_id="checkin_leave" if checkin.has_joined else "home_checkin_join",
        value=str(checkin.schedule_id),
        accessibility_label=_button_label(does, question or LEFT_PRIVATE_CHECKIN),
    )
    blocks: list[Block] = [
        SectionBlock(text=PlainTextObject(text=text, emoji=False), accessory=button)
    ]
    if checkin.reminders_stopped:
        going_on = ButtonElement(
            text="Keep reminding me",
            action_id="checkin_go_on",
            value=str(checkin.schedule_id),
        )
        blocks.append(ActionsBlock(elements=[going_on]))
    return blocks
