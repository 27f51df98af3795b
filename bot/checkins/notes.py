"""What the bot tells whoever set a check-in up, when it can't go on as planned."""

from datetime import date
from typing import Final

from slack_sdk.models.blocks import Block

from bot import rich
from bot.checkins.blocks import format_date
from bot.rich import fallback_text
from bot.text import to_plain, truncate

Note = tuple[str, list[Block]]

_QUESTION = 80

# Why a date had no post: by its reason, as it is kept.
_SKIP_REASONS: Final = {
    "down": "I was not running then, nor in the hours after",
    "unsent": "Slack did not take it in time",
    "paused": "it was paused just then",
    "deleted": "it was deleted just then",
    "removed": "its message was deleted",
    "unknown": "I can't tell whether Slack took it",
}
# Why nobody had to pause it: what is to be said of the channel.
_PAUSE_REASONS: Final = {
    "archived": "was archived or deleted",
    "away": "is one that I am no longer in",
    "made private": "was made private",
    "made public": "was made public",
}


def skip_reason_text(reason: str | None) -> str:
    """To stand behind a colon."""
    return _SKIP_REASONS.get(reason or "", f"Slack says “{reason}”")


def pause_reason_text(reason: str) -> str:
    """To stand behind the channel's name."""
    return _PAUSE_REASONS.get(reason, f"does not take my posts; Slack says “{reason}”")


def schedule_paused(question: str, channel: str, reason: str) -> Note:
    """`question` is marked text; `channel` its name; `because` as it is kept."""
    return _note(
        f"Your check-in “{_shortened(question)}” is paused, because #{channel}"
        f" {pause_reason_text(reason)}. If it is to go on, {_how_to_resume(reason)}"
    )


def schedule_paused_elsewhere(reason: str) -> Note:
    """To somebody of whom nobody knows whether they are in the private channel."""
    return _note(
        "A check-in that you look after is paused, because its private channel"
        f" {pause_reason_text(reason)}. If it is to go on, {_how_to_resume(reason)}"
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
    """Of `count` dates, from `first` to `last`, that had no post."""
    if reason == "unknown":
        return _note(
            f"I'm not sure your check-in “{_shortened(question)}” made it to #{channel}."
            " Please check. I won't post it twice. The next one comes as planned."
        )
    when = f"on {format_date(last)}"
    if count > 1:
        when = f"{count} times, from {format_date(first)} to {format_date(last)}"
    return _note(
        f"Your check-in “{_shortened(question)}” in #{channel} was skipped {when}:"
        f" {skip_reason_text(reason)}. The next one comes as planned."
    )


def _note(text: str) -> Note:
    return fallback_text(text), [rich.inline(text)]


def _shortened(question: str) -> str:
    return truncate(to_plain(question), _QUESTION)
