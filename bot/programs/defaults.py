"""The texts of programs; those of the workspace's own program have defaults."""

from collections.abc import Sequence
from dataclasses import replace

from bot.asks.emoji_rules import DEFAULT_HELPFUL, DEFAULT_SOLVED
from bot.programs.rules import Texts
from bot.slack.emoji import join_with_or
from models import Program


def default_rules(helpful: Sequence[str], solved: Sequence[str]) -> tuple[str, ...]:
    """Return the rules of each channel whose workspace has no others, as mrkdwn."""
    return (
        "*Ask early.* `/ask How do I …?` is enough. No question is too small.",
        "*Answer in the ask's thread,* with what worked for you.",
        (
            f"*Say what helped.* React to an answer with {join_with_or(helpful)}."
            f" If it solves your own ask, use {join_with_or(solved)}."
        ),
        "*Say thanks,* and what for: `/kudos @ana for …`",
    )


DEFAULTS = Texts(
    name="Peers",
    audience="Everyone who asks or helps in our channels",
    goal="Ask each other for help, and see what worked",
    time_needed="A minute to ask, and as long as you like to answer",
    benefit="Answers from people who had the same problem",
    rules=default_rules(DEFAULT_HELPFUL, DEFAULT_SOLVED),
)
_NONE = Texts("", "", "", "", "", ())


def program_texts(
    program: Program | None,
    *,
    helpful: Sequence[str] = DEFAULT_HELPFUL,
    solved: Sequence[str] = DEFAULT_SOLVED,
) -> Texts:
    """Return a program's texts; None is the workspace's own before its first change.

    An empty text of the workspace's own is the default, which names these emoji.
    """
    defaults = replace(DEFAULTS, rules=default_rules(helpful, solved))
    if program is None:
        return defaults
    if not program.is_workspace_wide:
        defaults = _NONE
    return Texts(
        name=program.name or defaults.name,
        audience=program.audience or defaults.audience,
        goal=program.goal or defaults.goal,
        time_needed=program.time_needed or defaults.time_needed,
        benefit=program.benefit or defaults.benefit,
        rules=tuple(program.rules) or defaults.rules,
    )
