"""The fullest views of knowledge, with the worst texts, against Slack's limits."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.asks import forms as ask_forms
from bot.home import blocks as home
from bot.home.rules import PAGES
from bot.knowledge import blocks, forms, notes
from bot.knowledge.blocks import EntryView, SuggestionsForAsk
from bot.slack.text import to_mrkdwn
from sandbox.block_kit.validate import check_blocks, check_view
from tests.view_sample_data import URL, entry_view

# Slack's limits for the blocks of a message and of a view.
MAX_IN_MESSAGE, MAX_IN_VIEW = 50, 100

LONG_TEXTS = {
    "escaped": to_mrkdwn("<&>" * 1000),
    "quotes": '"\\' * 1500,
    "astral": "\U00020000" * 3000,
    "one word": "x" * 3000,
    "lines": "a\n" * 1500,
    "emoji": ":tada: " * 400,
    "code": "`a` b " * 500,
    "blocks of code": "```a```\n" * 300,
    "links": "<https://a.example/b|c> " * 120,
    "people": "<@U0ANA> " * 300,
    "right to left": "\u202eمرحبا " * 500,
}


def full_entry(text: str, **changes: Any) -> EntryView:
    """Return an entry with all its parts, each as long as `text`."""
    return entry_view(
        **{
            "title": text,
            "place": "x" * 80,
            "is_private": True,
            "what_worked": text,
            "answer": text,
            "author": "Ω" * 80,
            "helped_count": 10**6,
            "is_due": True,
            "is_old": True,
            "outdated_reasons": [text] * 5,
            "newer_title": text,
            "newer_url": URL,
            "other_answers": [("Ω" * 80, text)] * 2,
            **changes,
        }
    )


@pytest.fixture(params=[*LONG_TEXTS.values()], ids=[*LONG_TEXTS])
def entries(request: pytest.FixtureRequest) -> list[EntryView]:
    return [full_entry(request.param, id=10**9 + number) for number in range(5)]


def problems(blocks_: list[Block], limit: int) -> list[str]:
    shown = [block.to_dict() for block in blocks_]
    return check_blocks(shown, max_blocks=limit)


def view_problems(view: View) -> list[str]:
    return check_view(view.to_dict(), view.type)


@pytest.mark.parametrize("start", [0, 45])
def test_a_page_of_what_was_found(entries: list[EntryView], start: int):
    words = entries[0].title[: blocks.MAX_WORDS]
    text, found = blocks.results(
        words,
        entries,
        start=start,
        next_start=start + 5,
        includes_open=False,
        is_complete=False,
    )
    assert len(text) < 3000
    assert problems(found, MAX_IN_MESSAGE) == []
    assert view_problems(forms.results_modal(found)) == []


def test_what_is_similar_in_the_form(entries: list[EntryView]):
    view = ask_forms.ask_form(
        title=entries[0].title,
        details=entries[0].title,
        channel_topics=[f"topic {number}" for number in range(50)],
        topics=["x" * 40] * 3,
        similar=blocks.similar(entries[:3]),
    )
    assert view_problems(view) == []


def test_what_may_have_solved_an_ask(entries: list[EntryView]):
    _, card = blocks.suggestion(10**9, entries[:3])
    assert problems(card, MAX_IN_MESSAGE) == []
    options = ask_forms.options_modal(
        10**9,
        entries[0].title,
        "answered",
        [*ask_forms.OPTION_LABELS],
        more=blocks.suggestions_in_options(10**9, entries[:3]),
    )
    assert view_problems(options) == []
    asks = [SuggestionsForAsk(number, entries[0].title, entries) for number in range(3)]
    suggested = blocks.suggestions_for_asks(asks)
    view = home.home_view(
        pages=PAGES,
        page="today",
        is_new=False,
        waiting=[],
        sections=[suggested] * 5,
        help_text="x" * 3000,
    )
    assert view_problems(view) == []


def test_the_form_to_point_to_an_earlier_ask(entries: list[EntryView]):
    assert view_problems(forms.pointer_form(10**9, entries[0].title, entries)) == []


def test_the_form_to_say_that_an_answer_is_out_of_date(entries: list[EntryView]):
    assert view_problems(forms.outdated_form(10**9, entries[0].title)) == []


@pytest.mark.parametrize(
    "note",
    [
        lambda text: notes.outdated_question(10**9, text, URL, [text] * 5),
        lambda text: notes.pointer("Ben", text, URL, asker="Ana", solved_emoji="ok"),
        lambda text: notes.pointer_helped(text, URL, ["Ω" * 80] * 50),
        lambda text: notes.pointer_not_posted(text, URL),
    ],
)
def test_messages_about_an_answer(
    entries: list[EntryView], note: Callable[[str], tuple[str, list[Block]]]
):
    text, shown = note(entries[0].title)
    assert 0 < len(text) < 4000
    assert problems(shown, MAX_IN_MESSAGE) == []


def test_an_entry_without_words():
    empty = full_entry(
        "…", author=None, place="", what_worked=None, outdated_reasons=()
    )
    assert problems(blocks.suggestion(7, [empty])[1], MAX_IN_MESSAGE) == []
    assert view_problems(forms.pointer_form(7, "…", [empty])) == []
