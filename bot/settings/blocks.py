"""Texts about settings. Pure."""

from collections.abc import Sequence

# The most emoji that a message lists by name.
_MAX_NAMES = 10


HELP = (
    "*Everything else* is on my Home tab: what's waiting for you, and your settings"
    " (`/backswing me`). Champions and admins set a channel up with `/backswing`."
)


def unknown_emoji(names: Sequence[str]) -> str:
    """Say that saved emoji may be misspelt, in mrkdwn."""
    listed = ", ".join(f"`:{name}:`" for name in names[:_MAX_NAMES])
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return (
        f"Saved. These aren't among Slack's standard emoji: {listed}{more}. That's"
        " fine if your workspace added them. If it's a typo, open the settings again"
        " and correct it."
    )
