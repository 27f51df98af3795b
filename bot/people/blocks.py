"""A person whom someone is to meet, and the times that suit them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block

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
