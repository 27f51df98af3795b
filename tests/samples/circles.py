"""Views of circles: lists, forms, the preview, places and pages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.circles import (
    forms,
    greeting_blocks,
    list_blocks,
    merge_blocks,
    page_blocks,
    page_forms,
    place_blocks,
    preview_blocks,
    season_blocks,
    started_blocks,
    started_forms,
    vote_blocks,
)
from bot.circles.formats import Format
from bot.circles.greeting_blocks import Greeting
from bot.circles.list_blocks import CircleRow, SeasonRow
from bot.circles.merge_blocks import MergeText
from bot.circles.page_blocks import CirclePage, Mate
from bot.circles.place_blocks import Offer
from bot.circles.preview_blocks import PreviewCircle
from bot.circles.rules import MAX_GOAL, MAX_LINK, State
from bot.circles.season_blocks import SeasonText
from bot.circles.started_blocks import StartedRow
from bot.circles.started_forms import Origin
from bot.circles.vote_blocks import ResultText, VoteText
from bot.circles.vote_rules import Answer, Kind
from bot.people.reasons import Sentence
from bot.slack.rich_text import link
from tests.samples.types import Samples

AT = datetime(2026, 3, 16, 9, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
LONG = "&lt;" * 60
SEASON = SeasonText(
    3, "New managers", "", "", date(2026, 3, 23), AT, 6, 2, 60, is_in_writing=False
)
LONGEST = replace(
    SEASON,
    id=10**9,
    program=LONG,
    theme="&amp;" * 100,
    language="x" * 40,
    meetings=24,
    weeks_between=1,
)
IN_WRITING = replace(SEASON, theme="Giving feedback", is_in_writing=True)
NAMES = ["Ana", "Ben", "Chi", "Dan", "Eva", "Fay"]
LONG_REASON: Sentence = [
    "é" * 80,
    link("https://peers.slack.com/" + "2" * 120, "asked"),
    "x" * 130,
]
REASONS: list[Sentence] = [
    ["Ana wants to learn dbt; Ben ", link("https://x.test/1", "solved an ask"), " on."],
    *[LONG_REASON] * 6,
]
MATES = [
    Mate(name, "How do I give feedback? :tada: " * n, has_agreed=n % 2 == 0)
    for n, name in enumerate(NAMES)
]
PAGE = CirclePage(
    id=7,
    season=SEASON,
    mates=MATES,
    reasons=REASONS,
    facilitator="Ana",
    is_facilitator=False,
    is_introduced=False,
    may_choose_time=False,
    dates=(),
    has_agreed=False,
    goal="",
    call_link="",
    zone=ZONE,
)
PAGES = [
    PAGE,
    replace(PAGE, is_introduced=True),
    replace(PAGE, is_introduced=True, is_facilitator=True, may_choose_time=True),
    replace(PAGE, is_introduced=True, may_choose_time=True),
    replace(PAGE, season=IN_WRITING, is_facilitator=True),
    replace(
        PAGE,
        season=LONGEST,
        mates=[replace(mate, has_agreed=True) for mate in [*MATES, MATES[0]]],
        dates=[AT + timedelta(weeks=n) for n in range(24)],
        has_agreed=True,
        goal="Speak up &amp; listen",
        call_link="https://call.example/" + "x" * 270,
        is_facilitator=True,
        notice="Saved.",
    ),
    replace(PAGE, dates=[AT], next_meeting=AT, next_format=Format.CASE_CLINIC),
    replace(PAGE, season=replace(SEASON, places=7), free_places=5),
    replace(PAGE, season=replace(SEASON, places=7), is_introduced=True),
    replace(PAGE, is_introduced=True, dates=[AT], next_meeting=AT, may_break=True),
    replace(PAGE, is_introduced=True, back_until=date(2026, 6, 8)),
    replace(PAGE, dates=[AT], may_choose_time=True, wants_time=True),
    replace(PAGE, is_introduced=True, channel="C0CIRCLE"),
]
ROWS = [
    SeasonRow(
        season,
        state,
        is_signed_up=is_signed_up,
        may_sign_up=may_sign_up,
        is_run=is_run,
        people=people,
        circles=circles,
    )
    for season, state, is_signed_up, may_sign_up, is_run, people, circles in (
        (SEASON, State.SIGN_UP, False, True, False, 0, 0),
        (IN_WRITING, State.SIGN_UP, True, True, True, 1, 0),
        (LONGEST, State.FORMING, False, False, True, 40, 0),
        (LONGEST, State.PREVIEW, True, True, True, 40, 6),
        (SEASON, State.RUNNING, True, False, True, 6, 1),
        (SEASON, State.RUNNING, True, False, True, 40, 6),
    )
]
CIRCLES = [
    CircleRow(7, "New managers", "", NAMES, is_taken=False),
    CircleRow(8, LONG, "&amp;" * 100, ["é" * 80] * 6, is_taken=True, next_meeting=AT),
    CircleRow(9, "New managers", "Giving feedback", NAMES, is_taken=True),
    CircleRow(10, "New managers", "", NAMES, is_taken=True, is_frozen=True),
    CircleRow(11, "New managers", "", NAMES, is_taken=False, is_asked=True),
]

PLACES = replace(SEASON, theme="Giving feedback", places=7)
STARTED = [
    StartedRow(PLACES, "ana", 7, 1, AT),
    StartedRow(PLACES, "", 7, 0, AT),
    StartedRow(replace(LONGEST, places=7), "é" * 80, 7, 6, AT, has_begun=True),
]

ORIGINS: list[tuple[int, Origin | None]] = [
    (1, None),
    (120, ("ask", 7)),
    (2, ("circle", 7)),
]

GREETING = Greeting(
    circle_id=7,
    theme="",
    names=NAMES,
    agreed=0,
    facilitator="Ana",
    is_in_writing=False,
    meets_at=None,
    has_time=False,
    zone=ZONE,
    is_channel=True,
)
SAMPLES: Samples = {
    greeting_blocks.greeting: [
        partial(greeting_blocks.greeting, greeting)
        for greeting in (
            GREETING,
            replace(GREETING, theme="é" * 80, agreed=3, is_channel=False),
            replace(GREETING, is_in_writing=True, facilitator=""),
            replace(GREETING, meets_at=AT, has_time=True, agreed=len(NAMES)),
            replace(GREETING, names=["é" * 80] * 7, has_time=True),
        )
    ],
    started_blocks.started_lines: [
        partial(started_blocks.started_lines, row, ZONE) for row in STARTED
    ],
    started_blocks.started_row: [
        partial(started_blocks.started_row, row, ZONE) for row in STARTED
    ],
    started_blocks.offer_circle: [partial(started_blocks.offer_circle, 7)],
    started_blocks.invitation: [
        partial(started_blocks.invitation, row, ZONE, is_again=is_again)
        for row, is_again in zip(STARTED, (False, True, True), strict=True)
    ],
    started_blocks.home_started: [
        partial(started_blocks.home_started, rows, ZONE, may_start=may_start)
        for rows, may_start in (([], False), ([], True), (STARTED, True))
    ],
    started_blocks.place_taken: [partial(started_blocks.place_taken, STARTED[0], ZONE)],
    started_blocks.place_asked: [started_blocks.place_asked],
    started_blocks.too_few_note: [
        partial(started_blocks.too_few_note, PLACES, has_begun=has_begun)
        for has_begun in (False, True)
    ],
    started_forms.start_form: [
        partial(
            started_forms.start_form,
            [(n, LONG) for n in range(count)],
            first_day=date(2026, 3, 23),
            theme="&amp;" * count,
            origin=origin,
        )
        for count, origin in ORIGINS
    ],
    started_forms.place_form: [
        partial(
            started_forms.place_form,
            row,
            ZONE,
            brings="How do I &lt;give&gt; feedback?",
            has_other_meeting=has_other,
        )
        for row, has_other in zip(STARTED, (False, True, True), strict=True)
    ],
    season_blocks.season_lines: [
        partial(season_blocks.season_lines, season, ZONE)
        for season in (SEASON, LONGEST, IN_WRITING)
    ],
    list_blocks.circle_list: [
        partial(
            list_blocks.circle_list,
            circles,
            rows,
            started,
            zone=ZONE,
            is_in_program=is_allowed,
            may_open=is_allowed,
            may_start=is_allowed,
        )
        for circles, rows, started, is_allowed in (
            ([], [], [], False),
            (CIRCLES, ROWS, STARTED, True),
        )
    ],
    list_blocks.home_circles: [
        partial(list_blocks.home_circles, [], [], ZONE),
        partial(list_blocks.home_circles, CIRCLES, ROWS, ZONE),
    ],
    season_blocks.season_note: [
        partial(season_blocks.season_note, season, ZONE, 7)
        for season in (SEASON, LONGEST)
    ],
    season_blocks.not_for_me: [partial(season_blocks.not_for_me, 3)],
    season_blocks.signed_up: [
        partial(season_blocks.signed_up, SEASON, ZONE, is_late=is_late)
        for is_late in (False, True)
    ],
    season_blocks.withdrawn: [season_blocks.withdrawn],
    preview_blocks.formed_note: [
        partial(preview_blocks.formed_note, SEASON, circles, people)
        for circles, people in ((0, 3), (0, 4), (1, 6), (5, 30))
    ],
    preview_blocks.preview: [
        partial(
            preview_blocks.preview,
            season,
            [
                PreviewCircle(n, ["é" * 80] * 7, REASONS * 2, is_open=n % 2 == 1)
                for n in range(count)
            ],
            left_out=NAMES if count else NAMES[:1],
            start=start,
            total=total,
            is_invited=is_invited,
            meetings="12 meetings took place so far." if is_invited else "",
            notice="Moved." if count else "",
        )
        for season, count, start, total, is_invited in (
            (SEASON, 0, 0, 0, False),
            (LONGEST, 10, 10, 40, True),
            (LONGEST, 10, 0, 40, False),
        )
    ],
    place_blocks.place_note: [
        partial(
            place_blocks.place_note,
            Offer(*(7, 1, season, others, REASONS, AT, at), has_begun=at is not None),
            ZONE,
        )
        for season, others, at in (
            (SEASON, NAMES[:3], None),
            (SEASON, NAMES, AT),
            (LONGEST, ["é" * 80] * 6, None),
        )
    ],
    place_blocks.taken: [partial(place_blocks.taken, 7)],
    place_blocks.asked: [place_blocks.asked],
    place_blocks.too_late: [place_blocks.too_late],
    place_blocks.declined: [place_blocks.declined],
    season_blocks.none_note: [partial(season_blocks.none_note, SEASON)],
    season_blocks.no_circles_note: [
        partial(
            season_blocks.no_circles_note,
            SEASON,
            is_too_few=is_too_few,
            has_coffee=is_too_few,
        )
        for is_too_few in (False, True)
    ],
    season_blocks.not_invited_note: [
        partial(season_blocks.not_invited_note, SEASON, has_ended=has_ended)
        for has_ended in (False, True)
    ],
    preview_blocks.reason_lines: [partial(preview_blocks.reason_lines, REASONS)],
    page_blocks.welcome_note: [
        partial(page_blocks.welcome_note, page) for page in PAGES
    ],
    page_blocks.circle_page: [partial(page_blocks.circle_page, page) for page in PAGES],
    page_blocks.time_note: [partial(page_blocks.time_note, PAGE)],
    page_blocks.joined_note: [partial(page_blocks.joined_note, ["ana"], 6)],
    page_blocks.ended_note: [
        partial(page_blocks.ended_note, 7, season, others)
        for season, others in ((SEASON, NAMES), (LONGEST, ["é" * 80] * 6), (SEASON, []))
    ],
    page_blocks.enough: [page_blocks.enough],
    page_blocks.left: [page_blocks.left],
    page_blocks.left_note: [
        partial(page_blocks.left_note, names, remaining)
        for names, remaining in ((["ana"], 4), (["Ana", "Ben"], 1))
    ],
    merge_blocks.merge_question: [
        partial(merge_blocks.merge_question, merge, ZONE)
        for merge in (
            MergeText(3, True, 1, [], False, NAMES, AT),
            MergeText(3, True, 3, ["Ana"], False, ["é" * 80] * 6, AT),
            MergeText(3, False, 3, [], True, NAMES[:3], AT),
            MergeText(3, False, 3, [], True, NAMES[:3], AT, AT),
            MergeText(3, False, 3, ["Ana", "Ben"], False, NAMES, AT),
            MergeText(3, False, 2, [], False, NAMES, AT),
            MergeText(3, True, 4, [], False, NAMES, AT, is_wish=True),
            MergeText(3, False, 4, [], False, NAMES, AT, is_wish=True),
            MergeText(3, False, 2, [], False, NAMES, AT, shows_past=True),
        )
    ],
    merge_blocks.not_merged: [merge_blocks.not_merged],
    merge_blocks.merge_answered: [
        partial(merge_blocks.merge_answered, is_yes=is_yes) for is_yes in (True, False)
    ],
    vote_blocks.question: [
        partial(
            vote_blocks.question,
            VoteText(3, kind, AT, name, impossible, shows_past=bool(name)),
            ZONE,
        )
        for kind, name, impossible in (
            (Kind.QUIET, "", ()),
            (Kind.QUIET, "", (Answer.TIME, Answer.JOIN)),
            (Kind.BREAK, "", ()),
            (Kind.PLACE, "lee", ()),
            (Kind.PLACE, "é" * 80, ()),
        )
    ],
    vote_blocks.answered: [partial(vote_blocks.answered, each) for each in Answer],
    vote_blocks.decided: [
        partial(vote_blocks.decided, ResultText(7, result, at, day), ZONE)
        for result, at, day in (
            *((each, AT, date(2026, 6, 8)) for each in Answer),
            (Answer.CONTINUE, None, None),
            (Answer.YES, None, None),
        )
    ],
    vote_blocks.thawed: [
        partial(vote_blocks.thawed, 7, AT, ZONE),
        partial(vote_blocks.thawed, 7, None, ZONE),
    ],
    vote_blocks.brought_back: [vote_blocks.brought_back],
    vote_blocks.no_place: [vote_blocks.no_place],
    forms.season_form: [
        partial(
            forms.season_form,
            [(n, LONG) for n in range(count)],
            starts_on=date(2026, 3, 23),
        )
        for count in (1, 120)
    ],
    forms.signup_form: [
        partial(
            forms.signup_form,
            season,
            ZONE,
            brings="How do I &lt;give&gt; feedback?",
            topics_known=["dbt"],
            topics_wanted=[],
            never=["0-early", "4-late"],
        )
        for season in (LONGEST, IN_WRITING)
    ],
    forms.move_form: [
        partial(
            forms.move_form,
            3,
            [(f"U{n}", "é" * 80) for n in range(count)],
            [(n, "é" * 80) for n in range(count)],
        )
        for count in (1, 120)
    ],
    page_forms.circle_form: [
        partial(
            page_forms.circle_form,
            7,
            times=times,
            suits_all=chosen is None,
            chosen=chosen,
            zone=ZONE,
            goal="\N{ROCKET}" * MAX_GOAL,
            call_link="https://" + "\N{ROCKET}" * (MAX_LINK - 8),
            is_next=len(times) > 1,
        )
        for times, chosen in (
            ([], None),
            ([AT], None),
            ([AT, AT + timedelta(days=1)], AT),
        )
    ],
}
