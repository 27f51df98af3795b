"""The bot's messages to members and owners about check-ins. Pure.

`question` is mrkdwn, `channel` the channel's name.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from slack_sdk.models.blocks import Block, ButtonElement

from bot.checkins.blocks import format_date
from bot.checkins.rules import MISSES_BEFORE_STOP
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, quoted, sentence_note
from bot.slack.rich_text import Part, fallback_text, link
from bot.slack.text import full_stop, to_plain, truncate

_QUESTION = 80

# Reasons for a date without a post, by the stored value. They follow a colon.
_SKIP_REASONS: Final = {
    "down": "I was offline",
    "unsent": "Slack didn't accept it in time",
    "paused": "it was paused",
    "deleted": "it was deleted",
    "removed": "its message was deleted",
    "unknown": "I'm not sure Slack accepted it",
}
# Reasons for an automatic pause, by the stored value. They follow the channel's name.
_PAUSE_REASONS: Final = {
    "archived": "was archived or deleted",
    "away": "no longer has me in it",
    "made private": "was made private",
    "made public": "was made public",
}


def skip_reason_text(reason: str | None) -> str:
    """Return the text for a stored reason, to follow a colon."""
    return _SKIP_REASONS.get(reason or "", f"Slack says “{reason}”")


def pause_reason_text(reason: str) -> str:
    """Return the text for a stored reason, to follow the channel's name."""
    return _PAUSE_REASONS.get(
        reason, f"doesn't accept my posts (Slack says “{reason}”)"
    )


def schedule_paused(question: str, channel: str, reason: str) -> Note:
    """Build the message that a check-in was paused; `reason` is the stored value."""
    return _note(
        f"Your check-in “{_shortened(question)}” is paused because #{channel}"
        f" {pause_reason_text(reason)}. To continue, {_how_to_resume(reason)}"
    )


def schedule_paused_elsewhere(reason: str) -> Note:
    """Build the same for an owner who may not be in the private channel."""
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
    dates = f"on {format_date(last)}"
    if count > 1:
        dates = f"{count} times, from {format_date(first)} to {format_date(last)}"
    return _note(
        f"Your check-in “{_shortened(question)}” in #{channel} was skipped {dates}:"
        f" {skip_reason_text(reason)}. The next one comes as planned."
    )


def _note(text: str) -> Note:
    return sentence_note(text)


def _shortened(question: str) -> str:
    return truncate(to_plain(question), _QUESTION)


_MAX_QUOTE_LENGTH = 80
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
    """Build the reminder for a member who has not shared yet."""
    asked = _quoted(question)
    parts: list[Part] = [
        f"#{channel} is asking ",
        link(url, asked),
        f"{full_stop(asked)} A sentence or two is plenty; you have until ",
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
    """Build the message that reminders stop after missed rounds."""
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
    """Build the invitation for a member who shared without having joined."""
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
    """Build the message that a response was not posted, with its blocks.

    `channel` is a label such as "#help"; `error` is Slack's code, or "unknown".
    """
    if error == "unknown":
        sentence = (
            f"I'm not sure that what you shared made it to {channel}. Please check."
        )
    else:
        sentence = f"Slack didn't let me post what you shared in {channel}."
    text = f"{sentence} It still counts. Here's what you wrote:"
    return fallback_text(text), [rich_text.inline(text), *response_blocks]


def ask_offer(checkin_id: int, blocker: str) -> Note:
    """Build the offer to make an ask of a member's blocker, which is mrkdwn."""
    words = quoted(blocker, _BLOCKER)
    sentence = f"You're stuck on {words}{full_stop(words)}"
    offer = "Your peers may know. Want to ask them? You can edit the ask first."
    return fallback_text(f"{sentence} {offer}"), [
        rich_text.inline(sentence),
        rich_text.inline(offer),
        button_row(
            button("Ask your peers", "checkin_ask", checkin_id, style="primary")
        ),
    ]


def ask_created(title: str, url: str) -> Note:
    """Build the note that replaces the offer after the ask was made.

    `title` is mrkdwn; `url` is "" until the ask is posted.
    """
    ask = _quoted(title)
    linked_title: Part = link(url, ask) if url else ask
    return sentence_note("You asked your peers: ", linked_title, full_stop(ask))


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
    """Build the same for a member who may no longer be in its private channel."""
    text = "You've left that check-in. What you shared stays there."
    return sentence_note(text)


def resume_receipt(question: str, *, channel: str) -> Note:
    text = f"OK, I'll remind you of {_quoted(question)} in #{channel} again."
    return sentence_note(text)


def leave_button(schedule_id: int) -> ButtonElement:
    return button("Leave this check-in", "checkin_leave", schedule_id)


def _quoted(question: str) -> str:
    return quoted(question, _MAX_QUOTE_LENGTH)


HELP = (
    "*Check in:* press *Share* when I ask your channel, or reply there. `/backswing"
    " checkins` shows who shared lately."
)
