"""Texts about settings. Values in, text out."""

from collections.abc import Sequence

# So many emoji are named when something is asked about them.
_MAX_NAMES = 10


HELP = (
    "*The rest* is on my Home tab: what waits for you, and your settings"
    " (`/backswing me`). Champions and admins set a channel up with `/backswing`."
)


def unknown_emoji(names: Sequence[str]) -> str:
    """Question emoji that were saved, in mrkdwn."""
    shown = ", ".join(f"`:{name}:`" for name in names[:_MAX_NAMES])
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return (
        f"Saved. Not among Slack's standard emoji: {shown}{more}. That's fine for emoji"
        " that your workspace added. If it's a typing error, open the settings again"
        " and correct it."
    )
