"""Views of check-ins."""

from dataclasses import replace
from datetime import date
from functools import partial

from bot.checkins import blocks as checkins
from bot.checkins import forms as checkin_forms
from bot.checkins import list_blocks
from bot.checkins import notes as checkin_notes
from bot.checkins.blocks import DigestEntry, RoundPrompt
from bot.checkins.rules import Response
from tests.samples.types import Samples
from tests.view_sample_data import (
    BLOCKERS,
    CHECKIN_ITEMS,
    CLOSES_AT,
    DUE_ROUND,
    FRIDAY,
    FULL_SCHEDULE_DRAFT,
    PAST_ROUNDS,
    PREVIEW,
    QUESTION,
    RESPONSE,
    SCHEDULE_OVERVIEW,
    SHARE_PROMPT,
    TITLE,
    URL,
    checkin_list,
    digest_of,
    round_prompt,
    schedule_draft,
)

SAMPLES: Samples = {
    checkins.round_post: [
        lambda: checkins.round_post(round_prompt()),
        lambda: checkins.round_post(
            round_prompt(), checkins.PreviousRound(URL, shared_count=5, solved_count=1)
        ),
        lambda: checkins.round_post(
            round_prompt(),
            checkins.PreviousRound(URL, shared_count=50, solved_count=12),
        ),
        lambda: checkins.round_post(
            round_prompt(hint="", question="What &lt;now&gt;?" * 20)
        ),
        lambda: checkins.round_post(
            round_prompt(reflection="What would you do again? " * 7)
        ),
    ],
    checkin_forms.plan_form: [
        lambda: checkin_forms.plan_form("C0HELP", None, schedule_draft()),
        lambda: checkin_forms.plan_form(
            "C0HELP", 7, FULL_SCHEDULE_DRAFT, hint="Too late."
        ),
    ],
    checkin_forms.preview: [
        lambda: checkin_forms.preview("C0HELP", None, schedule_draft(), PREVIEW),
        lambda: checkin_forms.preview(
            "C0HELP", 7, FULL_SCHEDULE_DRAFT, replace(PREVIEW, hint="", excluded=[])
        ),
    ],
    list_blocks.overview: [
        lambda: list_blocks.overview("help", []),
        lambda: list_blocks.overview("help", PAST_ROUNDS * 2),
    ],
    list_blocks.due_round: [lambda: list_blocks.due_round(DUE_ROUND)],
    list_blocks.checkins: [
        lambda: list_blocks.checkins(checkin_list([])),
        lambda: list_blocks.checkins(checkin_list(CHECKIN_ITEMS)),
    ],
    list_blocks.schedule_list: [
        lambda: list_blocks.schedule_list([], may_add=True),
        lambda: list_blocks.schedule_list(
            [
                SCHEDULE_OVERVIEW,
                replace(
                    SCHEDULE_OVERVIEW,
                    pause_note="Paused.",
                    missed=[],
                    excluded=[],
                    next_times=[],
                ),
                replace(SCHEDULE_OVERVIEW, next_times=[]),
            ],
            may_add=False,
        ),
    ],
    checkin_notes.schedule_paused: [
        partial(checkin_notes.schedule_paused, QUESTION, "help", because)
        for because in ("archived", "away", "made private", "made public", "some_error")
    ],
    checkin_notes.schedule_paused_elsewhere: [
        partial(checkin_notes.schedule_paused_elsewhere, because)
        for because in ("archived", "away", "made private", "not_in_channel")
    ],
    checkin_notes.rounds_skipped: [
        partial(
            checkin_notes.rounds_skipped,
            QUESTION,
            "help",
            first=FRIDAY,
            last=date(2026, 3, 20),
            count=count,
            reason=reason,
        )
        for count, reason in ((1, "down"), (3, "down"), (1, "unsent"), (1, "unknown"))
    ],
    checkin_forms.share_form: [
        lambda: checkin_forms.share_form(
            7,
            SHARE_PROMPT,
            RESPONSE,
            channel="help",
            until=CLOSES_AT,
            is_participant=True,
        ),
        lambda: checkin_forms.share_form(
            7,
            RoundPrompt("Well?"),
            Response("x" * 1000),
            channel="help",
            until=CLOSES_AT,
            is_participant=False,
        ),
    ],
    checkins.response_message: [
        *(
            partial(
                checkins.response_message,
                "U0ANA",
                "Ana",
                SHARE_PROMPT,
                RESPONSE,
                blocker,
            )
            for blocker in [None, *BLOCKERS]
        ),
        lambda: checkins.response_message(
            "U0ANA",
            "Ana",
            RoundPrompt("Well?"),
            Response(*[":a: x" * 200] * 4),
            BLOCKERS[0],
        ),
    ],
    checkins.digest: [
        lambda: digest_of(0),
        lambda: digest_of(1),
        lambda: digest_of(200),
        lambda: checkins.digest(
            SHARE_PROMPT.question,
            [DigestEntry("Ana"), DigestEntry("Ben", URL, "", "Tests", BLOCKERS[1])],
        ),
    ],
    checkin_notes.reminder: [
        lambda: checkin_notes.reminder(
            7, 3, SHARE_PROMPT.question, channel="help", url=URL, until=CLOSES_AT
        )
    ],
    checkin_notes.reminders_stopped: [
        lambda: checkin_notes.reminders_stopped(
            3, SHARE_PROMPT.question, channel="help"
        )
    ],
    checkin_notes.invitation: [
        lambda: checkin_notes.invitation(7, SHARE_PROMPT.question, channel="help")
    ],
    checkin_notes.response_not_posted: [
        partial(
            checkin_notes.response_not_posted,
            "help",
            checkins.response_message("U0ANA", "Ana", SHARE_PROMPT, RESPONSE, None)[1],
            error,
        )
        for error in ("is_archived", "unknown")
    ],
    checkin_notes.ask_offer: [
        lambda: checkin_notes.ask_offer(7, "Why is `a < b`? " * 60)
    ],
    checkin_notes.ask_created: [
        lambda: checkin_notes.ask_created(TITLE, URL),
        lambda: checkin_notes.ask_created(TITLE, ""),
    ],
    checkin_notes.join_receipt: [
        lambda: checkin_notes.join_receipt(3, SHARE_PROMPT.question, channel="help")
    ],
    checkin_notes.leave_receipt: [
        lambda: checkin_notes.leave_receipt(SHARE_PROMPT.question, channel="help")
    ],
    checkin_notes.leave_receipt_elsewhere: [checkin_notes.leave_receipt_elsewhere],
    checkin_notes.resume_receipt: [
        lambda: checkin_notes.resume_receipt(SHARE_PROMPT.question, channel="help")
    ],
}
