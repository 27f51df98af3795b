"""Views of asks without a name."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.anonymity import forms, notes
from bot.anonymity.notes import AskText
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
            **more,
        }
    )


SAMPLES: Samples = {
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
        ),
    ],
    forms.on_its_way: [
        lambda: forms.on_its_way(is_reviewed=False),
        lambda: forms.on_its_way(is_reviewed=True),
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
