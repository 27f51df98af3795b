"""Messages about credits: to the member, the channel, markers and leads. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
)

from bot.kudos.blocks import thank_button_row
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line, name_list
from bot.slack.rich_text import Part, fallback_text, link, user_mention
from bot.slack.text import to_plain, truncate

Consent = Literal["asked", "public", "private", "silent", "never"]

MAX_CONTRIBUTIONS = 5
_TITLE_LENGTH = 80
_NUMBER_WORDS = {4: "four", 8: "eight", 12: "twelve"}
_DAYS_PER_WEEK = 7
_MAX_WEEKS = 12


@dataclass(frozen=True, slots=True)
class Contribution:
    """One ask that the member's answer solved or helped with. `title` is mrkdwn.

    `url` links to the answer. `asker` is a plain name; None: it is not shown.
    """

    title: str
    url: str
    asker: str | None
    is_solution: bool


@dataclass(frozen=True, slots=True)
class CreditStory:
    """A credit, with only the contributions that its reader may see."""

    days: int
    contributions: Sequence[Contribution]
    # The number of people whom the contributions helped.
    helped_count: int
    # For a credit by hand: the program lead's name, and the reason as mrkdwn.
    nominated_by: str = ""
    reason: str = ""


def credit_offer(
    credit_id: int,
    story: CreditStory,
    *,
    # The member's share of all messages; None if unknown.
    share: float | None,
    consent: Consent,
    # The channel's name and the permalink of the post; "" if there is none.
    channel: str,
    url: str = "",
    asks_first: bool,
    consent_days: int,
) -> Note:
    """Build the message that asks for the member's consent, or shows their choice."""
    opening = _opening(story, share)
    text = fallback_text(*opening)
    blocks: list[Block] = [rich_text.inline(*opening), *_contribution_lines(story)]
    if consent != "asked" or not asks_first:
        blocks.append(rich_text.inline(*_choice_text(consent, channel, url)))
        return text, blocks
    question = f"May I thank you in #{channel}?"
    blocks += [
        rich_text.inline(question),
        _choice_buttons(credit_id, ("public", "private", "never")),
        context_line(
            "So far only you and the program leads know. If you don't answer within"
            f" {consent_days} days, it stays that way. You can change your mind on my"
            " Home tab."
        ),
    ]
    return f"{text} {fallback_text(question)}", blocks


def _opening(story: CreditStory, share: float | None) -> list[Part]:
    if story.reason:
        return [f"{story.nominated_by} wants to thank you: “{to_plain(story.reason)}”"]
    if not story.contributions:
        return ["Your answers helped people. Thank you!"]
    sentence = (
        f"You've been quietly helping: in the last {_span(story.days)},"
        f" {len(story.contributions)} of your answers helped {_people_text(story)}"
    )
    if share is None:
        return [f"{sentence}. Thank you!"]
    return [f"{sentence}, with {_percent(share)} of the messages. Thank you!"]


def _choice_text(consent: Consent, channel: str, url: str) -> list[Part]:
    home = " You can change that on my Home tab."
    match consent:
        case "public" if url:
            return ["Done: I posted it in ", link(url, f"#{channel}"), f".{home}"]
        case "public":
            return [f"OK, I'm posting it in #{channel} now.{home}"]
        case "never":
            sentence = (
                "I won't do this again, and I've removed what I posted about you."
            )
            return [f"{sentence} You can change that in your settings on my Home tab."]
        case "silent":
            return [f"You didn't answer, so this stays between us.{home}"]
        case _ if not channel:
            return ["This stays between us."]
        case _:
            return [f"This stays between us.{home}"]


_LABELS = {
    "public": ("Yes, tell them", "mentor_tell"),
    "private": ("Just between us", "mentor_keep"),
    "never": ("Not again", "mentor_never"),
}


def _choice_buttons(credit_id: int, choices: Sequence[str]) -> ActionsBlock:
    return button_row(
        *(
            button(
                *_LABELS[choice],
                credit_id,
                style="primary" if choice == "public" else None,
            )
            for choice in choices
        )
    )


def post(mentor: str, name: str, story: CreditStory) -> Note:
    """Build the public post about a mentor. `mentor` is a Slack id."""
    if not (story.contributions or story.reason):
        sentence = " has quietly helped people here."
    elif story.reason:
        sentence = f" has helped. {story.nominated_by} says: “{to_plain(story.reason)}”"
    else:
        span = _span(story.days)
        sentence = (
            f" quietly helped here: {_contributions_text(story)} in the last {span}."
        )
    parts: list[Part] = [user_mention(mentor), sentence]
    thanks = f"Thank you, {name}!"
    reason = to_plain(story.reason) or _contributions_text(story)
    blocks: list[Block] = [
        rich_text.inline(*parts),
        *_contribution_lines(story),
        rich_text.inline(thanks),
        *thank_button_row(mentor, reason),
    ]
    return f"{fallback_text(name, sentence)} {fallback_text(thanks)}", blocks


def withdrawn_post() -> Note:
    """Build the note that replaces a post whose mentor withdrew their consent."""
    text = "This thank-you was taken back."
    return text, [rich_text.inline(text)]


def marker_note(name: str, contribution: Contribution, channel: str, url: str) -> Note:
    """Build the message to a member whose mark is evidence for the credit.

    `channel` is "" if they may not see the post's channel.
    """
    title = truncate(to_plain(contribution.title), _TITLE_LENGTH)
    parts: list[Part] = [
        f"You said that {name}'s ",
        link(contribution.url, "answer"),
        f" to “{title}” helped. Because of your mark, ",
    ]
    if channel:
        parts += [f"{name} is being thanked in ", link(url, f"#{channel}"), "."]
    else:
        parts.append(f"{name} is being thanked for helping so many people.")
    return fallback_text(*parts), [rich_text.inline(*parts)]


def not_posted(channel: str, error: str) -> Note:
    if error == "unknown":
        sentence = (
            f"I'm not sure my thanks to you made it to #{channel}. Please check. If"
            " it isn't there, you can try again on my Home tab."
        )
    else:
        sentence = (
            f"Slack didn't let me post my thanks to you in #{channel}, so this stays"
            " between us. You can try again on my Home tab."
        )
    return fallback_text(sentence), [rich_text.inline(sentence)]


def ring_alert(
    name: str, people: Sequence[str], marks: int, marks_from_ring: int
) -> Note:
    """Build the private message to a program lead about a ring."""
    text = (
        f"A private note for program leads: {marks_from_ring} of the {marks} marks"
        f" that {name} got in the last year come from {len(people)} people who mark"
        f" each other: {name_list(people)}. They may simply be a close team. Marks"
        " from inside such a ring alone don't make anyone a mentor."
    )
    return fallback_text(text), [rich_text.inline(text)]


def _contribution_lines(story: CreditStory) -> list[Block]:
    lines: list[Block] = []
    for contribution in story.contributions[:MAX_CONTRIBUTIONS]:
        verb = "solved" if contribution.is_solution else "helped with"
        title = truncate(to_plain(contribution.title), _TITLE_LENGTH)
        parts: list[Part] = [f"•  {verb} ", link(contribution.url, f"“{title}”")]
        if contribution.asker:
            parts.append(f", asked by {contribution.asker}")
        lines.append(rich_text.inline(*parts))
    more = len(story.contributions) - MAX_CONTRIBUTIONS
    if more > 0:
        lines.append(rich_text.inline(f"•  and {more} more"))
    return lines


def _contributions_text(story: CreditStory) -> str:
    count = len(story.contributions)
    answers = f"{count} {'answer' if count == 1 else 'answers'}"
    return f"{answers} that helped {_people_text(story)}"


def _people_text(story: CreditStory) -> str:
    return f"{story.helped_count} {'person' if story.helped_count == 1 else 'people'}"


def _span(days: int) -> str:
    weeks, rest = divmod(days, _DAYS_PER_WEEK)
    if rest or weeks > _MAX_WEEKS or weeks < 1:
        return f"{days} days"
    if weeks == 1:
        return "week"
    return f"{_NUMBER_WORDS.get(weeks, weeks)} weeks"


def _percent(share: float) -> str:
    percent = round(100 * share)
    return "less than 1%" if percent < 1 else f"only {percent}%"
