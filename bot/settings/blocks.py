"""Texts about settings. Values in, text out."""

from collections.abc import Sequence

# So many emoji are named when something is asked about them.
_MAX_NAMES = 10


HELP = (
    "*Everything else* is on my Home tab: what's waiting for you, and your settings"
    " (`/backswing me`). Champions and admins set a channel up with `/backswing`."
)


def unknown_emoji(names: Sequence[str]) -> str:
    """Question emoji that were saved, in mrkdwn."""
    shown = ", ".join(f"`:{name}:`" for name in names[:_MAX_NAMES])
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return (
        f"Saved. These aren't among Slack's standard emoji: {shown}{more}. That's"
        " fine if your workspace added them. If it's a typo, open the settings again"
        " and correct it."
    )
