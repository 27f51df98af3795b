"""Views of programs."""

from dataclasses import replace

from bot.programs import blocks, champion_notes, forms, notes, page_blocks
from bot.programs.blocks import Invitation
from bot.programs.defaults import DEFAULTS
from bot.programs.draft import ProgramForm
from bot.programs.forms import FormState
from bot.programs.page_blocks import BUTTONS, ProgramPage, ProgramRow
from bot.programs.rules import Kind, Texts
from bot.slack.text import to_plain
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

FORM = ProgramForm(
    **{
        name: to_plain(getattr(TEXTS, name))
        for name in ("name", "audience", "goal", "time_needed", "benefit")
    },
    rules="\n".join(TEXTS.rules),
    starts_on="2026-03-01",
    ends_on="2026-06-30",
    guests_may_join=True,
    leads=("U0ANA", "U0BEN"),
    channels=("C0HELP",),
)
NEW = FormState(None, 0, ProgramForm())
CHANGED = FormState(7, 3, FORM)
OWN = FormState(1, 1, ProgramForm(), DEFAULTS)
ROW = ProgramRow(7, TEXTS.name, TEXTS.audience, "Running until 30 June 2026")
PAGE = ProgramPage(
    7,
    INVITATION,
    "Running",
    [("C0HELP", "help"), ("C0TEAMS", "teams")],
    own_acts=list(BUTTONS)[:4],
    acts=list(BUTTONS)[4:],
    is_joined=True,
)

SAMPLES: Samples = {
    champion_notes.champions_form: [
        lambda: champion_notes.champions_form(7, LONGEST.name, ["U0ANA", "U0BEN"])
    ],
    champion_notes.question: [lambda: champion_notes.question(7, TEXTS.name, "Ana")],
    champion_notes.willing: [lambda: champion_notes.willing(7, LONGEST.name)],
    champion_notes.not_now: [lambda: champion_notes.not_now(7)],
    champion_notes.stepped_down: [
        lambda: champion_notes.stepped_down(LONGEST.name, 7),
        lambda: champion_notes.stepped_down("#help"),
    ],
    champion_notes.own_programs: [
        lambda: champion_notes.own_programs([]),
        lambda: champion_notes.own_programs([(7, TEXTS.name), (8, LONGEST.name)]),
        lambda: champion_notes.own_programs([], [(5, "C0HELP", "help")]),
    ],
    blocks.invitation: [
        lambda: blocks.invitation(INVITATION),
        lambda: blocks.invitation(replace(INVITATION, texts=LONGEST)),
        lambda: blocks.invitation(Invitation(DEFAULTS, [], "")),
    ],
    page_blocks.program_list: [
        lambda: page_blocks.program_list([ROW], start=0, total=1, may_make=False),
        lambda: page_blocks.program_list(
            [replace(ROW, name=LONGEST.name, audience=LONGEST.audience)] * 20,
            start=20,
            total=41,
            may_make=True,
        ),
    ],
    page_blocks.program_page: [
        lambda: page_blocks.program_page(PAGE),
        lambda: page_blocks.program_page(
            replace(PAGE, invitation=replace(INVITATION, leads=["Ana" * 30]))
        ),
        lambda: page_blocks.program_page(
            replace(
                PAGE,
                invitation=replace(INVITATION, texts=LONGEST),
                channels=[(f"C{n}", f"channel-{n}") for n in range(50)],
                own_acts=[],
                acts=[],
                notice="Saved.",
            )
        ),
    ],
    page_blocks.joined_list: [
        lambda: page_blocks.joined_list(7, TEXTS.name, [], start=0, total=0),
        lambda: page_blocks.joined_list(
            7, TEXTS.name, [("Ana", "2 March 2026")], start=0, total=1
        ),
        lambda: page_blocks.joined_list(
            7, LONGEST.name, [("w" * 80, "2 March 2026")] * 20, start=20, total=60
        ),
    ],
    forms.about_form: [
        lambda: forms.about_form(NEW),
        lambda: forms.about_form(CHANGED),
        lambda: forms.about_form(OWN),
    ],
    forms.rules_form: [
        lambda: forms.rules_form(NEW),
        lambda: forms.rules_form(CHANGED),
        lambda: forms.rules_form(replace(CHANGED, off_everywhere=frozenset(Kind))),
        lambda: forms.rules_form(OWN),
    ],
    forms.people_form: [
        lambda: forms.people_form(NEW, blocks.invitation(INVITATION)),
        lambda: forms.people_form(
            replace(CHANGED, has_hidden_channels=True),
            blocks.invitation(INVITATION),
            changes=["Dana changed the goal to “Lead well”"] * 12,
        ),
        lambda: forms.people_form(OWN, blocks.invitation(Invitation(DEFAULTS, [], ""))),
    ],
    notes.without_channel: [
        lambda: notes.without_channel(7, TEXTS.name),
        lambda: notes.without_channel(7, LONGEST.name),
    ],
}
