"""Views of asks without a name."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.anonymity import blocks, forms, notes
from bot.anonymity.blocks import (
    AnswerLine,
    AskLine,
    AskPage,
    DraftLine,
    ReplyLine,
)
from bot.anonymity.notes import AskText
from bot.asks import forms as ask_forms
from tests.samples.types import Samples
from tests.view_sample_data import TITLE

NOW, ZONE = datetime(2026, 3, 2, 9, tzinfo=UTC), ZoneInfo("Europe/Helsinki")
CHANNEL = ("C0HELP", "help")
TEXT = AskText(CHANNEL, TITLE, "", ())
LONG_TEXT = AskText(CHANNEL, TITLE, "word " * 800, ["python", "time"])


def preview(**more: Any) -> Any:
    return forms.preview(
        **{
            "channel_id": "C0HELP",
            "channel": "help",
            "title": "How do I tell a customer?",
            "details": "",
            "topics": [],
            "title_text": TITLE,
            "details_text": "",
            "hints": (),
            "help_line": "",
            "is_reviewed": False,
            "link_days": 90,
            "minutes": 5,
            **more,
        }
    )


_URL = "https://peers.slack.com/archives/C0HELP/p1772442000000100"


def page(**more: Any) -> Any:
    return blocks.ask_modal(
        AskPage(
            **{
                "id": 1,
                "title": TITLE,
                "state": "open",
                "channel": "help",
                "url": _URL,
                "cut_on": "1 Jun",
                **more,
            }
        )
    )


def full_page() -> Any:
    answers = [
        AnswerLine(
            number,
            "N" * 80,
            _URL,
            "2 Mar",
            is_own=number == 1,
            is_solution=number == 2,
            is_helpful=number > 1,
        )
        for number in range(40)
    ]
    replies = [
        ReplyLine(
            10**17 + number, "word " * 600, comes_by="14:35" if number == 39 else ""
        )
        for number in range(40)
    ]
    return page(
        state="solved",
        what_worked="word " * 60,
        answers=answers,
        replies=[ReplyLine(1, "Refused", is_refused=True), *replies],
        can_ask_people=True,
        can_thank=True,
    )


def own_asks(*, is_full: bool = False) -> Any:
    states = ("waiting", "reviewed", "refused")
    reason = "r" * 300 if is_full else ""
    return blocks.own_asks(
        [
            DraftLine(
                10**17,
                TITLE,
                "help",
                state,
                reason if number == 2 else "",
                "14:35" if state == "waiting" else "",
            )
            for number, state in enumerate(states)
        ],
        [
            AskLine(1, TITLE, "help", "answered", "2 Mar", number, number // 2)
            for number in range(40 if is_full else 2)
        ]
        + [
            AskLine(2, TITLE, "help", state, "2 Mar")
            for state in ("hidden", "refused", "unsure")
        ],
    )


SAMPLES: Samples = {
    blocks.own_asks: [own_asks, partial(own_asks, is_full=True)],
    blocks.ask_modal: [
        page,
        partial(page, url="", state="closed"),
        partial(page, answers=[AnswerLine(1, "Ben", _URL, "2 Mar")]),
        full_page,
    ],
    notes.hidden_reply: [notes.hidden_reply],
    notes.reply: [
        lambda: notes.reply("It is about a date."),
        lambda: notes.reply("&lt;!channel&gt; " * 150),
    ],
    forms.reply_form: [
        lambda: forms.reply_form(1, TITLE, minutes=5),
        lambda: forms.reply_form(
            1, TITLE, minutes=60, reply_id=10**17, text="word " * 700
        ),
    ],
    forms.edit_form: [
        lambda: forms.edit_form(ask_forms.ask_form(ask_id=1, title="Why?"))
    ],
    forms.what_worked_form: [
        lambda: forms.what_worked_form(ask_forms.what_worked_form(1, TITLE, None))
    ],
    forms.delete_form: [lambda: forms.delete_form(1, TITLE)],
    forms.thank_form: [
        lambda: forms.thank_form(1, TITLE, [("U0BEN", "Ben")]),
        lambda: forms.thank_form(1, TITLE, [(f"U{n}", "N" * 80) for n in range(30)]),
    ],
    forms.reveal_form: [lambda: forms.reveal_form(1, TITLE)],
    forms.reveal_again_form: [lambda: forms.reveal_again_form(1, TITLE, "help")],
    forms.preview: [
        preview,
        partial(
            preview,
            details_text="word " * 500,
            topics=["python", "time"],
            hints=[
                "Your own name is in it.",
                "It speaks of your team or manager.",
                "It names a channel. Perhaps few people know it.",
                "It says on which day something happened to you.",
                "It has a link with an account in it.",
            ],
            help_line="Someone to talk to: #care, or 116 123 at any time.",
            is_reviewed=True,
            link_days=180,
            minutes=60,
        ),
    ],
    forms.on_its_way: [
        lambda: forms.on_its_way(is_reviewed=False, minutes=5),
        lambda: forms.on_its_way(is_reviewed=True, minutes=60),
    ],
    forms.reject_form: [lambda: forms.reject_form(7, TITLE)],
    forms.stop_form: [lambda: forms.stop_form(7, TITLE)],
    notes.review: [
        lambda: notes.review(2**59, TEXT, until=NOW, zone=ZONE),
        lambda: notes.review(7, LONG_TEXT, until=NOW, zone=ZONE),
    ],
    notes.reviewed: [
        lambda: notes.reviewed(is_posted=True),
        lambda: notes.reviewed(is_posted=False),
    ],
    notes.report: [
        lambda: notes.report(7, TEXT),
        lambda: notes.report(7, LONG_TEXT),
    ],
    notes.report_over: [
        lambda: notes.report_over(7, CHANNEL, is_shown=True),
        lambda: notes.report_over(7, CHANNEL, is_shown=False),
    ],
    notes.report_gone: [notes.report_gone],
    notes.options: [
        lambda: notes.options(7, can_stop=False),
        lambda: notes.options(7, can_stop=True),
    ],
    notes.stop_offer: [
        lambda: notes.stop_offer(2**59, ["Insults <!here>", "x" * 300], count=2),
        lambda: notes.stop_offer(7, ["x"] * 9, count=9),
        lambda: notes.stop_offer(7, (), count=2),
    ],
    notes.stopped_everywhere: [notes.stopped_everywhere],
    notes.notice: [notes.notice],
}
