"""What leads see of mentors, and what people see of their own credits."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    ConversationFilter,
    ConversationSelectElement,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RadioButtonsElement,
    SectionBlock,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from bot import rich
from bot.asks.blocks import names
from bot.mentors.notes import Consent
from bot.rich import Part, link
from bot.text import escape, plain, shorten

SHORTEST_REASON = 20
LONGEST_REASON = 300
MOST_EXPERTS = 100
# Of evidence, for each credit.
MOST_LINES = 5
_TITLE = 80

SCOPES = (
    ("workspace", "In all channels together", "One person a week."),
    ("channels", "In each channel by itself", "One person a week and channel."),
    ("off", "Nowhere", "Nobody is looked for; what was found stays."),
)

_STATES: dict[Consent, str] = {
    "asked": "asked, no answer yet",
    "public": "told in public",
    "private": "between us",
    "silent": "between us (no answer)",
    "never": "not again",
}


def consent(value: str) -> Consent:
    return cast("Consent", value)


@dataclass(frozen=True, slots=True)
class Proof:
    """One mark behind a credit. `title` is marked text; `stands`: not undone since."""

    title: str
    url: str
    asker: str
    helped: Sequence[str]
    stands: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A credit as leads see it, without what was said in private channels."""

    name: str
    day: date
    consent: Consent
    channel: str
    proofs: Sequence[Proof]
    # Marks in private channels, which are only counted.
    hidden: int
    # What the definition made of it: in words; of a credit by hand, its reason.
    weight: str


def leads(
    rows: Sequence[Row],
    *,
    rings: Sequence[str],
    scope: str,
    experts: Sequence[str],
    newer: int | None,
    older: int | None,
) -> View:
    """`/backswing mentors`. `newer` and `older` are where the pages beside begin."""
    where = next(text for value, text, _ in SCOPES if value == scope)
    blocks: list[Block] = [
        SectionBlock(
            text=PlainTextObject(
                text="Quiet people whose answers helped more than anybody expected."
                " They're told first, and the channel only if they agree."
            )
        ),
        ContextBlock(
            elements=[
                PlainTextObject(
                    text=f"Looking in: {where.lower()}. Expected experts:"
                    f" {names(experts) if experts else 'none'}.",
                    emoji=False,
                )
            ]
        ),
        _buttons(
            ("Add a credit", "mentor_add", "add"), ("Settings", "mentor_set_up", "set")
        ),
        HeaderBlock(text="Credits"),
    ]
    for row in rows:
        blocks += _row(row)
    if not rows:
        blocks.append(
            SectionBlock(text="None yet. Nobody is named when nobody qualifies.")
        )
    pages = [("Newer", "mentor_newer", newer), ("Older", "mentor_older", older)]
    shown = [(text, action, str(at)) for text, action, at in pages if at is not None]
    if shown:
        blocks.append(_buttons(*shown))
    if rings:
        blocks += [DividerBlock(), HeaderBlock(text="Rings"), *map(_line, rings)]
    return View(type="modal", title="Mentors", close="Close", blocks=blocks)


def _row(row: Row) -> list[Block]:
    where = f" in #{row.channel}" if row.consent == "public" and row.channel else ""
    blocks: list[Block] = [
        rich.sentence(
            f"{row.name}  ·  week to {_day(row.day)}  ·  {_STATES[row.consent]}{where}"
        )
    ]
    for proof in row.proofs[:MOST_LINES]:
        parts: list[Part] = [
            "•  ",
            link(proof.url, f"“{shorten(plain(proof.title), _TITLE)}”"),
            f" by {proof.asker}, helped {names(proof.helped)}",
        ]
        if not proof.stands:
            parts.append(" (undone since)")
        blocks.append(rich.sentence(*parts))
    more = len(row.proofs) - MOST_LINES
    rest = [f"and {more} more"] if more > 0 else []
    if row.hidden:
        rest.append(f"{row.hidden} in private channels")
    about = "  ·  ".join([*rest, row.weight])
    blocks.append(
        ContextBlock(elements=[PlainTextObject(text=shorten(about, 1000), emoji=False)])
    )
    return blocks


def _line(text: str) -> Block:
    return rich.sentence(f"•  {text}")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def by_hand() -> View:
    return View(
        type="modal",
        callback_id="mentor_add",
        title="Add a credit",
        submit="Add",
        close="Cancel",
        blocks=[
            InputBlock(
                block_id="member",
                label="Who helped",
                element=UserMultiSelectElement(
                    action_id="member",
                    placeholder="Choose a person",
                    max_selected_items=1,
                ),
            ),
            InputBlock(
                block_id="reason",
                label="With what",
                hint="They read it first. With their yes it is posted with your name.",
                element=PlainTextInputElement(
                    action_id="reason",
                    multiline=True,
                    max_length=LONGEST_REASON,
                ),
            ),
            InputBlock(
                block_id="channel",
                label="Where to tell it",
                hint="A private channel only if you and they are both in it.",
                element=ConversationSelectElement(
                    action_id="channel",
                    placeholder="Choose a channel",
                    default_to_current_conversation=True,
                    filter=ConversationFilter(
                        include=["public", "private"],
                        exclude_bot_users=True,
                        exclude_external_shared_channels=True,
                    ),
                ),
            ),
        ],
    )


def settings(scope: str, experts: Sequence[str]) -> View:
    options = [
        Option(text=text, value=value, description=more) for value, text, more in SCOPES
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
            InputBlock(
                block_id="experts",
                label="Expected experts",
                hint="Whose help nobody is surprised by: they are never credited.",
                optional=True,
                element=UserMultiSelectElement(
                    action_id="experts",
                    placeholder="Choose people",
                    initial_users=list(experts) or None,
                    max_selected_items=MOST_EXPERTS,
                ),
            ),
        ],
    )


@dataclass(frozen=True, slots=True)
class Past:
    """A credit as its person sees it in the Home tab; `channel` is "" for none."""

    id: int
    day: date
    answers: int
    people: int
    channel: str
    consent: Consent
    may_be_named: bool = True
    # Whether they may hear of the channel: not of a private one that they have left.
    is_seen: bool = True


def asked(rows: Sequence[Past]) -> list[Block]:
    """For the Home tab: each credit whose person has not said whether to tell it."""
    return [block for row in rows for block in _credit(row)]


def past(rows: Sequence[Past]) -> list[Block]:
    """For the Home tab: each credit with its choice, and how to change it."""
    if not rows:
        return []
    return [
        HeaderBlock(text="What you did for others"),
        *(block for row in rows for block in _credit(row)),
    ]


def _credit(row: Past) -> list[Block]:
    what = (
        f"{row.answers} {'answer' if row.answers == 1 else 'answers'} that helped"
        f" {row.people} {'person' if row.people == 1 else 'people'}"
        if row.answers
        else "thanked by a program lead"
    )
    blocks: list[Block] = [
        SectionBlock(text=f"*{_day(row.day)}*: {what}. {_said(row)}")
    ]
    buttons = _changes(row)
    return [*blocks, _buttons(*buttons)] if buttons else blocks


def _said(row: Past) -> str:
    channel = f"#{escape(row.channel)}" if row.is_seen else "a private channel"
    match row.consent:
        case "asked" if row.channel and row.is_seen:
            return f"May I tell {channel}?"
        case "public":
            return f"I told {channel}."
        case "never" if not row.may_be_named:
            return "You chose never to be named."
        case _:
            return "Between us."


def _changes(row: Past) -> list[tuple[str, str, str]]:
    tell = ("Yes, tell them", "mentor_tell", str(row.id))
    keep = ("Just between us", "mentor_keep", str(row.id))
    never = ("Not again", "mentor_never", str(row.id))
    if not row.channel:
        return []
    # Of a private channel that they have left nothing can be told any more.
    telling = [tell] if row.is_seen else []
    match row.consent:
        case "asked":
            return [*telling, keep, never]
        case "public":
            return [("Take it back", "mentor_keep", str(row.id))]
        case "never" if not row.may_be_named:
            return []
        case _:
            return telling


def _buttons(*buttons: tuple[str, str, str]) -> ActionsBlock:
    return ActionsBlock(
        elements=[
            ButtonElement(text=text, action_id=action_id, value=value)
            for text, action_id, value in buttons
        ]
    )
