"""What the bot writes to people about kudos. Values in, blocks out."""

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    PlainTextObject,
)

from bot import rich
from bot.asks.blocks import names
from bot.kudos.blocks import SUMMED_REASON, tagged
from bot.kudos.words import LONGEST_REASON
from bot.rich import Part, link, spoken
from bot.text import Piece, at_the_beginning, escape, plain, shorten

Note = tuple[str, list[Block]]


def _note(*parts: Part) -> Note:
    return spoken(*parts), [rich.sentence(*parts)]


def given(
    kudos_id: int,
    people: Sequence[str],
    *,
    left: int,
    dropped: Sequence[str] = (),
    is_private: bool = False,
) -> Note:
    """To the giver only: who gets it, what is left, what was left out and why."""
    text, blocks = _note(f"{_sent(people, is_private=is_private)} {_left(left)}")
    for why in dropped:
        text += f"\n{spoken(why)}"
        blocks.append(ContextBlock(elements=[PlainTextObject(text=why, emoji=False)]))
    button = ButtonElement(
        text="Take back", action_id="kudos_take_back", value=str(kudos_id)
    )
    return text, [*blocks, ActionsBlock(elements=[button])]


def given_before(people: Sequence[str], *, is_private: bool) -> Note:
    """The same when it can't be taken back any more."""
    return _note(_sent(people, is_private=is_private))


def taken_back_by_giver() -> Note:
    """The same when it was taken back."""
    return _note(TAKEN_BACK)


def _sent(people: Sequence[str], *, is_private: bool) -> str:
    return f"Thanks sent {'privately ' if is_private else ''}to {names(people)}."


def _left(left: int) -> str:
    if not left:
        return "That was your last for today. You get more at midnight."
    more = "1 more person" if left == 1 else f"{left} more people"
    return f"You can thank {more} today."


def received(
    giver: str,
    reason: str,
    *,
    tags: Sequence[str] = (),
    url: str | None = None,
    # Where it was said, such as "#help"; empty for private kudos.
    place: str = "",
    about: str | None = None,
) -> Note:
    """To a receiver. `reason` is marked text."""
    parts: list[Part] = [f"{at_the_beginning(giver)} thanks you"]
    if place:
        parts += [" in ", link(url, place) if url else place]
    else:
        parts.append(" privately")
    if about:
        parts += [" for ", link(about, "this message")]
    text, blocks = _note(*parts, ":")
    text = f"{text} {escape(shorten(plain(reason), SUMMED_REASON))}"
    blocks.append(rich.words(reason, limit=LONGEST_REASON))
    if tags:
        shown = PlainTextObject(text=tagged(tags), emoji=False)
        blocks.append(ContextBlock(elements=[shown]))
    return text, blocks


def received_by_reaction(giver: str, emoji: str, url: str | None) -> Note:
    name = emoji.partition("::")[0]
    message: Part = link(url, "your message") if url else "your message"
    return _note(
        f"{at_the_beginning(giver)} gave you ",
        Piece("emoji", f":{name}:", name),
        " for ",
        message,
    )


def taken_back(giver: str) -> Note:
    """In place of the letter that a receiver was sent."""
    return _note(f"{at_the_beginning(giver)} took these kudos back.")


def spent(why: Sequence[str]) -> Note:
    """To somebody whose reaction gives nothing."""
    return _note("Your reaction stays, but doesn't count as kudos. ", " ".join(why))


def not_posted(reason: str, people: Sequence[str], place: str, error: str) -> Note:
    whom = names(people)
    if error == "unknown":
        said = (
            f"I'm not sure your kudos to {whom} made it to {place}. Please check. They"
            " count, and I told the people you thanked."
        )
    else:
        said = f"I couldn't post your kudos to {whom} in {place}, so they don't count."
    text, blocks = _note(f"{said} This is what you wrote:")
    return text, [*blocks, rich.words(reason, limit=LONGEST_REASON)]


TAKEN_BACK = "Kudos taken back."
