"""Detect mentors in made-up marks."""

from bot.config.mentors import MentorSettings
from bot.mentors import rules
from bot.mentors.help_matrix import HelpMatrix
from bot.mentors.rules import DAY, DetectionResult

NUMBERS = MentorSettings()
UNTIL = 1_800_000_000.0
# The helpers, and many active writers: as many more are the most talkative.
CROWD = {f"U0TALK{n:02}": 1000 - n for n in range(40)}


# A mark: helper, asker, days ago.
Mark = tuple[str, str, float]


QUIET: list[Mark] = [("U0MIA", "U0ANA", 3), ("U0MIA", "U0BEN", 2)]


# One writer helped all other writers, before any window.
TOWN: list[Mark] = [("U0TALK00", talker, 100.0) for talker in list(CROWD)[1:]]


def detect(
    marks: list[Mark],
    messages: dict[str, int] | None = None,
    *,
    barred: set[str] | None = None,
    busy: set[str] | None = None,
    are_known: bool = True,
    **numbers: object,
) -> DetectionResult:
    """Run the detection on the marks; if `are_known`, the askers are members of a town.

    `busy` are members who answered three people.
    """
    askers = sorted({asker for _, asker, _ in marks}) if are_known else []
    town_marks = [("U0TALK00", asker, 100.0) for asker in askers]
    matrix = HelpMatrix()
    for helper, asker, days in [*marks, *TOWN, *town_marks]:
        matrix.add(helper, asker, UNTIL - days * DAY)
    return rules.detect(
        matrix,
        {**CROWD, "U0MIA": 5, **(messages or {})},
        lambda people, _: (busy or set()) & set(people),
        until=UNTIL,
        settings=MentorSettings(**numbers),
        excluded=barred or set(),
    )


def names(result: DetectionResult) -> list[str]:
    return [standing.member for standing in result.candidates]


def make_ring(size: int, days: float = 100) -> list[Mark]:
    """Return a ring with Mia: each is marked by the next, and nobody in return."""
    people = ["U0MIA", *(f"U0R{n}" for n in range(size - 1))]
    return [(a, people[n - 1], days) for n, a in enumerate(people)]


def nobody(_people, _since):
    return set()
