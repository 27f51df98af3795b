"""The list of newcomers and their buddies, for leads."""

from slack_sdk.models.views import View

from bot.buddies import blocks, offers, service
from bot.buddies.permissions import SEE_BUDDIES
from bot.people import lead_scope
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.slack.blocks import message_modal
from bot.workspace import members


def pair_list(tx: Transaction, *, by: str) -> View:
    """Return the names of newcomers and their buddies. Raises UserError."""
    scope = lead_scope.require(tx, by, Kind.BUDDIES, SEE_BUDDIES)
    if not scope:
        return message_modal("Buddies", offers.OFF)
    pairs = service.in_scope(tx, scope)
    people = {member for pair in pairs for member in (pair.newcomer, pair.buddy)}
    visible = scope.among(tx, people)
    names = members.names(tx, visible)
    listed = [
        (names[pair.newcomer], names.get(pair.buddy, lead_scope.OTHER))
        for pair in pairs
    ]
    return blocks.pair_list(sorted(listed))
