"""The bot's private messages about asks that wait for an answer. Pure.

Titles are mrkdwn; people are given by plain names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, ButtonElement

from bot.home.row_blocks import RowList
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
from bot.slack.text import escape

# Slack's limit for an accessibility label is 75, with the words before the title.
_MAX_LABEL = 50


def when(month: str) -> str:
    """Return "in March" or "on 2 Mar", for what `format_month` returns."""
    return f"on {month}" if month[0].isdigit() else f"in {month}"


@dataclass(frozen=True, slots=True)
class AskLine:
    """An ask in a message: its title (mrkdwn), link, asker and channel."""

    title: str
    url: str
    asker: str
    # Slack's id and the name.
    channel: tuple[str, str]

    @property
    def parts(self) -> list[Part]:
        """The sentence "Ana asks in #data: “How do I …?”"."""
        return [
            f"{self.asker} asks in ",
            channel_mention(*self.channel),
            ": ",
            link(self.url, quoted(self.title)),
        ]


@dataclass(frozen=True, slots=True)
class ReasonView:
    """The reason for a request; each is true of the member who reads it.

    `title` and `url` are of a similar ask; `when` says when they answered it: "in
    March", "on 2 Mar".
    """

    kind: ReasonKind
    title: str = ""
    url: str = ""
    when: str = ""
    topic: str = ""

    @property
    def parts(self) -> list[Part]:
        did = {
            "solved": "you solved ",
            "helped": "your answer helped with ",
            "answered": "you answered ",
        }
        if self.kind in did and self.url:
            earlier = link(self.url, quoted(self.title))
            return [did[self.kind], earlier, f" {self.when}"]
        if self.kind == "topic":
            return [f"you know about {self.topic}"]
        if self.kind in did:
            return ["you answered something similar"]
        return ["you have answered peers lately"]


def request(
    request_id: int,
    ask: AskLine,
    reason: ReasonView,
    *,
    is_one_of_two: bool,
    is_first: bool,
) -> Note:
    """Ask a member to look at an ask.

    `is_first`: they got no other request for a long time, and read what it is about.
    """
    text, blocks = sentence_note(
        *ask.parts,
        f"{_stop(ask.title)} Nobody has answered yet. I ask you because ",
        *reason.parts,
        ".",
    )
    others = "you and another person" if is_one_of_two else "only you"
    privacy = (
        f"I'm asking {others}. Nobody learns whom I asked, or what you choose."
        f" If you press I can help, {ask.asker} and the channel see your name."
    )
    lines = [privacy]
    if is_first:
        lines.append(
            "I ask people who take part, and never more often than they like: see My"
            " settings."
        )
    buttons = [button("I can help", "request_help", request_id, style="primary")]
    if is_first:
        buttons.append(button("Never ask me", "request_never", request_id))
    buttons.append(button("Not me", "request_decline", request_id))
    if not is_first:
        buttons.append(button("Ask me less", "request_less", request_id))
    return text, [
        *blocks,
        button_row(*buttons),
        *map(rich_text.context_line, lines),
    ]


def _stop(title: str) -> str:
    """Return the full stop after a quoted title, unless it ends a sentence itself."""
    return "" if title.endswith(("?", "!", ".", "…")) else "."


def open_requests(
    rows: Sequence[tuple[int, AskLine, ReasonView]], *, more: int
) -> RowList:
    """Build the Home tab's list of requests that wait for the member."""
    return RowList(
        rows=[
            [
                rich_text.inline(*ask.parts),
                rich_text.context_line(
                    "I ask you because ",
                    *reason.parts,
                    ". If you press I can help, the channel sees your name.",
                ),
                button_row(
                    button("I can help", "request_help", request_id, style="primary"),
                    button("Not me", "request_decline", request_id),
                ),
            ]
            for request_id, ask, reason in rows
        ],
        without_row=more,
    )


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


def request_accepted(ask: AskLine) -> Note:
    return sentence_note(
        "Thank you. ",
        f"{ask.asker} sees that you're looking into ",
        link(ask.url, quoted(ask.title)),
        ". Answer in its thread.",
    )


def request_declined(request_id: int, ask: AskLine, *, topics: Sequence[str]) -> Note:
    """In place of a request that the member declined, while the ask waits."""
    text, blocks = sentence_note(
        "That's fine. Nobody learns that you can't help with ",
        link(ask.url, quoted(ask.title)),
        ".",
    )
    channel = ask.channel[1]
    buttons = [
        button("I can help after all", "request_help", request_id),
        button(f"Never from #{channel}"[:75], "request_refuse_channel", request_id),
        *(
            button(
                f"Never about {topic}"[:75],
                f"request_refuse_topic_{number}",
                f"{request_id}:{topic}",
            )
            for number, topic in enumerate(topics[:3])
        ),
    ]
    return text, [*blocks, button_row(*buttons)]


def request_over(ask: AskLine | None, *, has_answer: bool) -> Note:
    """In place of a request whose ask no longer waits."""
    if ask is None:
        return sentence_note("That ask is gone. Thank you.")
    if has_answer:
        return sentence_note(
            "Answered meanwhile, thank you: ", link(ask.url, quoted(ask.title))
        )
    return sentence_note(
        "No longer needed, thank you: ", link(ask.url, quoted(ask.title))
    )


def request_expired() -> Note:
    """In place of a request that is no longer stored."""
    return sentence_note("I asked you about an ask here, a while ago. Thank you.")


def request_answered(ask: AskLine, *, has_helped: bool) -> Note:
    """In place of a request to a member who answered the ask."""
    if has_helped:
        return sentence_note(
            "Your answer to ",
            link(ask.url, quoted(ask.title)),
            " helped. I had asked you: thank you for looking.",
        )
    return sentence_note(
        "You answered ", link(ask.url, quoted(ask.title)), ". Thank you for looking."
    )


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


def link_elsewhere(ask: AskLine) -> Note:
    """Link to an ask, in another channel."""
    text, blocks = sentence_note(*ask.parts)
    return text, [*blocks, rich_text.context_line("Answer in its thread.")]


def link_failed(ask: AskLine, channel: tuple[str, str]) -> Note:
    return sentence_note(
        "I couldn't post a link to ",
        link(ask.url, quoted(ask.title)),
        " in ",
        channel_mention(*channel),
        ". Am I still in that channel?",
    )


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


def refused(what: str) -> str:
    """Return the reply to a member who does not want to be asked `what`, as mrkdwn."""
    return f"I won't ask you {escape(what)} again. You can change that in My settings."
