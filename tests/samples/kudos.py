"""Views of kudos."""

from bot.kudos import blocks as kudos
from bot.kudos import forms as kudos_forms
from bot.kudos import notes as kudos_notes
from tests.samples.types import Samples
from tests.view_sample_data import GIVEN_ROWS, RECEIVED_ROWS, THANKS, URL, kudos_view

SAMPLES: Samples = {
    kudos.message: [
        lambda: kudos.message(kudos_view()),
        lambda: kudos.message(
            kudos_view(
                recipients=tuple(f"U0P{n}" for n in range(10)),
                reason="word " * 400,
                tags=("teamwork", "ops"),
                join_count=2,
                subject_url=URL,
            )
        ),
        lambda: kudos.message(kudos_view(taken_back_by="Ana")),
    ],
    kudos.history: [
        lambda: kudos.history([], [], remaining=5, daily_allowance=5),
        lambda: kudos.history(
            RECEIVED_ROWS * 3,
            GIVEN_ROWS * 2,
            remaining=0,
            daily_allowance=5,
            next_received="1772442000000100:7",
            next_given="1772442000000100:7",
        ),
    ],
    kudos.page: [
        lambda: kudos.page("received", RECEIVED_ROWS, next_cursor="1772442000000100:7"),
        lambda: kudos.page("given", GIVEN_ROWS),
        lambda: kudos.page("given", []),
    ],
    kudos.recent: [lambda: kudos.recent([]), lambda: kudos.recent(RECEIVED_ROWS)],
    kudos.thank_button_row: [
        lambda: kudos.thank_button_row("U0BEN"),
        lambda: kudos.thank_button_row("U0BEN", 'A "reason"\n' * 300),
    ],
    kudos_forms.kudos_form: [
        kudos_forms.kudos_form,
        lambda: kudos_forms.kudos_form(use_current_channel=True),
        lambda: kudos_forms.kudos_form(
            people=["U0BEN", "U0CHI"],
            reason=THANKS,
            tags=("teamwork", "x" * 30),
            channel="C0HELP",
            about={"channel": "C0HELP", "ts": "1772442000.000100"},
            about_url=URL,
            hint=kudos_forms.INVITE_BOT_FIRST,
        ),
    ],
    kudos_notes.receipt: [
        lambda: kudos_notes.receipt(7, ["Ben"], remaining=3),
        lambda: kudos_notes.receipt(
            7,
            ["Ben", "Chi"],
            remaining=0,
            warnings=["Robo is a bot. Kudos are for people."],
            is_private=True,
        ),
    ],
    kudos_notes.final_receipt: [
        lambda: kudos_notes.final_receipt(["Ben"], is_private=True)
    ],
    kudos_notes.taken_back_receipt: [kudos_notes.taken_back_receipt],
    kudos_notes.received: [
        lambda: kudos_notes.received("Ana", THANKS),
        lambda: kudos_notes.received(
            "Ana", THANKS, tags=("ops",), url=URL, channel="#help", subject_url=URL
        ),
        lambda: kudos_notes.received("Ana", THANKS, channel="a private channel"),
    ],
    kudos_notes.received_by_reaction: [
        lambda: kudos_notes.received_by_reaction("Ana", "tada::skin-tone-2", URL),
        lambda: kudos_notes.received_by_reaction("Ana", "tada", None),
    ],
    kudos_notes.taken_back_received: [lambda: kudos_notes.taken_back_received("Ana")],
    kudos_notes.limit_reached: [
        lambda: kudos_notes.limit_reached(
            ["You've thanked 5 people today, which is the limit."]
        )
    ],
    kudos_notes.not_posted: [
        lambda: kudos_notes.not_posted(THANKS, ["Ben"], "#help", "is_archived"),
        lambda: kudos_notes.not_posted(THANKS, ["Ben"], "#help", "unknown"),
    ],
}
