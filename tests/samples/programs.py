"""Views of programs."""

from dataclasses import replace

from bot.programs import blocks, champion_notes
from bot.programs.blocks import Invitation
from bot.programs.defaults import DEFAULTS
from bot.programs.rules import Texts
from tests.samples.types import Samples

TEXTS = Texts(
    name="New managers",
    audience="People who lead a team for the first time",
    goal="Solve what comes up with people who face the same",
    time_needed="10 minutes a week",
    benefit="Three peers to ask, and answers within a day",
    rules=("What you read here stays here.", "Ask early.", "Say what helped."),
)
LONGEST = Texts(
    name="&amp;" * 60,
    audience=":tada: " * 20,
    goal="&lt;!channel&gt;" * 14,
    time_needed="w" * 60,
    benefit="é" * 140,
    rules=(":tada:" * 16,) * 5,
)
INVITATION = Invitation(TEXTS, ["Ana", "Ben"], "1 March 2026 to 30 June 2026")

SAMPLES: Samples = {
    champion_notes.champions_form: [
        lambda: champion_notes.champions_form(7, LONGEST.name, ["U0ANA", "U0BEN"])
    ],
    champion_notes.question: [lambda: champion_notes.question(7, TEXTS.name, "Ana")],
    champion_notes.willing: [lambda: champion_notes.willing(7, LONGEST.name)],
    champion_notes.not_now: [champion_notes.not_now],
    champion_notes.stepped_down: [lambda: champion_notes.stepped_down(TEXTS.name)],
    champion_notes.own_programs: [
        lambda: champion_notes.own_programs([]),
        lambda: champion_notes.own_programs([(7, TEXTS.name), (8, LONGEST.name)]),
    ],
    blocks.invitation: [
        lambda: blocks.invitation(INVITATION),
        lambda: blocks.invitation(replace(INVITATION, texts=LONGEST)),
        lambda: blocks.invitation(Invitation(DEFAULTS, [], "")),
    ],
}
