"""The storage of a choice of emoji. Pure."""

from collections.abc import Sequence

from bot.slack.emoji import canonical


def to_column(
    names: Sequence[str], previous: Sequence[str] | None, default: Sequence[str]
) -> list[str] | None:
    """Return the names to store for a choice of emoji; None for the default.

    An emoji can have several names, and a form shows only its picture. So an emoji that
    was chosen before keeps the name that it had.
    """
    previous_names = {canonical(name): name for name in (*default, *(previous or ()))}
    stored_names = [previous_names.get(canonical(name), name) for name in names]
    return None if stored_names == list(default) else stored_names
