"""People whom someone meets or met, times that suit both, and how to end it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    HeaderBlock,
    PlainTextObject,
)

from bot.home.row_blocks import RowList
from bot.slack import rich_text
from bot.slack.blocks import context_line
from bot.slack.rich_text import Part, bold
from bot.slack.text import Token, truncate

_MAX_TOPICS, _MAX_PEERS, _MAX_LABEL = 10, 10, 60

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


@dataclass(frozen=True, slots=True)
class Peers:
    """The peers of a member; each list of people is in alphabetical order."""

    # Topics, the newest first, with those who helped the member or were helped.
    by_topic: Sequence[tuple[str, Sequence[Mate]]] = ()
    # The same for asks without a topic.
    others: Sequence[Mate] = ()
    met: Sequence[Mate] = ()
    in_circles: Sequence[Mate] = ()


def peers(view: Peers) -> RowList:
    """Build the section of the Home tab; there are no numbers in it."""
    lines = [
        *view.by_topic[:_MAX_TOPICS],
        ("Through an ask", view.others),
        ("Met", view.met),
        ("In a circle with you", view.in_circles),
    ]
    rows = [[_people_line(label, people)] for label, people in lines if people]
    if not rows:
        return RowList()
    about = (
        "People who helped you, whom you helped, or whom you met. Only you see this."
    )
    return RowList(
        [HeaderBlock(text="Your peers"), context_line(about)],
        rows,
        rest=lambda _shown: [],
    )


def _people_line(label: str, people: Sequence[Mate]) -> Block:
    parts: list[Part] = [bold(f"{truncate(label, _MAX_LABEL)}: ")]
    for number, mate in enumerate(people[:_MAX_PEERS]):
        parts += [", " if number else "", mate.mention]
    if len(people) > _MAX_PEERS:
        parts.append(" and others")
    return rich_text.inline(*parts)


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
