"""Every view and message that the bot can draw, each in all of its forms."""

import inspect
import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.asks import blocks, forms, notes
from bot.asks.blocks import Shown
from bot.home import blocks as home
from bot.settings import blocks as settings

Drawn = View | list[Block] | tuple[str, list[Block]]

URL = "https://peers.slack.com/archives/C0HELP/p1772442000000100"
TITLE = "How do I test daylight saving?"
SOLUTION = ("Ben", URL)
STATES = ("open", "answered", "solved", "closed")
MODULES = (blocks, forms, notes, home, settings)


def ask(state: str = "open", **more: Any) -> Shown:
    return Shown(
        **{
            "id": 7,
            "title": TITLE,
            "details": "",
            "asker": "U0ANA",
            "topics": (),
            "state": state,
            **more,
        }
    )


def all_of(state: str) -> Shown:
    """An ask that has everything an ask can have."""
    return ask(
        state,
        details="It *fails* in spring:\n```\nassert hours == 24\n```",
        topics=("python", "time"),
        solutions=(SOLUTION, ("Chi", URL)),
        worked="Freezing the clock.",
        looking=("Ben", "Chi"),
        same=2,
        closed_by="Dan",
        close_reason="Asked twice",
        is_first=True,
    )


def settings_form(**more: Any) -> View:
    return settings.form(
        **{
            "channel": "C0HELP",
            "name": "help",
            "capture": "off",
            "helpful": ("+1", "heart"),
            "solved": ("white_check_mark",),
            "champions": (),
            "topics": (),
            "guests_may_ask": True,
            **more,
        }
    )


def solved(**more: Any) -> tuple[str, list[Block]]:
    return notes.solved(
        7, TITLE, URL, **{"by": None, "candidates": (), "has_worked": False, **more}
    )


# By the function that draws it: calls that take it through all of its branches.
EVERY: dict[Callable[..., Drawn], list[Callable[[], Drawn]]] = {
    blocks.message: [
        *(partial(blocks.message, ask(state)) for state in STATES),
        *(partial(blocks.message, all_of(state)) for state in STATES),
    ],
    forms.ask_form: [
        forms.ask_form,
        lambda: forms.ask_form(is_here=True),
        lambda: forms.ask_form(channel="C0HELP", hint=forms.INVITE_FIRST),
        lambda: forms.ask_form(
            ask_id=7,
            title=TITLE,
            details="Long\nstory",
            channel_topics=("python", "time"),
            topics=("time", "spring"),
        ),
    ],
    forms.close_form: [lambda: forms.close_form(7, TITLE, "Ana")],
    forms.delete_form: [
        lambda: forms.delete_form(7, TITLE, is_own_message=False),
        lambda: forms.delete_form(7, TITLE, is_own_message=True),
    ],
    forms.worked_form: [
        lambda: forms.worked_form(7, TITLE, None),
        lambda: forms.worked_form(7, TITLE, "Freezing the clock."),
    ],
    forms.options: [
        partial(forms.options, 7, TITLE, state, is_looking=looking, is_same=same)
        for state, looking, same in itertools.product(
            STATES, (False, True), (False, True)
        )
    ],
    forms.told: [lambda: forms.told("Not possible", "It is solved already.")],
    notes.answered: [lambda: notes.answered(TITLE, URL, "Ben")],
    notes.captured: [lambda: notes.captured(TITLE, URL, "100")],
    notes.made: [
        lambda: notes.made(TITLE, URL, "Dan", "100", is_first=True),
        lambda: notes.made(TITLE, URL, "Dan", "100", is_first=False),
    ],
    notes.closed: [lambda: notes.closed(7, TITLE, URL, "Dan", "Asked twice")],
    notes.deleted: [
        lambda: notes.deleted(TITLE, "Dan", is_own_message=False),
        lambda: notes.deleted(TITLE, "Dan", is_own_message=True),
    ],
    notes.not_posted: [
        lambda: notes.not_posted(TITLE, "", "help", "is_archived"),
        lambda: notes.not_posted(TITLE, "Details", "help", "some_new_error"),
    ],
    notes.solved: [
        solved,
        lambda: solved(by="Dan"),
        lambda: solved(candidates=[(1, "Ben, 02 Mar 09:00 UTC")]),
        lambda: solved(by="Dan", has_worked=True),
        lambda: solved(candidates=[(1, "Ben, 02 Mar 09:00 UTC")], has_worked=True),
        lambda: solved(has_worked=True),
    ],
    notes.solved_for_joiner: [
        lambda: notes.solved_for_joiner(TITLE, URL, None),
        lambda: notes.solved_for_joiner(TITLE, URL, SOLUTION),
    ],
    notes.offer: [lambda: notes.offer(7, 1, "Ben")],
    notes.marked: [
        lambda: notes.marked("helpful", "C0HELP", "1772442000.000100"),
        lambda: notes.marked("solved", "C0HELP", "1772442000.000100"),
    ],
    notes.helped: [lambda: notes.helped(TITLE, URL, "Ana", ["Chi", "Dan"])],
    notes.solution: [
        lambda: notes.solution(TITLE, URL, "Ana", []),
        lambda: notes.solution(TITLE, URL, "Ana", ["Chi"]),
    ],
    home.home: [
        lambda: home.home([], more=0),
        lambda: home.home([(TITLE, URL, "open")] * 10, more=3),
    ],
    home.help_line: [home.help_line],
    settings.form: [
        settings_form,
        lambda: settings_form(
            capture="questions",
            champions=("U0DAN",),
            topics=("python", "time"),
            guests_may_ask=False,
        ),
        lambda: settings_form(capture="all"),
    ],
}


def surfaces() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each as Slack gets it: a view, or a message's text and blocks."""
    for function, calls in EVERY.items():
        name = f"{function.__module__.removeprefix('bot.')}.{function.__name__}"
        for number, call in enumerate(calls):
            yield f"{name}-{number}", as_sent(call())


def as_sent(drawn: Drawn) -> dict[str, Any]:
    if isinstance(drawn, View):
        return drawn.to_dict()
    text, shown = drawn if isinstance(drawn, tuple) else ("An ask", drawn)
    return {"text": text, "blocks": [block.to_dict() for block in shown]}


def drawing_functions() -> set[Callable[..., Drawn]]:
    """What draws a whole surface, found by what it says it returns."""
    return {
        function
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(function).return_annotation
        in {View, list[Block], notes.Note, tuple[str, list[Block]]}
    }
