"""Texts about asks without a name. Pure."""

from datetime import datetime

from bot.anonymity import rules

NOT_OFFERED = (
    "This channel does not take asks without a name. Untick it to ask with it."
)
CANNOT_POST = "I can't post in that channel. Choose another one."
NOT_IN_CHANNEL = "You are not in that channel. Join it first, or choose another one."
TOO_FEW_PEOPLE = (
    "There are too few people in that channel to stay unknown. It needs at least"
    f" {rules.MIN_MEMBERS} people, of whom {rules.MIN_ASKERS} can ask."
)
LEAVE_OUT_NAMES = "Leave out the names of people if you ask without your own."
TOO_LONG = "To ask without your name, shorten the details to about 2,000 characters."


def links_cut(at: datetime) -> str:
    """Return the note for everyone after the links were cut at once."""
    return (
        f"Links to asks without a name were cut on {at.day} {at:%B}, because their key"
        " was lost. The asks stay. If one was yours, you can no longer act on it."
    )
