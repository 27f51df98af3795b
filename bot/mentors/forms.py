"""Program leads' views of mentors, and the Home sections of own credits. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    Option,
    PlainTextObject,
    RadioButtonsElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.home.row_blocks import RowList
from bot.mentors.notes import Consent
from bot.slack import rich_text
from bot.slack.blocks import (
    button,
    button_row,
    channel_input,
    context_line,
    name_list,
    people_input,
    quoted,
    text_input,
)
from bot.slack.rich_text import Part, link
from bot.slack.text import escape, truncate

MIN_REASON_LENGTH = 20
MAX_REASON_LENGTH = 300
MAX_EXPERTS = 100
# The most lines of evidence for each credit.
MAX_EVIDENCE_LINES = 5
_TITLE_LENGTH = 80

SCOPES = (
    ("workspace", "In all channels together", "One person a week."),
    ("channels", "In each channel by itself", "One person a week in each channel."),
    ("off", "Nowhere", "I look for nobody. Earlier credits stay."),
)

_CONSENT_LABELS: dict[Consent, str] = {
    "asked": "asked, no answer yet",
    "public": "posted in public",
    "private": "kept private",
    "silent": "kept private (no answer)",
    "never": "opted out",
}


def to_consent(value: str) -> Consent:
    return cast("Consent", value)


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One mark behind a credit. `title` is the ask's, in mrkdwn.

    `is_still_marked` is False if the mark was removed since.
    """

    title: str
    url: str
    asker: str
    helped_names: Sequence[str]
    is_still_marked: bool


@dataclass(frozen=True, slots=True)
class CreditRow:
    """A credit in the program leads' view, without texts from private channels."""

    name: str
    day: date
    consent: Consent
    channel: str
    evidence: Sequence[EvidenceItem]
    # The number of marks in private channels.
    hidden_count: int
    # The detection's numbers as text, or the reason of a credit by hand.
    explanation: str


def overview(
    rows: Sequence[CreditRow],
    *,
    rings: Sequence[str],
    scope: str,
    experts: Sequence[str],
    newer_start: int | None,
    older_start: int | None,
) -> View:
    """Build the view of `/backswing mentors`.

    `newer_start` and `older_start` are the offsets of the neighbouring pages, None if
    there is none.
    """
    scope_label = next(label for value, label, _ in SCOPES if value == scope)
    blocks: list[Block] = [
        SectionBlock(
            text=PlainTextObject(
                text=(
                    "Quiet people whose answers helped more than expected. They're"
                    " told first, and the channel only if they agree."
                )
            )
        ),
        context_line(
            f"Looking {scope_label.lower()}. Expected experts:"
            f" {name_list(experts) if experts else 'none'}."
        ),
        button_row(
            button("Add a credit", "mentor_add", "add"),
            button("Settings", "mentor_set_up", "set"),
        ),
        HeaderBlock(text="Credits"),
    ]
    for row in rows:
        blocks += _credit_blocks(row)
    if not rows:
        blocks.append(SectionBlock(text="None yet. I only name people who qualify."))
    pages = [
        ("Newer", "mentor_newer", newer_start),
        ("Older", "mentor_older", older_start),
    ]
    buttons = [
        button(text, action_id, start)
        for text, action_id, start in pages
        if start is not None
    ]
    if buttons:
        blocks.append(button_row(*buttons))
    if rings:
        blocks += [DividerBlock(), HeaderBlock(text="Rings"), *map(_line, rings)]
    return View(type="modal", title="Mentors", close="Close", blocks=blocks)


def _credit_blocks(row: CreditRow) -> list[Block]:
    channel = f" in #{row.channel}" if row.consent == "public" and row.channel else ""
    blocks: list[Block] = [
        rich_text.inline(
            f"{row.name}  ·  week to {_day(row.day)}  · "
            f" {_CONSENT_LABELS[row.consent]}{channel}"
        )
    ]
    for item in row.evidence[:MAX_EVIDENCE_LINES]:
        parts: list[Part] = [
            "•  ",
            link(item.url, quoted(item.title, _TITLE_LENGTH)),
            f" by {item.asker}, helped {name_list(item.helped_names)}",
        ]
        if not item.is_still_marked:
            parts.append(" (mark removed since)")
        blocks.append(rich_text.inline(*parts))
    more = len(row.evidence) - MAX_EVIDENCE_LINES
    details = [f"and {more} more"] if more > 0 else []
    if row.hidden_count:
        details.append(f"{row.hidden_count} in private channels")
    text = "  ·  ".join([*details, row.explanation])
    blocks.append(context_line(truncate(text, 1000)))
    return blocks


def _line(text: str) -> Block:
    return rich_text.inline(f"•  {text}")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def credit_form() -> View:
    return View(
        type="modal",
        callback_id="mentor_add",
        title="Add a credit",
        submit="Add",
        close="Cancel",
        blocks=[
            people_input(
                "member", "Who helped", limit=1, placeholder="Choose a person"
            ),
            text_input(
                "reason",
                "What did they do?",
                limit=MAX_REASON_LENGTH,
                hint="They read it first. If they agree, I post it with your name.",
                is_multiline=True,
            ),
            channel_input(
                "Where to post it",
                use_current_channel=True,
                hint="You can only choose a private channel that you're both in.",
                excludes_shared=True,
            ),
        ],
    )


def settings_form(scope: str, experts: Sequence[str]) -> View:
    options = [
        Option(text=label, value=value, description=description)
        for value, label, description in SCOPES
    ]
    return View(
        type="modal",
        callback_id="mentor_set_up",
        title="Mentors: settings",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({}),
        blocks=[
            InputBlock(
                block_id="scope",
                label="Where to look",
                element=RadioButtonsElement(
                    action_id="scope",
                    options=options,
                    initial_option=next(o for o in options if o.value == scope),
                ),
            ),
            people_input(
                "experts",
                "Expected experts",
                people=experts,
                limit=MAX_EXPERTS,
                hint="Their help surprises nobody, so they're never credited.",
                is_optional=True,
            ),
        ],
    )


@dataclass(frozen=True, slots=True)
class OwnCredit:
    """A member's own credit on their Home tab; `channel` is a name, "" for none."""

    id: int
    day: date
    answers: int
    people: int
    channel: str
    consent: Consent
    is_naming_allowed: bool = True
    # False for a private channel that the member may no longer see.
    is_channel_visible: bool = True


def pending_credits(rows: Sequence[OwnCredit]) -> RowList:
    """Build the Home section with the credits that wait for the member's answer."""
    return RowList(rows=[_own_credit_blocks(row) for row in rows])


def past_credits(rows: Sequence[OwnCredit]) -> RowList:
    """Build the Home section with a member's credits, their choices and buttons."""
    if not rows:
        return RowList()
    return RowList(
        [HeaderBlock(text="What you did for others")],
        [_own_credit_blocks(row) for row in rows],
    )


def _own_credit_blocks(row: OwnCredit) -> list[Block]:
    summary = (
        f"{row.answers} {'answer' if row.answers == 1 else 'answers'} that helped"
        f" {row.people} {'person' if row.people == 1 else 'people'}"
        if row.answers
        else "thanked by a program lead"
    )
    blocks: list[Block] = [
        SectionBlock(text=f"*{_day(row.day)}*: {summary}. {_status_text(row)}")
    ]
    buttons = _choice_buttons(row)
    return [*blocks, button_row(*buttons)] if buttons else blocks


def _status_text(row: OwnCredit) -> str:
    channel = (
        f"#{escape(row.channel)}" if row.is_channel_visible else "a private channel"
    )
    match row.consent:
        case "asked" if row.channel and row.is_channel_visible:
            return f"May I thank you in {channel}?"
        case "public":
            return f"I posted it in {channel}."
        case "never" if not row.is_naming_allowed:
            return "You chose never to be named."
        case _:
            return "Kept between us."


def _choice_buttons(row: OwnCredit) -> list[ButtonElement]:
    public = button("Yes, tell them", "mentor_tell", row.id)
    private = button("Just between us", "mentor_keep", row.id)
    never = button("Not again", "mentor_never", row.id)
    if not row.channel:
        return []
    # Nothing is posted in a private channel that the member may no longer see.
    public_buttons = [public] if row.is_channel_visible else []
    match row.consent:
        case "asked":
            return [*public_buttons, private, never]
        case "public":
            return [button("Take back", "mentor_keep", row.id)]
        case "never" if not row.is_naming_allowed:
            return []
        case _:
            return public_buttons
