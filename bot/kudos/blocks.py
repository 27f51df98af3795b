"""What kudos look like: their message, and lists of them. Values in, blocks out."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    SectionBlock,
)

from bot import rich
from bot.asks.blocks import names
from bot.kudos.words import LONGEST_REASON
from bot.rich import Part
from bot.text import Piece, at_the_beginning, escape, one_line, plain, shorten

# What fits in a button, with room for the rest of its value.
_LONGEST_VALUE = 2000
_LISTED_REASON = 200
# Slack takes at most 4,000 characters when a message is changed, and escaping makes
# up to five of one. The blocks have all of it.
SUMMED_REASON = 600


@dataclass(frozen=True, slots=True)
class Shown:
    """Kudos as everybody in the channel sees them. `reason` is marked text."""

    id: int
    # The giver's plain name, and the receivers' ids.
    giver: str
    receivers: Sequence[str]
    reason: str
    tags: Sequence[str] = ()
    # How many others joined in, and with which emoji one does.
    seconds: int = 0
    second_emoji: str = "raised_hands"
    # The address of the message that they are about.
    about: str | None = None
    # The plain name of whoever took them back.
    taken_back_by: str | None = None


def summary(kudos: Shown, receivers: Sequence[str]) -> str:
    """For notifications. `receivers` are plain names."""
    if kudos.taken_back_by:
        return escape(f"{at_the_beginning(kudos.taken_back_by)} took these kudos back.")
    reason = shorten(plain(kudos.reason), SUMMED_REASON)
    thank = f"{at_the_beginning(kudos.giver)} thanks {names(receivers)}"
    return escape(f"{thank}: {reason}")


def message(kudos: Shown) -> list[Block]:
    if kudos.taken_back_by:
        return [
            _aside(f"{at_the_beginning(kudos.taken_back_by)} took these kudos back.")
        ]
    blocks: list[Block] = [
        rich.sentence(*_headline(kudos)),
        rich.words(kudos.reason, limit=LONGEST_REASON),
    ]
    if kudos.tags:
        blocks.append(_aside(tagged(kudos.tags)))
    hint = f"React with :{kudos.second_emoji}: to join in"
    if kudos.about:
        hint = f"For <{kudos.about}|this message> · {hint}"
    blocks.append(SectionBlock(text=hint, accessory=_menu(kudos.id)))
    return blocks


def _headline(kudos: Shown) -> Iterator[Part]:
    """It mentions the receivers, and notifies nobody else."""
    yield at_the_beginning(kudos.giver)
    if kudos.seconds:
        yield f" and {_others(kudos.seconds)} thank "
    else:
        yield " thanks "
    for n, receiver in enumerate(kudos.receivers, start=1):
        if n > 1:
            yield " and " if n == len(kudos.receivers) else ", "
        yield rich.person(receiver)


def _others(count: int) -> str:
    return "1 other" if count == 1 else f"{count} others"


def _menu(kudos_id: int) -> OverflowMenuElement:
    return OverflowMenuElement(
        action_id="kudos_menu",
        options=[Option(text="Take back…", value=f"take_back:{kudos_id}")],
        confirm=ConfirmObject(
            title="Take these kudos back?",
            text="The message will show that they were taken back. Givers have 10"
            " minutes; admins can at any time.",
            confirm="Take back",
            deny="Keep them",
        ),
    )


def tagged(tags: Sequence[str]) -> str:
    return "  ".join(f"#{tag}" for tag in tags)


def _aside(text: str) -> ContextBlock:
    return ContextBlock(elements=[PlainTextObject(text=text, emoji=False)])


# Lists of them


@dataclass(frozen=True, slots=True)
class Row:
    """One of somebody's kudos. `people` are plain names; `reason` is marked text."""

    people: Sequence[str]
    reason: str
    day: str
    url: str | None = None
    tags: Sequence[str] = ()
    # How many others joined in.
    seconds: int = 0
    emoji: str | None = None
    is_private: bool = False
    # Whether the list's owner joined somebody else's kudos, and whose.
    joined: str | None = None


def received_row(row: Row) -> Block:
    others = f" and {_others(row.seconds)}" if row.seconds else ""
    return _row(f"{at_the_beginning(names(row.people))}{others}", row)


def given_row(row: Row) -> Block:
    whom = f"To {names(row.people)}"
    return _row(f"{whom}, with {row.joined}" if row.joined else whom, row)


def _row(who: str, row: Row) -> Block:
    parts: list[Part] = [f"{who}, "]
    parts.append(rich.link(row.url, row.day) if row.url else row.day)
    if row.is_private:
        parts.append(" (privately)")
    if row.emoji:
        name = row.emoji.partition("::")[0]
        parts += [": ", Piece("emoji", f":{name}:", name)]
    else:
        parts.append(f": {shorten(one_line(plain(row.reason)), _LISTED_REASON)}")
    if row.tags:
        parts.append(f"  {tagged(row.tags)}")
    return rich.sentence(*parts)


def mine(
    received: Sequence[Row],
    given: Sequence[Row],
    *,
    left: int,
    a_day: int,
    # Where each list goes on, if it does.
    more_received: str = "",
    more_given: str = "",
) -> tuple[str, list[Block]]:
    """What somebody received and gave lately, the newest first; for them only."""
    blocks: list[Block] = [HeaderBlock(text="Kudos you received")]
    blocks += [received_row(row) for row in received]
    if not received:
        blocks.append(_aside("None yet. They come to those who help."))
    if more_received:
        blocks.append(_older("kudos_received", more_received))
    blocks.append(HeaderBlock(text="Kudos you gave"))
    blocks += [given_row(row) for row in given]
    if not given:
        blocks.append(_aside("None yet. Who helped you lately?"))
    if more_given:
        blocks.append(_older("kudos_given", more_given))
    blocks.append(_aside(f"{left} of {a_day} left today"))
    blocks.append(ActionsBlock(elements=[give_button()]))
    return "Your kudos", blocks


def page(what: str, rows: Sequence[Row], *, more: str = "") -> tuple[str, list[Block]]:
    """An older page of one of the two lists: "received" or "given"."""
    title = "Kudos you received" if what == "received" else "Kudos you gave"
    draw = received_row if what == "received" else given_row
    blocks: list[Block] = [HeaderBlock(text=title), *(draw(row) for row in rows)]
    if not rows:
        blocks.append(_aside("That's all of them."))
    buttons = [ButtonElement(text="Newest", action_id="kudos_newest", value="newest")]
    if more:
        buttons.append(
            ButtonElement(text="Older", action_id=f"kudos_{what}", value=more)
        )
    blocks.append(ActionsBlock(elements=list(buttons)))
    return title, blocks


def _older(action_id: str, cursor: str) -> ActionsBlock:
    button = ButtonElement(text="Older", action_id=action_id, value=cursor)
    return ActionsBlock(elements=[button])


def lately(rows: Sequence[Row]) -> list[Block]:
    """For the Home tab: what its owner received lately, and a way to pass it on."""
    blocks: list[Block] = [
        HeaderBlock(text="Kudos received lately"),
        *(received_row(row) for row in rows),
    ]
    if not rows:
        blocks.append(
            SectionBlock(text="None lately. Who helped you? Tell them what for.")
        )
    blocks.append(ActionsBlock(elements=[give_button()]))
    return blocks


def give_button() -> ButtonElement:
    """Opens the empty form."""
    return ButtonElement(text="Give kudos", action_id="give_kudos")


# For anybody's messages


def thank_button(
    receiver: str, reason: str = "", *, label: str = "Say thanks"
) -> ButtonElement:
    """Opens the form filled in with a person and plain words, on any message.

    What comes back with the click is checked again: see `forms.thanked`.
    """
    room = _LONGEST_VALUE
    value = _value(receiver, shorten(reason, room))
    while len(value) > _LONGEST_VALUE:
        # Quotation marks and line ends take two characters each.
        room = room * _LONGEST_VALUE // len(value)
        value = _value(receiver, shorten(reason, room))
    return ButtonElement(text=label, action_id="say_thanks", value=value)


def _value(receiver: str, reason: str) -> str:
    return json.dumps({"receiver": receiver, "reason": reason}, ensure_ascii=False)


def say_thanks(receiver: str, reason: str = "") -> list[Block]:
    """The button in a row of its own."""
    return [ActionsBlock(elements=[thank_button(receiver, reason)])]
