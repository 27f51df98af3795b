"""Views of buddies: questions, the four weeks, and the Home tab."""

from functools import partial

from bot.buddies import blocks, notes, week_notes
from bot.buddies.blocks import HomePair, HomeView
from bot.buddies.notes import Question
from bot.buddies.rules import Week
from bot.buddies.week_notes import Prompt
from bot.people.blocks import Mate
from tests.samples.exchange import REASONS
from tests.samples.pairs import AT
from tests.samples.types import Samples

BUDDY = 10**9
LONG = "x" * 80
TIMES = [(AT, ""), (AT, f"9:00 for {LONG}")]
PEOPLE = [Mate("U0BEN", "Ben"), Mate("U0CHI", LONG)]
PROMPTS = [
    Prompt(
        BUDDY,
        person,
        week,
        is_newcomer=is_newcomer,
        has_asked=is_newcomer and has_asked,
        reasons=REASONS if has_asked else [],
        times=TIMES if has_asked else [],
    )
    for person in PEOPLE
    for week in Week
    for is_newcomer in (True, False)
    for has_asked in (True, False)
]
PAIRS = [HomePair(prompt, "7 April") for prompt in PROMPTS[:3]]
HOMES = [
    HomeView(
        is_new=is_new,
        is_looking=is_looking,
        can_be_buddy=can_be_buddy,
        is_in=is_in,
        is_paused=is_in and is_new,
        few_people=few,
        question=question,
        pairs=pairs,
    )
    for is_new in (False, True)
    for is_looking in (False, True)
    for can_be_buddy in (False, True)
    for is_in in (False, True)
    for few in (None, 1, 5)
    for question in (None, (BUDDY, LONG))
    for pairs in ([], PAIRS)
]

SAMPLES: Samples = {
    notes.offer: [notes.offer],
    notes.in_greeting: [notes.in_greeting],
    notes.looking: [
        partial(notes.looking, is_in_program=is_in_program, needs_people=needs_people)
        for is_in_program in (True, False)
        for needs_people in (True, False)
    ],
    notes.refused: [notes.refused],
    notes.none_found: [notes.none_found],
    notes.question: [
        partial(notes.question, Question(BUDDY, name, reasons))
        for name, reasons in (("Ana", REASONS), (LONG, []))
    ],
    notes.question_over: [
        partial(notes.question_over, "Ana", is_buddy=is_buddy)
        for is_buddy in (True, False)
    ],
    notes.not_now: [partial(notes.not_now, BUDDY, "Ana")],
    notes.joined: [notes.joined],
    notes.stopped: [notes.stopped],
    notes.paused: [notes.paused],
    week_notes.prompt: [partial(week_notes.prompt, prompt) for prompt in PROMPTS],
    week_notes.first_ask: [
        partial(week_notes.first_ask, name, "https://x.test/1")
        for name in ("Ana", LONG)
    ],
    week_notes.ended: [
        partial(week_notes.ended, BUDDY, "Ben", is_newcomer=is_newcomer)
        for is_newcomer in (True, False)
    ],
    week_notes.ended_early: [
        partial(week_notes.ended_early, "Ben", can_look=can_look)
        for can_look in (True, False)
    ],
    week_notes.you_ended: [partial(week_notes.you_ended, "Ben")],
    week_notes.pass_on: [partial(week_notes.pass_on, "Ben")],
    blocks.home: [partial(blocks.home, view) for view in HOMES],
    blocks.lead_home: [
        partial(blocks.lead_home, pairs, looking)
        for pairs, looking in ((0, 0), (1, 1), (12, 3))
    ],
    blocks.pair_list: [
        partial(blocks.pair_list, [("Ana", LONG)] * count) for count in (0, 1, 61)
    ],
}
