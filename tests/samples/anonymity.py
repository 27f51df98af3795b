"""Views of asks without a name."""

from functools import partial
from typing import Any

from bot.anonymity import forms
from tests.samples.types import Samples
from tests.view_sample_data import TITLE


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
}
