"""Views of pairs: introductions, answers to them, and the Home tab."""

from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from bot.pairs import blocks, introduction_notes, notes
from bot.pairs.blocks import HomeMatch, HomeView, LeadView
from bot.pairs.introduction_notes import Introduction, Sentence
from bot.pairs.notes import Status
from bot.pairs.rules import Fit, State
from bot.people import blocks as people
from bot.people.blocks import Mate
from bot.slack.rich_text import date_token, link
from tests.samples.types import Samples

MATCH = 10**9
LONG = "x" * 80
BEN = Mate("U0BEN", "Ben")
MATES = [BEN, Mate("U0CHI", LONG)]
AT = date_token(datetime(2026, 3, 17, 9, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
REASONS: list[Sentence] = [
    ["You want to learn Kafka; Ben ", link("https://x.test/1", "solved"), " that."],
    [f"{LONG} ", link("https://peers.slack.com/" + "2" * 150, "asked"), f" {LONG}"],
]
QUESTION = (introduction_notes.QUESTIONS[0],)
INTRODUCTIONS = [
    *(
        Introduction(MATCH, MATES[:1], [reason], QUESTION, [(AT, "")], "")
        for reason in REASONS
    ),
    Introduction(MATCH, [BEN], [], QUESTION, [], "Ben"),
    Introduction(MATCH, MATES, REASONS * 3, QUESTION, [(AT, "9:00 for Ben")] * 2, LONG),
    *(
        Introduction(
            MATCH,
            [*MATES, BEN][:count],
            REASONS * 3,
            QUESTION,
            [(AT, "")] * 2,
            "Ben",
            is_in_group=True,
        )
        for count in (2, 3)
    ),
]
STATUSES = [
    Status(MATCH, ["Ben", LONG], State.MET),
    *(Status(MATCH, ["Ben"], State.MET, fit=fit) for fit in Fit),
    Status(MATCH, ["Ben"], State.OPEN, "cant"),
    Status(MATCH, ["Ben"], State.CANCELLED, "cant", is_early=True),
    Status(MATCH, ["Ben"], State.CANCELLED, "cant", is_waiting=True),
    Status(MATCH, ["Ben"], State.CANCELLED, "cant", has_another=True),
    *(Status(MATCH, ["Ben"], state, "time") for state in State),
    *(
        Status(MATCH, [LONG], State.OPEN, "time", "not_yet", is_asked_again=again)
        for again in (False, True)
    ),
]
HOMES = [
    HomeView(
        *("Tuesday, 17 March", "every two weeks", *flags, count, needs, waits),
        *(4 if waits else None, "Tuesday, 24 March", match),
    )
    for flags in ((False, False), (True, False), (True, True))
    for count, needs in ((1, True), (12, False))
    for waits, match in (
        (False, None),
        (True, HomeMatch(MATCH, MATES, is_answered=False)),
        (False, HomeMatch(MATCH, [BEN], is_answered=True)),
    )
]
LEADS = [
    LeadView(1, "Tuesday, 17 March", needs_people=True),
    LeadView(12, "Tuesday, 17 March", False, "Tuesday, 3 March", 11, 0),
    LeadView(12, "Tuesday, 17 March", False, "Tuesday, 3 March", 11, 1),
    LeadView(12, "Tuesday, 17 March", False, "Tuesday, 3 March", 0, 0),
]
GROUPS = [(["Ana", "Ben"], ""), *[([LONG] * 3, "Because. " * 40)] * 45]

SAMPLES: Samples = {
    people.peers: [
        partial(people.peers, view)
        for view in (
            people.Peers(),
            people.Peers([("dbt", MATES)], [BEN], met=[BEN]),
            people.Peers([(LONG, [BEN] * 12)] * 12, MATES, MATES, in_circles=MATES),
        )
    ],
    people.times_line: [
        partial(people.times_line, times, is_pair=len(times) > 1)
        for times in ([], [(AT, "")], [(AT, f"9:00 for {LONG}")] * 2)
    ],
    introduction_notes.introduction: [
        partial(introduction_notes.introduction, view) for view in INTRODUCTIONS
    ],
    notes.status: [partial(notes.status, view) for view in STATUSES],
    notes.outcome_question: [
        partial(notes.outcome_question, MATCH, names)
        for names in (["Ben"], ["Ben", LONG])
    ],
    notes.reminder: [
        partial(notes.reminder, MATCH, ["Ben", LONG], writer) for writer in ("", "Ben")
    ],
    notes.cancelled: [
        partial(notes.cancelled, ["Ben"], still_met, is_early=is_early)
        for still_met in ([], [LONG])
        for is_early in (True, False)
    ],
    notes.group_cancelled: [
        partial(notes.group_cancelled, names) for names in (["Ben"], ["Ben", LONG])
    ],
    notes.left_out: [
        partial(notes.left_out, is_early=is_early) for is_early in (True, False)
    ],
    notes.paused: [notes.paused],
    notes.joined: [
        partial(notes.joined, "Tuesday, 17 March", few_people)
        for few_people in (1, 3, None)
    ],
    notes.stopped: [notes.stopped],
    notes.gone: [notes.gone],
    blocks.home: [partial(blocks.home, view) for view in HOMES],
    blocks.open_match: [
        partial(blocks.open_match, HomeMatch(MATCH, MATES, is_answered=is_answered))
        for is_answered in (False, True)
    ],
    blocks.lead_home: [partial(blocks.lead_home, view) for view in LEADS],
    blocks.round_list: [
        partial(blocks.round_list, "The next round would be:", groups)
        for groups in ([], GROUPS[:1], GROUPS)
    ],
}
