"""The bot's requests to people who may know, and links to asks. Pure.

Titles are mrkdwn; people are given by plain names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import ButtonElement

from bot.home.row_blocks import RowList
from bot.routing.rules import ReasonKind
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    quoted,
    sentence_note,
)
from bot.slack.rich_text import Part, channel_mention, link
from bot.slack.text import escape, full_stop


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
        f"{full_stop(quoted(ask.title))} Nobody has answered yet. I ask you because ",
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


def request_accepted(ask: AskLine) -> Note:
    title = quoted(ask.title)
    return sentence_note(
        "Thank you. ",
        f"{ask.asker} sees that you're looking into ",
        link(ask.url, title),
        f"{full_stop(title)} Answer in its thread.",
    )


def request_declined(request_id: int, ask: AskLine, *, topics: Sequence[str]) -> Note:
    """In place of a request that the member declined, while the ask waits."""
    title = quoted(ask.title)
    text, blocks = sentence_note(
        "That's fine. Nobody learns that you can't help with ",
        link(ask.url, title),
        full_stop(title),
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
    title = quoted(ask.title)
    return sentence_note(
        "You answered ",
        link(ask.url, title),
        f"{full_stop(title)} Thank you for looking.",
    )


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


def refused(limit: str) -> str:
    """Return the reply to a member who refuses some requests, as mrkdwn.

    `limit` says which, such as "about kafka".
    """
    return f"I won't ask you {escape(limit)} again. You can change that in My settings."


def look_after(
    item_id: int, ask: AskLine
) -> tuple[Sequence[Part], Sequence[Part], Sequence[ButtonElement]]:
    """Return an ask for a champion to look after, why, and the buttons."""
    buttons = [
        button("I can help", "work_help", item_id, style="primary"),
        button("Close with a reason", "work_close", item_id),
    ]
    reason = "Nobody has answered yet, and I've asked those who may know."
    return ask.parts, [reason], buttons
