"""What the bot says about mentors: to them, to the channel, to whom they helped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    PlainTextObject,
)

from bot import rich
from bot.asks.blocks import names
from bot.kudos.blocks import say_thanks
from bot.rich import Part, link, person, spoken
from bot.text import plain, shorten

Note = tuple[str, list[Block]]
Consent = Literal["asked", "public", "private", "silent", "never"]

MOST_DEEDS = 5
_TITLE = 80
_NUMBERS = {4: "four", 8: "eight", 12: "twelve"}
_DAYS = 7
_MOST_WEEKS = 12


@dataclass(frozen=True, slots=True)
class Deed:
    """One ask that the person's answer solved or helped with. `title` is marked text.

    `url` leads to the answer. `asker` is a plain name, None where it may not be told.
    """

    title: str
    url: str
    asker: str | None
    is_solution: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to tell, to whoever it is told: only what they may see."""

    days: int
    deeds: Sequence[Deed]
    # How many people it helped.
    people: int
    # Of a credit by hand: the lead's name, and why, as marked text.
    lead: str = ""
    reason: str = ""


def told(
    credit_id: int,
    story: Story,
    *,
    # The person's part of all messages; None where nobody knows.
    share: float | None,
    consent: Consent,
    # The channel's name and the address of the post; "" where there is none.
    channel: str,
    url: str = "",
    asks_first: bool,
    silence_days: int,
) -> Note:
    """To the person, before anybody else hears of it; redrawn with their choice."""
    first = _what_you_did(story, share)
    text = spoken(*first)
    blocks: list[Block] = [rich.sentence(*first), *_deeds(story)]
    if consent != "asked" or not asks_first:
        blocks.append(rich.sentence(*_chosen(consent, channel, url)))
        return text, blocks
    question = f"May I tell #{channel}, and thank you there?"
    blocks += [
        rich.sentence(question),
        _choices(credit_id, ("public", "private", "never")),
        ContextBlock(
            elements=[
                PlainTextObject(
                    text="So far only you and the program leads know. If you don't"
                    f" answer within {silence_days} days, it stays that way. You can"
                    " change your mind in the Home tab.",
                    emoji=False,
                )
            ]
        ),
    ]
    return f"{text} {spoken(question)}", blocks


def _what_you_did(story: Story, share: float | None) -> list[Part]:
    if story.reason:
        return [f"{story.lead} wants to thank you: “{plain(story.reason)}”"]
    if not story.deeds:
        return ["Your answers helped people. Thank you!"]
    said = (
        f"You've been quietly helping: in the last {_span(story.days)},"
        f" {len(story.deeds)} of your answers helped {_people(story)}"
    )
    if share is None:
        return [f"{said}. Thank you!"]
    return [f"{said}, with {_percent(share)} of the messages. Thank you!"]


def _chosen(consent: Consent, channel: str, url: str) -> list[Part]:
    home = " You can change that in the Home tab."
    match consent:
        case "public" if url:
            return ["Yes: I told ", link(url, f"#{channel}"), f".{home}"]
        case "public":
            return [f"Yes: I tell #{channel} now.{home}"]
        case "never":
            said = "I won't do this again, and what I had told of you is gone."
            return [f"{said} You can change that in the Home tab's settings."]
        case "silent":
            return [f"I heard nothing, so this stays between us.{home}"]
        case _ if not channel:
            return ["This stays between us."]
        case _:
            return [f"This stays between us.{home}"]


_LABELS = {
    "public": ("Yes, tell them", "mentor_tell"),
    "private": ("Just between us", "mentor_keep"),
    "never": ("Not again", "mentor_never"),
}


def _choices(credit_id: int, wanted: Sequence[str]) -> ActionsBlock:
    return ActionsBlock(
        elements=[
            ButtonElement(
                text=_LABELS[choice][0],
                action_id=_LABELS[choice][1],
                value=str(credit_id),
                style="primary" if choice == "public" else None,
            )
            for choice in wanted
        ]
    )


def post(mentor: str, name: str, story: Story) -> Note:
    """To the channel: who helped whom with what. `mentor` is a Slack id."""
    if not (story.deeds or story.reason):
        said = " has quietly helped people here."
    elif story.reason:
        said = f" has helped. {story.lead} says: “{plain(story.reason)}”"
    else:
        said = f" quietly helped here: {_gave(story)} in the last {_span(story.days)}."
    parts: list[Part] = [person(mentor), said]
    thanks = f"Thank you, {name}!"
    for_what = plain(story.reason) or _gave(story)
    blocks: list[Block] = [
        rich.sentence(*parts),
        *_deeds(story),
        rich.sentence(thanks),
        *say_thanks(mentor, for_what),
    ]
    return f"{spoken(name, said)} {spoken(thanks)}", blocks


def taken_back() -> Note:
    """In place of a post that its mentor took back."""
    text = "This thank-you was taken back."
    return text, [rich.sentence(text)]


def helped(name: str, deed: Deed, channel: str, url: str) -> Note:
    """To somebody whose mark is part of it; `channel` is "" where they can't see it."""
    parts: list[Part] = [
        f"You said that {name}'s ",
        link(deed.url, "answer"),
        f" to “{shorten(plain(deed.title), _TITLE)}” helped. Your mark did this: ",
    ]
    if channel:
        parts += [f"{name} is being thanked in ", link(url, f"#{channel}"), "."]
    else:
        parts.append(f"{name} is being thanked for having helped so many.")
    return spoken(*parts), [rich.sentence(*parts)]


def not_posted(channel: str, error: str) -> Note:
    if error == "unknown":
        said = f"I'm not sure my thanks to you made it to #{channel}. Please check"
    else:
        said = f"Slack did not let me tell #{channel}"
    text = f"{said}. Otherwise it stays between us; the Home tab lets you try again."
    return spoken(text), [rich.sentence(text)]


def ring(name: str, people: Sequence[str], marks: int, from_ring: int) -> Note:
    """To a program lead, privately."""
    text = (
        f"A private note for program leads: {from_ring} of the {marks} marks that"
        f" {name} got in the last year come from a ring of {len(people)} people who"
        f" mark each other: {names(people)}. That can be a close team, and nothing is"
        " wrong with that; marks from within a ring alone make nobody a mentor."
    )
    return spoken(text), [rich.sentence(text)]


def _deeds(story: Story) -> list[Block]:
    lines: list[Block] = []
    for deed in story.deeds[:MOST_DEEDS]:
        verb = "solved" if deed.is_solution else "helped with"
        parts: list[Part] = [
            f"•  {verb} ",
            link(deed.url, f"“{shorten(plain(deed.title), _TITLE)}”"),
        ]
        if deed.asker:
            parts.append(f", asked by {deed.asker}")
        lines.append(rich.sentence(*parts))
    more = len(story.deeds) - MOST_DEEDS
    if more > 0:
        lines.append(rich.sentence(f"•  and {more} more"))
    return lines


def _gave(story: Story) -> str:
    answers = len(story.deeds)
    answered = f"{answers} {'answer' if answers == 1 else 'answers'}"
    return f"{answered} that helped {_people(story)}"


def _people(story: Story) -> str:
    return f"{story.people} {'person' if story.people == 1 else 'people'}"


def _span(days: int) -> str:
    weeks, rest = divmod(days, _DAYS)
    if rest or weeks > _MOST_WEEKS or weeks < 1:
        return f"{days} days"
    if weeks == 1:
        return "week"
    return f"{_NUMBERS.get(weeks, weeks)} weeks"


def _percent(share: float) -> str:
    percent = round(100 * share)
    return "less than 1%" if percent < 1 else f"only {percent}%"
