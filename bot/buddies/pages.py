"""The list of newcomers and their buddies, for leads."""

from slack_sdk.models.views import View

from bot import permissions
from bot.buddies import blocks, service
from bot.buddies.permissions import SEE_BUDDIES
from bot.runtime import Transaction
from bot.workspace import members, roles


def pair_list(tx: Transaction, *, by: str) -> View:
    """Return the names of newcomers and their buddies. Raises UserError."""
    permissions.require(SEE_BUDDIES, roles.in_workspace(tx, by))
    pairs = service.running(tx)
    people = {member for pair in pairs for member in (pair.newcomer, pair.buddy)}
    names = members.names(tx, people)
    listed = [(names[pair.newcomer], names[pair.buddy]) for pair in pairs]
    return blocks.pair_list(sorted(listed))
