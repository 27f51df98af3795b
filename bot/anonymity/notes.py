"""Texts about asks without a name. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
)

from bot.anonymity import rules
from bot.asks.rules import MAX_REASON_LENGTH
from bot.errors import UserError
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line, sentence_note
from bot.slack.rich_text import channel_mention
from bot.slack.text import (
    escape,
    format_full,
    full_stop,
    one_line,
    sanitize,
    to_mrkdwn,
    to_plain,
    truncate,
)

NOT_OFFERED = (
    "This channel does not take asks without a name. Untick it to ask with it."
)
CANNOT_POST = "I can't post in that channel. Choose another one."
NOT_IN_CHANNEL = "You are not in that channel. Join it first, or choose another one."
TOO_FEW_PEOPLE = (
    "There are too few people in that channel to stay unknown. It needs at least"
    f" {rules.MIN_MEMBERS} people, of whom {rules.MIN_ASKERS} can ask."
)
LEAVE_OUT_NAMES = "Leave out the names of people if you ask without your own."
TOO_LONG = "To ask without your name, shorten the details to about 2,000 characters."


def links_cut(at: datetime) -> str:
    """Return the note for everyone after the links were cut at once."""
    return (
        f"Links to asks without a name were cut on {at.day} {at:%B}, because their key"
        " was lost. The asks stay. If one was yours, you can no longer act on it."
    )


NO_ONE_LOOKED = "No champion could look at it in time. You can ask it again."
KEY_LOST = "I could not post it, because the server has another key now. Ask it again."
SWITCHED_OFF = "Asks without a name are switched off on this server."
DECIDED = "That's decided already."
CHOICE_TAKEN = (
    "Thank you. Your choice counts, unless it's your own ask: then another champion has"
    " to look at it."
)
ERASED_TITLE = "An ask that was deleted"
NOT_ANONYMOUS = "This is only for asks without a name."
REPORTED = (
    "Thank you. If more people report it, it's hidden until a champion has looked."
)
STOPPED = (
    f"Done. For {rules.STOPPED_FOR.days} days, the author can't ask here without their"
    " name, if I can still tell who it is. I tell no one."
)
STOPPED_EVERYWHERE = (
    f"Done. For {rules.STOPPED_FOR.days} days, the author can't ask anywhere in this"
    " workspace without their name."
)
TOO_LATE = "Too late: nobody can tell any longer who asked."
NOTHING_TO_STOP = "That's over: the author is no longer stopped."
SOMETHING_WAITS = "Something is waiting for you on my Home tab."

_MAX_TITLE_SHOWN = 200
_MAX_DETAILS_SHOWN = 2500
_MAX_REASONS_SHOWN = 5


def read_reason(typed: str) -> str:
    """Return the reason as typed, on one line. Raises UserError if there is none."""
    reason = truncate(one_line(sanitize(typed)), MAX_REASON_LENGTH)
    if not reason:
        raise UserError("Write a few words about why.", field="reason")
    return reason


@dataclass(frozen=True, slots=True)
class AskText:
    """The words of an ask, and its channel; `title` and `details` are mrkdwn."""

    # Its Slack id and its name.
    channel: tuple[str, str]
    title: str
    details: str
    topics: Sequence[str]


def review(draft_id: int, ask: AskText, *, until: datetime, zone: ZoneInfo) -> Note:
    """Ask a champion to look at a draft first."""
    text, blocks = sentence_note(
        "Can this be posted without a name in ", channel_mention(*ask.channel), "?"
    )
    blocks += _quote(ask)
    blocks += [
        button_row(
            button("Post", "anonymous_accept", draft_id, style="primary"),
            button("Not like this", "anonymous_reject", draft_id),
        ),
        context_line(
            f"If no champion presses Post by {format_full(until, zone)}, it isn't"
            " posted. No one sees who wrote it, or who decided."
        ),
    ]
    return text, blocks


def _quote(ask: AskText) -> list[Block]:
    blocks: list[Block] = [
        rich_text.user_text(ask.title, limit=_MAX_TITLE_SHOWN, is_bold=True)
    ]
    if ask.details:
        blocks.append(rich_text.user_text(ask.details, limit=_MAX_DETAILS_SHOWN))
    if ask.topics:
        blocks.append(context_line(f"Topics: {', '.join(ask.topics)}"))
    return blocks


def reviewed(*, is_posted: bool) -> Note:
    """In place of the text, after a decision or too late for one."""
    return sentence_note("Posted." if is_posted else "Not posted.")


def report(ask_id: int, ask: AskText) -> Note:
    """Tell a champion that people's reports have hidden an ask."""
    text, blocks = sentence_note(
        f"{rules.REPORTS_TO_HIDE} people reported this ask without a name in ",
        channel_mention(*ask.channel),
        ". Nobody sees it there now.",
    )
    blocks += _quote(ask)
    blocks += [
        button_row(
            button("Show it again", "anonymous_show", ask_id),
            button("Delete it", "anonymous_delete", ask_id, style="danger"),
            stop_button(ask_id),
        ),
        context_line(
            f"If no champion decides within {rules.HIDDEN_FOR.days} days, it's deleted."
        ),
    ]
    return text, blocks


def report_over(ask_id: int, channel: tuple[str, str], *, is_shown: bool) -> Note:
    """In place of the text, after a decision about a hidden ask."""
    about = "The ask without a name that people reported in "
    result = " is shown again." if is_shown else " was deleted."
    text, blocks = sentence_note(about, channel_mention(*channel), result)
    return text, [*blocks, button_row(stop_button(ask_id))]


def report_gone() -> Note:
    """In place of the text, for someone who can no longer see the channel."""
    return sentence_note("That's decided.")


def stop_button(ask_id: int) -> ButtonElement:
    return button("No more from this author here", "anonymous_stop", ask_id)


def options(ask_id: int, *, can_stop: bool) -> list[Block]:
    """Build what everyone can do about an ask without a name, and its moderators."""
    buttons = [button("Report it", "anonymous_report", ask_id)]
    if can_stop:
        buttons.append(stop_button(ask_id))
    return [DividerBlock(), button_row(*buttons)]


def stopped_everywhere() -> Note:
    """In place of an offer to a lead, after one of them has taken it."""
    return sentence_note(
        "The author is stopped in the whole workspace for"
        f" {rules.STOPPED_FOR.days} days."
    )


def stop_offer(block_id: int, reasons: Sequence[str], *, count: int) -> Note:
    """Offer a lead to stop an author everywhere; `reasons` are as champions typed."""
    text, blocks = sentence_note(
        f"Champions have stopped an author of asks without a name {count} times. Do you"
        f" want to stop them in the whole workspace, for {rules.STOPPED_FOR.days} days?"
    )
    lines = [f"“{to_mrkdwn(reason)}”" for reason in reasons[:_MAX_REASONS_SHOWN]]
    return text, [
        *blocks,
        *(rich_text.user_text(line, limit=MAX_REASON_LENGTH + 2) for line in lines),
        button_row(
            button("Stop them everywhere", "anonymous_stop_everywhere", block_id)
        ),
        context_line("I tell nobody who it is. They read the reason."),
    ]


def stopped(place: str, until: str, reason: str) -> ContextBlock:
    """Tell a stopped author, in their Home tab, why and until when."""
    why = f"“{reason}”"
    return context_line(
        f"Until {until}, you can't ask {place} without your name. A champion's reason:"
        f" {why}{full_stop(why)} You can ask with your name."
    )


def notice() -> Note:
    """Tell an author that there is news, without a word about what it is."""
    return sentence_note(SOMETHING_WAITS)


# About the acts of an author.
OPEN_HOME = "Open my Home tab, and try it there in a moment."
ANSWER_GONE = "That answer is gone. Open the ask again."
OWN_ANSWER = "That's your own answer. Only others can mark it helpful."
NOT_SOLVED = "It isn't solved any longer. Open the ask again."
STILL_POSTING = "I'm still posting that ask. Try again in a moment."
DRAFT_GONE = "It no longer waits. Open my Home tab again."
REPLY_GONE = "That reply is gone. Open the ask again."
EMPTY_REPLY = "Write a few words."
TOO_MANY_REPLIES = (
    f"You have written {rules.MAX_REPLIES} replies here. You can edit or delete them."
)
ONLY_WITHOUT_NAME = "This works on asks without a name only."
NOT_A_HELPER = "Choose people who answered this ask."
WITHDRAWN = "It won't be posted."
DELETED = "The ask is deleted, with your replies to it. The answers stay."
REVEALED = (
    "Your name is on the ask now. From here on it is like any other ask of yours."
)


def reply(text: str) -> Note:
    """Build the message in the thread with a reply of the asker, as mrkdwn."""
    fallback = f"The asker: {escape(to_plain(text))}"
    return fallback, [
        rich_text.user_text(text, limit=rules.MAX_REPLY_LENGTH, prefix=["The asker: "])
    ]


def hidden_reply() -> Note:
    """In place of a reply to an ask that is hidden."""
    return sentence_note("This reply is hidden, like the ask.")
