"""The texts of programs; those of the workspace's own program have defaults."""

from bot.programs.rules import Texts
from models import Program

DEFAULTS = Texts(
    name="Peers",
    audience="Everyone who asks or helps in our channels",
    goal="Ask each other for help, and see what worked",
    time_needed="A minute to ask. Answer when you like.",
    benefit="Answers from people who had the same problem",
    rules=(
        "Ask early. No question is too small.",
        "Answer in the ask's thread, with what worked for you.",
        "Say what helped: react to the answer.",
        "Say thanks, and what for.",
    ),
)


def program_texts(program: Program) -> Texts:
    """Return a program's texts; an empty one of the workspace's own is the default."""
    defaults = DEFAULTS if program.is_workspace_wide else Texts("", "", "", "", "", ())
    return Texts(
        name=program.name or defaults.name,
        audience=program.audience or defaults.audience,
        goal=program.goal or defaults.goal,
        time_needed=program.time_needed or defaults.time_needed,
        benefit=program.benefit or defaults.benefit,
        rules=tuple(program.rules) or defaults.rules,
    )
