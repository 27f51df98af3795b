"""A suggestion as its champion reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import ButtonElement

from bot.slack.rich_text import Part


@dataclass(frozen=True, slots=True)
class WorkItemView:
    """A suggestion as its champion reads it: what to do, why, and the buttons for it.

    The first button is the action. Values of buttons are the item's id.
    """

    parts: Sequence[Part]
    reason: Sequence[Part]
    buttons: Sequence[ButtonElement]
    # Slack's ids of those whom the parts name or quote.
    people: frozenset[str]
