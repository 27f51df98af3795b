"""The bot's messages to members about check-ins, and to those who set them up."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from slack_sdk.models.blocks import Block, ButtonElement

from bot.checkins.blocks import format_date
from bot.checkins.rules import MISSES_BEFORE_STOP
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, quoted, sentence_note
from bot.slack.rich_text import Part, fallback_text, link
from bot.slack.text import to_plain, truncate

_QUESTION = 80

# Why a date had no post: by its reason, as it is kept.
_SKIP_REASONS: Final = {
    "down": "I was offline",
    "unsent": "Slack didn't accept it in time",
    "paused": "it was paused",
    "deleted": "it was deleted",
    "removed": "its message was deleted",
    "unknown": "I'm not sure Slack accepted it",
}
# Why nobody had to pause it: what is to be said of the channel.
_PAUSE_REASONS: Final = {
    "archived": "was archived or deleted",
    "away": "no longer has me in it",
    "made private": "was made private",
    "made public": "was made public",
}


def skip_reason_text(reason: str | None) -> str:
    """To stand behind a colon."""
    return _SKIP_REASONS.get(reason or "", f"Slack says “{reason}”")


def pause_reason_text(reason: str) -> str:
    """To stand behind the channel's name."""
    return _PAUSE_REASONS.get(
        reason, f"doesn't accept my posts (Slack says “{reason}”)"
    )


def schedule_paused(question: str, channel: str, reason: str) -> Note:
    """`question` is mrkdwn; `channel` its name; `reason` as it is stored."""
    return _note(
        f"Your check-in “{_shortened(question)}” is paused because #{channel}"
        f" {pause_reason_text(reason)}. To continue, {_how_to_resume(reason)}"
    )


def schedule_paused_elsewhere(reason: str) -> Note:
    """To somebody of whom nobody knows whether they are in the private channel."""
    return _note(
        "A check-in you look after is paused because its private channel"
        f" {pause_reason_text(reason)}. To continue, {_how_to_resume(reason)}"
    )


def _how_to_resume(reason: str) -> str:
    match reason:
        case "archived":
            return "open the channel again and resume it there with /backswing."
        case "away":
            return "invite me again and resume it there with /backswing."
        case _:
            return "resume it there with /backswing."


def rounds_skipped(
    question: str, channel: str, *, first: date, last: date, count: int, reason: str
) -> Note:
    """Report `count` dates, from `first` to `last`, without a post."""
    if reason == "unknown":
        return _note(
            f"I'm not sure your check-in “{_shortened(question)}” made it to"
            f" #{channel}. Please check. I won't post it twice. The next one comes as"
            " planned."
        )
    when = f"on {format_date(last)}"
    if count > 1:
        when = f"{count} times, from {format_date(first)} to {format_date(last)}"
    return _note(
        f"Your check-in “{_shortened(question)}” in #{channel} was skipped {when}:"
        f" {skip_reason_text(reason)}. The next one comes as planned."
    )


def _note(text: str) -> Note:
    return sentence_note(text)


def _shortened(question: str) -> str:
    return truncate(to_plain(question), _QUESTION)


_LONGEST_QUOTE = 80


_BLOCKER = 300


def reminder(
    round_id: int,
    schedule_id: int,
    question: str,
    *,
    channel: str,
    url: str,
    until: Part,
) -> Note:
    """Remind a member who has not shared yet. `question` is mrkdwn."""
    parts: list[Part] = [
        f"#{channel} is asking ",
        link(url, _quoted(question)),
        ". A sentence or two is plenty; you have until ",
        until,
        ". This is the only reminder.",
    ]
    return fallback_text(*parts), [
        rich_text.inline(*parts),
        button_row(
            button("Share", "checkin_share", round_id, style="primary"),
            leave_button(schedule_id),
        ),
    ]


def reminders_stopped(schedule_id: int, question: str, *, channel: str) -> Note:
    """Tell a member that reminders stop after missed rounds, unless they want them."""
    text = (
        f"You've missed the last {_NUMBERS[MISSES_BEFORE_STOP]} rounds of"
        f" {_quoted(question)} in #{channel}, so I'll stop reminding you. Share"
        " something or press the button, and I'll start again."
    )
    return fallback_text(text), [
        rich_text.inline(text),
        button_row(
            button("Keep reminding me", "checkin_go_on", schedule_id),
            leave_button(schedule_id),
        ),
    ]


_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


def invitation(round_id: int, question: str, *, channel: str) -> Note:
    """To somebody who took part without having joined; once ever."""
    text = (
        f"You shared something in {_quoted(question)} in #{channel}. Want to join? Then"
        " you get one reminder each time you forget. You can leave at any time. I won't"
        " ask again."
    )
    return fallback_text(text), [
        rich_text.inline(text),
        button_row(button("Join", "checkin_join", round_id, style="primary")),
    ]


def response_not_posted(
    channel: str, response_blocks: Sequence[Block], error: str
) -> Note:
    """To somebody whose answers Slack did not take; `shared` is what shows them."""
    if error == "unknown":
        sentence = (
            f"I'm not sure that what you shared made it to {channel}. Please check."
        )
    else:
        sentence = f"Slack didn't let me post what you shared in {channel}."
    text = f"{sentence} It still counts. Here's what you wrote:"
    return fallback_text(text), [rich_text.inline(text), *response_blocks]


def ask_offer(checkin_id: int, blocker: str) -> Note:
    """Offer to make an ask of a member's blocker, which is mrkdwn."""
    sentence = f"You're stuck on “{truncate(to_plain(blocker), _BLOCKER)}”."
    offer = "Your peers may know. Want to ask them? You can edit the ask first."
    return fallback_text(f"{sentence} {offer}"), [
        rich_text.inline(sentence),
        rich_text.inline(offer),
        button_row(
            button("Ask your peers", "checkin_ask", checkin_id, style="primary")
        ),
    ]


def ask_created(title: str, url: str) -> Note:
    """Replace the offer once the ask is made. `title` is mrkdwn.

    `url` is "" while the ask is being posted.
    """
    named: Part = link(url, _quoted(title)) if url else _quoted(title)
    parts: list[Part] = ["You asked your peers: ", named, "."]
    return sentence_note(*parts)


def join_receipt(schedule_id: int, question: str, *, channel: str) -> Note:
    text = (
        f"You've joined {_quoted(question)} in #{channel}. Your first reply, or what"
        " you share in the form, is your check-in. You get one reminder if you forget."
    )
    return fallback_text(text), [
        rich_text.inline(text),
        button_row(leave_button(schedule_id)),
    ]


def leave_receipt(question: str, *, channel: str) -> Note:
    text = (
        f"You've left {_quoted(question)} in #{channel}. What you shared stays there."
        " To come back, press Join there or on my Home tab."
    )
    return sentence_note(text)


def leave_receipt_elsewhere() -> Note:
    """To somebody who may be in its private channel no more."""
    text = "You've left that check-in. What you shared stays there."
    return sentence_note(text)


def resume_receipt(question: str, *, channel: str) -> Note:
    text = f"OK, I'll remind you of {_quoted(question)} in #{channel} again."
    return sentence_note(text)


def leave_button(schedule_id: int) -> ButtonElement:
    return button("Leave this check-in", "checkin_leave", schedule_id)


def _quoted(question: str) -> str:
    return quoted(question, _LONGEST_QUOTE)


HELP = (
    "*Check in:* press *Share* when I ask your channel, or reply there. `/backswing"
    " checkins` shows who shared lately."
)
