"""A person whom someone is to meet, times that suit both, and how to end it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    PlainTextObject,
)

from bot.slack import rich_text
from bot.slack.rich_text import Part, bold
from bot.slack.text import Token

# A date as the reader sees it, and the others' times in words, if these differ.
SuggestedTime = tuple[Token, str]


@dataclass(frozen=True, slots=True)
class Mate:
    """A person whom the reader is to meet: Slack's id, and a plain name."""

    id: str
    name: str

    @property
    def mention(self) -> Token:
        return Token("person", self.name, self.id)


def times_line(times: Sequence[SuggestedTime], *, is_pair: bool) -> list[Block]:
    """Build the line with the times at which all can meet, if there are any."""
    if not times:
        return []
    parts: list[Part] = [bold(f"Times that suit you {'both' if is_pair else 'all'}: ")]
    for number, (at, others) in enumerate(times):
        parts += [" or " if number else "", at, f" ({others})" if others else ""]
    return [rich_text.inline(*parts, ".")]


def end_button(action_id: str, row_id: int, other: str) -> ButtonElement:
    """Build the button that ends what two do together; `other` is a plain name."""
    return ButtonElement(
        text="End it",
        action_id=action_id,
        value=str(row_id),
        confirm=ConfirmObject(
            title="End it?",
            text=PlainTextObject(
                text=f"{other} learns that it has ended, without a reason. You can't"
                " take it back."
            ),
            confirm="End it",
            deny="Not now",
        ),
    )
