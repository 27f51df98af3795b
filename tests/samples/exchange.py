"""Views of exchanges: questions, agreements, and the Home tab."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from bot.exchange import blocks, forms, notes
from bot.exchange.blocks import HomeExchange, HomeView, Page, ProposedPerson
from bot.exchange.forms import AgreementText, Look
from bot.exchange.notes import Question
from bot.exchange.rules import Answer, First, Midpoint, State
from bot.slack.rich_text import Part, date_token, link
from tests.samples.types import Samples

EXCHANGE = 10**9
LONG = "x" * 80
DAY = date(2026, 6, 2)
AT = date_token(datetime(2026, 3, 17, 9, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
REASONS: list[Sequence[Part]] = [
    [
        "Ana wants to learn kafka; you solved ",
        link("https://x.test/1", "two asks"),
        ".",
    ],
    ["You are in different teams and haven't met here."],
]
EMPTY = AgreementText("", "", 2, DAY, "", "")
FULL = AgreementText("&lt;" * 500, "😀" * 250, 1, DAY, "x" * 150, "y\n" * 250)
TEXTS = [EMPTY, FULL]
PEOPLE = [
    ProposedPerson("U0BEN", "Ben", 1, REASONS),
    *[ProposedPerson("U0CHI", LONG, 40, REASONS * 2)] * 2,
]
EXCHANGES = [
    HomeExchange(
        EXCHANGE,
        name,
        state,
        is_asker=flag,
        until=DAY,
        hopes=FULL.hopes if flag else "Indexes.",
        has_agreed=flag,
        has_looked_back=flag,
    )
    for name in ("Ben", LONG)
    for state in State
    for flag in (False, True)
]
HOMES = [
    HomeView(can_take_part, is_in, few, can_ask, exchanges)
    for can_take_part in (False, True)
    for is_in in (False, True)
    for few in (None, 1, 5)
    for can_ask in (False, True)
    for exchanges in ([], EXCHANGES[:4], EXCHANGES)
]
PAGES = [
    Page(
        EXCHANGE,
        2,
        name,
        state,
        text,
        is_written=text is FULL,
        is_complete=text is FULL,
        their_hopes=text.hopes,
        their_brings=text.brings,
        has_agreed=flags[0],
        has_other_agreed=flags[1],
        times=[(AT, "")] * 2 if flags[0] else [],
        notice=notice,
    )
    for name, notice in (("Ben", ""), (LONG, "Saved."))
    for state in (State.DRAFT, State.RUNNING, State.ENDED)
    for text in TEXTS
    for flags in ((False, False), (True, False), (False, True))
]

SAMPLES: Samples = {
    forms.wish_form: [
        partial(
            forms.wish_form,
            topics_wanted=topics,
            topics_known=topics,
            hours_a_month=4,
            max_exchanges=2,
        )
        for topics in ([], ["kafka", "dbt"])
    ],
    forms.agreement_form: [
        partial(
            forms.agreement_form,
            EXCHANGE,
            2,
            text,
            other=LONG,
            their_hopes=text.hopes,
            their_brings=text.brings,
            changed=changed,
        )
        for text in TEXTS
        for changed in (None, FULL)
    ],
    forms.look_form: [
        partial(
            forms.look_form,
            EXCHANGE,
            LONG,
            look,
            until="2026-06-02",
            can_go_on=can_go_on,
        )
        for look in (Look("", ""), Look(FULL.hopes, FULL.brings, goes_on=True))
        for can_go_on in (False, True)
    ],
    forms.shared_lines: [partial(forms.shared_lines, text) for text in TEXTS],
    blocks.home: [partial(blocks.home, view) for view in HOMES],
    blocks.lead_home: [partial(blocks.lead_home, count) for count in (0, 1, 12)],
    blocks.proposed: [
        *(
            partial(blocks.proposed, people, few_people=None)
            for people in ([], PEOPLE[:1], PEOPLE)
        ),
        partial(blocks.proposed, [], few_people=3),
    ],
    blocks.page: [partial(blocks.page, view) for view in PAGES],
    notes.question: [
        partial(notes.question, Question(EXCHANGE, name, hours, reasons))
        for name, hours, reasons in (("Ana", 1, REASONS), (LONG, 40, []))
    ],
    notes.question_status: [
        partial(notes.question_status, EXCHANGE, "Ana", answer, state)
        for answer in (None, *Answer)
        for state in (State.ASKED, State.DRAFT, State.ENDED)
    ],
    notes.not_this_time: [lambda: notes.not_this_time("Ben")],
    notes.taken_back: [notes.taken_back],
    notes.begun: [lambda: notes.begun(EXCHANGE, "Ben")],
    notes.draft: [
        partial(notes.draft, EXCHANGE, "Ben", has_other_agreed=agreed)
        for agreed in (False, True)
    ],
    notes.draft_reminder: [lambda: notes.draft_reminder(EXCHANGE, "Ben")],
    notes.agreed: [
        partial(notes.agreed, EXCHANGE, "Ben", weeks, DAY, times)
        for weeks, times in ((1, []), (2, [(AT, f"9:00 for {LONG}")] * 2))
    ],
    notes.meeting: [lambda: notes.meeting(EXCHANGE, "Ben", 2)],
    notes.first_question: [
        partial(notes.first_question, EXCHANGE, "Ben", is_asked_again=again)
        for again in (False, True)
    ],
    notes.first_answer: [partial(notes.first_answer, "Ben", each) for each in First],
    notes.first_later: [lambda: notes.first_later("Ben")],
    notes.midpoint_question: [lambda: notes.midpoint_question(EXCHANGE, "Ben", DAY)],
    notes.midpoint_answer: [partial(notes.midpoint_answer, each) for each in Midpoint],
    notes.last_question: [lambda: notes.last_question(EXCHANGE, "Ben", DAY)],
    notes.looked_back: [
        partial(notes.looked_back, "Ben", goes_on=goes_on)
        for goes_on in (None, False, True)
    ],
    notes.extended: [lambda: notes.extended(EXCHANGE, "Ben", DAY)],
    notes.ended_early: [
        partial(notes.ended_early, EXCHANGE, "Ben", was_agreed=was_agreed)
        for was_agreed in (False, True)
    ],
    notes.ended: [lambda: notes.ended(EXCHANGE, "Ben")],
    notes.never_agreed: [
        partial(notes.never_agreed, "Ben", is_news=is_news) for is_news in (False, True)
    ],
    notes.you_ended: [lambda: notes.you_ended("Ben")],
    notes.stopped: [notes.stopped],
}
