"""Questions for a circle about a member's ask, and the message before. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from slack_sdk.models.blocks import Block
from slack_sdk.models.blocks.block_elements import ButtonElement

from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    quoted,
    sentence_note,
)
from bot.slack.rich_text import Part, bold, link

_MAX_TITLE = 120


class OfferAnswer(StrEnum):
    """A member's answer about a question on their ask, as it is stored."""

    FINE = "fine"
    ANOTHER = "another"
    NONE = "none"


_LABELS = {
    OfferAnswer.FINE: "Fine",
    OfferAnswer.ANOTHER: "Another one",
    OfferAnswer.NONE: "None of mine",
}


@dataclass(frozen=True, slots=True)
class AskText:
    """A member's ask, for a question about it; `title` is mrkdwn, `name` plain."""

    name: str
    title: str
    url: str
    # The time, in the circle's zone, at which it was solved; None if it is not.
    solved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfferView:
    """A question about a member's own ask, for this member."""

    id: int
    number: int
    ask: AskText
    answer: OfferAnswer | None = None
    has_another: bool = False


def question_parts(ask: AskText) -> list[Part]:
    title = link(ask.url, quoted(ask.title, _MAX_TITLE))
    if ask.solved_at is None:
        return [f"{ask.name} is still stuck on ", title, ". What would you try first?"]
    return [
        f"{ask.name} solved ",
        title,
        f" in {ask.solved_at:%B}. Would you do it the same way now?",
    ]


def offer(view: OfferView) -> Note:
    text = f"May I ask your circle about an ask of yours before meeting {view.number}?"
    blocks: list[Block] = [
        rich_text.inline(bold(text)),
        rich_text.inline(*question_parts(view.ask)),
        button_row(*_buttons(view)),
        context_line(_status(view)),
    ]
    return text, blocks


def asked_again() -> Note:
    """Build what stands in place of the message after a no was taken back."""
    return sentence_note(
        "It's too late for this meeting. Before a later one, I may ask you about"
        " another ask of yours."
    )


def _buttons(view: OfferView) -> list[ButtonElement]:
    return [
        button(
            label,
            f"meeting_ask_{answer}",
            view.id,
            style="primary" if answer is OfferAnswer.FINE else None,
        )
        for answer, label in _LABELS.items()
        if answer is not view.answer
        if answer is not OfferAnswer.ANOTHER or view.has_another
    ]


def _status(view: OfferView) -> str:
    if view.answer is OfferAnswer.FINE:
        return "Thank you. I ask your circle. You can still change your mind."
    if view.answer is OfferAnswer.NONE:
        return (
            "I use none of yours, and I don't ask you again in this circle. You can"
            " still change your mind."
        )
    return "Only your circle reads it. Without an answer in 24 hours, I don't use it."
