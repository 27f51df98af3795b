"""The words of the steps of a meeting. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.circles.formats import Format, StepKind

# Each step's title, and a guide. "NAME" is the member whose turn it is.
STEPS: Mapping[StepKind, tuple[str, str]] = MappingProxyType(
    {
        StepKind.ARRIVE: (
            "Arrive and good news",
            "Each of you says hello, and one thing that went well.",
        ),
        StepKind.LAST_TIME: (
            "What became of last time",
            "Each of you says in a sentence what became of your action.",
        ),
        StepKind.HOPES: (
            "What we want from it",
            "Each of you says what you want from this circle. You can write its goal.",
        ),
        StepKind.ISSUE: (
            "The issue",
            "NAME says what it is about. The others listen.",
        ),
        StepKind.KIND_OF_HELP: (
            "Kind of help",
            "NAME chooses: ideas, experiences, questions only, or just listening.",
        ),
        StepKind.QUESTIONS: (
            "Questions",
            "Ask NAME open questions. Advice comes later.",
        ),
        StepKind.IDEAS: ("Ideas", "Give NAME the help that they chose."),
        StepKind.NEXT_ACTION: ("What I'll do", "NAME says one thing that they'll do."),
        StepKind.OPEN_ROUND: (
            "Open round",
            "Each of you says what you think about. Then choose one thing to discuss.",
        ),
        StepKind.CASE: ("The case", "NAME tells the case. The others listen."),
        StepKind.CASE_QUESTIONS: (
            "Questions about the case",
            "Ask NAME what you need to know. Advice comes later.",
        ),
        StepKind.THINK_ALOUD: (
            "Think aloud",
            "NAME only listens. The others discuss the case as if it were their own.",
        ),
        StepKind.CASE_RESPONSE: (
            "The answer",
            "NAME says what was useful, and what is still open.",
        ),
        StepKind.GOAL: (
            "Goal",
            "Agree in a sentence what you want to know at the end.",
        ),
        StepKind.SCOPE: ("Scope", "Agree what you leave out today."),
        StepKind.FIRST_ROUND: (
            "First round",
            "Each of you says one thing. Nobody answers yet.",
        ),
        StepKind.DISCUSS: (
            "Discussion",
            "Discuss. Ask those who have said little what they think.",
        ),
        StepKind.ACTIONS: (
            "Actions",
            "Say what you learned and decided, and who does what by when.",
        ),
        StepKind.TAKE_AWAY: (
            "What we take away",
            "Each of you says one thing that you take away.",
        ),
    }
)
# Each format's name, and a guide.
FORMATS: Mapping[Format, tuple[str, str]] = MappingProxyType(
    {
        Format.TURNS: ("Turns", "Those who would like a turn have one, up to three."),
        Format.CASE_CLINIC: (
            "Case clinic",
            "One of you tells a case, and listens while the others discuss it.",
        ),
        Format.DISCUSSION: (
            "Open discussion",
            "You agree on a goal and on what to leave out, and close with actions.",
        ),
    }
)
# In these steps, people are asked for one thing that they'll do.
ACTION_STEPS = frozenset({StepKind.NEXT_ACTION, StepKind.ACTIONS, StepKind.TAKE_AWAY})


def title(kind: StepKind) -> str:
    return STEPS[kind][0]


def guide(kind: StepKind, name: str) -> str:
    return STEPS[kind][1].replace("NAME", name)
