"""The bot's messages to askers and champions about asks without an answer. Pure.

Titles are mrkdwn; people are given by plain names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, ButtonElement

from bot.routing.notes import AskLine
from bot.routing.rules import ReasonKind
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    mrkdwn_line,
    quoted,
    sentence_note,
)
from bot.slack.rich_text import Part, channel_mention, link

# Slack's limit for an accessibility label is 75, with the words before the title.
_MAX_LABEL = 50


@dataclass(frozen=True, slots=True)
class Steps:
    """The numbers of people who were asked at the first and the second step."""

    peers: int = 0
    sideways: int = 0
    # True if the latter are from other channels.
    are_from_elsewhere: bool = False
    # True after the last step.
    is_last: bool = False
    is_waiting: bool = True


def offer(ask_id: int, reasons: Sequence[tuple[ReasonKind, str]]) -> Note:
    """Offer an asker to ask people who may know, by their reasons, without names."""
    did = {
        "solved": "solved a similar ask",
        "helped": "helped with a similar ask",
        "answered": "answered a similar ask",
    }
    if reasons:
        title = (
            "One peer has been there"
            if len(reasons) == 1
            else f"{_number(len(reasons)).capitalize()} peers have been there"
        )
        lines = [f"Someone {did[kind]} {when}." for kind, when in reasons]
    else:
        title = "Peers who may know"
        lines = ["I can ask up to two of them, one message each."]
    return title, [
        mrkdwn_line(f"*{title}*"),
        *map(rich_text.context_line, lines),
        button_row(button("Ask them quietly", "route_now", ask_id)),
    ]


def own_ask(ask_id: int, title: str, asked: int | None) -> list[Block]:
    """Build what is below an open ask in its asker's Home tab.

    `asked` is the number of people who were asked, 0 if nobody could be when the asker
    wanted it; None if the asker can have some asked now.
    """
    if asked is not None:
        return [rich_text.context_line(asked_now(asked))]
    return [
        button_row(
            ButtonElement(
                text="Ask someone now",
                action_id="route_now",
                value=str(ask_id),
                # Several asks have such a button; screen readers need the ask's title.
                accessibility_label=f"Ask someone now: {quoted(title, _MAX_LABEL)}",
            )
        )
    ]


def confirmation(ask_id: int) -> list[Block]:
    """Build the question to the author of a message that became an ask."""
    return [
        rich_text.context_line(
            "If nobody answers, shall I ask people who may know, one message each?"
        ),
        button_row(button("Yes, please", "route_confirm", ask_id)),
    ]


def confirmed(ask: AskLine) -> Note:
    return sentence_note(
        "If nobody answers ",
        link(ask.url, quoted(ask.title)),
        ", I'll ask people who may know.",
    )


def asked_now(count: int) -> str:
    """Return the reply to an asker who wants people asked now."""
    if not count:
        return "Nobody can be asked now. I'll try again during working hours."
    return f"I asked {_people(count)} who may know."


def notice(ask_id: int, ask: AskLine, steps: "Steps", *, is_own_message: bool) -> Note:
    """Tell an asker what was done for their ask; one message, updated in place.

    `is_own_message`: the ask is a message of theirs, which they edit in Slack.
    """
    title = link(ask.url, quoted(ask.title))
    if not steps.is_waiting:
        return sentence_note("About ", title, ": ", _asked(steps), ".")
    parts: list[Part] = ["Nobody has answered ", title, " yet."]
    if steps.peers or steps.sideways:
        parts.append(f" {_asked(steps)}.")
    text, blocks = sentence_note(*parts)
    if not steps.is_last:
        return text, blocks
    return text, [*blocks, *_help_for_asker(ask_id, is_own_message=is_own_message)]


def notice_over() -> Note:
    """In place of a notice whose ask was deleted."""
    return sentence_note("That ask is gone.")


def _asked(steps: Steps) -> str:
    if not steps.peers and not steps.sideways:
        return "nobody could be asked"
    first = steps.peers or steps.sideways
    text = f"I asked {_people(first)} who may know"
    if steps.peers and steps.sideways:
        text += f", and then {_number(steps.sideways)} more"
        if steps.are_from_elsewhere:
            text += " from other channels"
    return text


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{_number(count)} people"


def _number(count: int) -> str:
    return {1: "one", 2: "two"}.get(count, str(count))


def _help_for_asker(ask_id: int, *, is_own_message: bool) -> list[Block]:
    hints = (
        "Three things make it easier to answer: what you tried, what you expected, and"
        " what happened instead."
    )
    edit = [] if is_own_message else [button("Make it clearer", "route_edit", ask_id)]
    how = " Edit your message and the ask will follow." if is_own_message else ""
    return [
        rich_text.context_line(f"{hints}{how}"),
        button_row(
            *edit,
            button("Ask in another channel", "route_elsewhere", ask_id),
            button("Close it", "route_close", ask_id),
        ),
    ]


def champions(
    channel: tuple[str, str], asks: Sequence[tuple[AskLine, int]], more: int
) -> Note:
    """Tell a champion of asks without an answer, with the number of people asked."""
    is_one = len(asks) + more == 1
    text, blocks = sentence_note(
        "This ask in " if is_one else "These asks in ",
        channel_mention(*channel),
        f" {'has' if is_one else 'have'} no answer yet. Do you know who could help?",
    )
    for ask, count in asks:
        asked = f"I asked {_people(count)}" if count else "I could ask nobody"
        blocks.append(
            rich_text.inline(
                link(ask.url, quoted(ask.title)), f"  {ask.asker} · {asked}"
            )
        )
    if more:
        blocks.append(rich_text.context_line(f"and {more} more"))
    return text, blocks
