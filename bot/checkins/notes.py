"""What the bot tells whoever set a check-in up, when it can't go on as planned."""

from datetime import date
from typing import Final

from slack_sdk.models.blocks import Block

from bot import rich
from bot.checkins.blocks import day
from bot.rich import spoken
from bot.text import plain, shorten

Note = tuple[str, list[Block]]

_QUESTION = 80

# Why a date had no post: by its reason, as it is kept.
_SKIPPED: Final = {
    "down": "I was not running then, nor in the hours after",
    "unsent": "Slack did not take it in time",
    "paused": "it was paused just then",
    "deleted": "it was deleted just then",
    "removed": "its message was deleted",
    "unknown": "I can't tell whether Slack took it",
}
# Why nobody had to pause it: what is to be said of the channel.
_PAUSED: Final = {
    "archived": "was archived or deleted",
    "away": "is one that I am no longer in",
    "made private": "was made private",
    "made public": "was made public",
}


def why_skipped(reason: str | None) -> str:
    """To stand behind a colon."""
    return _SKIPPED.get(reason or "", f"Slack says “{reason}”")


def why_paused(because: str) -> str:
    """To stand behind the channel's name."""
    return _PAUSED.get(because, f"does not take my posts; Slack says “{because}”")


def paused(question: str, channel: str, because: str) -> Note:
    """`question` is marked text; `channel` its name; `because` as it is kept."""
    return _note(
        f"Your check-in “{_short(question)}” is paused, because #{channel}"
        f" {why_paused(because)}. If it is to go on, {_how_to_go_on(because)}"
    )


def paused_somewhere(because: str) -> Note:
    """To somebody of whom nobody knows whether they are in the private channel."""
    return _note(
        "A check-in that you look after is paused, because its private channel"
        f" {why_paused(because)}. If it is to go on, {_how_to_go_on(because)}"
    )


def _how_to_go_on(because: str) -> str:
    match because:
        case "archived":
            return "open the channel again and resume it there with /backswing."
        case "away":
            return "invite me again and resume it there with /backswing."
        case _:
            return "resume it there with /backswing."


def skipped(
    question: str, channel: str, *, first: date, last: date, count: int, reason: str
) -> Note:
    """Of `count` dates, from `first` to `last`, that had no post."""
    if reason == "unknown":
        return _note(
            f"I'm not sure your check-in “{_short(question)}” made it to #{channel}."
            " Please check. I won't post it twice. The next one comes as planned."
        )
    when = f"on {day(last)}"
    if count > 1:
        when = f"{count} times, from {day(first)} to {day(last)}"
    return _note(
        f"Your check-in “{_short(question)}” in #{channel} was skipped {when}:"
        f" {why_skipped(reason)}. The next one comes as planned."
    )


def _note(said: str) -> Note:
    return spoken(said), [rich.sentence(said)]


def _short(question: str) -> str:
    return shorten(plain(question), _QUESTION)
