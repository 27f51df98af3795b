"""What `/backswing help` says. Values in, text out."""

from collections.abc import Sequence

from bot.slack.emoji import join_with_or

# So many emoji are named when something is asked about them.
_MAX_NAMES = 10


def help_text(
    helpful: Sequence[str],
    solved: Sequence[str],
    join: Sequence[str],
    kudos: Sequence[str] = (),
) -> str:
    """mrkdwn of our own, with the emoji that count in the channel at hand."""
    thanks = f"; so does {join_with_or(kudos)} on a message" if kudos else ""
    return (
        "*Ask your peers, and see what helped.*\n"
        "• *Ask* with `/ask How do I …?`; `/ask` alone opens a form.\n"
        "• *Answer* in the ask's thread.\n"
        f"• *Say what helped:* react to an answer with {join_with_or(helpful)}. When"
        f" one solves your own ask, react to it with {join_with_or(solved)}.\n"
        "• *Join in:* :eyes: on an ask says that you can help, :raising_hand: that you"
        " have the same problem.\n"
        f"• *Say thanks* with `/kudos @ana for …`{thanks}. React to kudos with"
        f" {join_with_or(join)} to join in; `/kudos me` shows your own.\n"
        "• *Check in:* press *Share* when your channel is asked, or reply there;"
        " `/backswing checkins` shows who shared lately.\n"
        "• *The rest* is on my Home tab: what waits for you, and your settings"
        " (`/backswing me`). Champions and admins set a channel up with `/backswing`.\n"
        "• *Your data:* `/backswing my data` shows it, `/backswing forget me` removes"
        " it."
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
