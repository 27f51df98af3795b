"""Views of what champions could do."""

from bot.asks import notes as ask_notes
from bot.kudos import notes as kudos_notes
from bot.onboarding import blocks as onboarding
from bot.routing import notes as routing
from bot.slack.blocks import button
from bot.worklist import blocks
from bot.worklist.view import WorkItemView
from tests.samples.types import Samples
from tests.view_sample_data import ASK_LINE, URL

_HELP = ("C0HELP", "help")
_LONG = "word " * 600

_ITEMS = [
    (
        1,
        WorkItemView(
            *onboarding.say_hello("Ana", _HELP, "on 2 Mar"),
            [button("Write to Ana", "work_hello", 1)],
            frozenset({"U0ANA"}),
        ),
    ),
    *(
        (number, WorkItemView(*shown, frozenset({"U0ANA"})))
        for number, shown in enumerate(
            (
                routing.look_after(2, ASK_LINE),
                routing.look_after(3, ASK_LINE),
                ask_notes.ask_kindly(4, _LONG, URL, "Ana", _HELP),
                kudos_notes.first_time(5, "Ana", _HELP, _LONG, URL, is_answer=True),
                kudos_notes.first_time(6, "Ana", _HELP, _LONG, URL, is_answer=False),
            ),
            start=2,
        )
    ),
]

SAMPLES: Samples = {
    blocks.open_items: [
        lambda: blocks.open_items([]),
        lambda: blocks.open_items(_ITEMS[:1]),
        lambda: blocks.open_items(_ITEMS),
    ],
    blocks.monday: [
        lambda: blocks.monday([]),
        lambda: blocks.monday(_ITEMS[:1]),
        lambda: blocks.monday(_ITEMS),
    ],
    blocks.guide: [blocks.guide],
    ask_notes.mark_reminder: [
        lambda: ask_notes.mark_reminder(_LONG, URL, "+1", "white_check_mark")
    ],
}
