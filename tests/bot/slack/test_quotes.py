"""Sentences that end in a quote, whatever the quote ends in."""

import re
from collections.abc import Callable

import pytest

from bot.anonymity import limits
from bot.anonymity import notes as anonymity
from bot.asks import answer_notes
from bot.asks import notes as asks
from bot.checkins import notes as checkins
from bot.knowledge import notes as knowledge
from bot.routing import notes as routing
from bot.slack.blocks import MAX_QUOTE_LENGTH, quoted
from bot.slack.text import full_stop
from tests.view_sample_data import URL

# The texts of messages in which something quoted ends a sentence.
MESSAGES: dict[str, Callable[[str], str]] = {
    "answered": lambda words: asks.ask_answered(words, URL, "Ben")[0],
    "deleted": lambda words: asks.ask_deleted(7, words, "Ben", is_own_message=False)[0],
    "closed": lambda words: asks.ask_closed(7, "x", URL, "Ben", words, state="open")[0],
    "solved": lambda words: asks.ask_solved(
        7,
        words,
        URL,
        by=None,
        solutions=[("Ben", URL)],
        candidates=(),
        has_what_worked=False,
    )[0],
    "answer solved": lambda words: answer_notes.answer_solved(
        words, URL, "Ana", ["Chi"]
    )[0],
    "check-in's reminder": lambda words: checkins.reminder(
        7, 8, words, channel="help", url=URL, until="Friday"
    )[0],
    "blocker": lambda words: checkins.ask_offer(7, words)[0],
    "blocker asked": lambda words: checkins.ask_created(words, URL)[0],
    "out of date": lambda words: knowledge.outdated_question(7, "x", URL, [words])[0],
    "pointer not posted": lambda words: knowledge.pointer_not_posted(words, URL)[0],
    "request": lambda words: routing.request(
        7, ask(words), routing.ReasonView("active"), is_one_of_two=True, is_first=True
    )[0],
    "request accepted": lambda words: routing.request_accepted(ask(words))[0],
    "request declined": lambda words: routing.request_declined(
        7, ask(words), topics=()
    )[0],
    "request answered": lambda words: routing.request_answered(
        ask(words), has_helped=False
    )[0],
    "stopped": lambda words: str(
        anonymity.stopped("here", "Friday", words).to_dict()["elements"][0]["text"]
    ),
    "blocked": limits.blocked,
}


def ask(title: str) -> routing.AskLine:
    return routing.AskLine(title, URL, "Ana", ("C0HELP", "help"))


@pytest.mark.parametrize("text_with", [*MESSAGES.values()], ids=[*MESSAGES])
@pytest.mark.parametrize(
    "words",
    ["It's full.", "Is it full?", "It's full!", "It's …", "一杯です。", "满了？"],
)
def test_a_quote_that_ends_a_sentence_gets_no_full_stop(
    text_with: Callable[[str], str], words: str
):
    text = text_with(words)
    assert re.search(rf"{re.escape(words)}”($| [A-Z])", text), text


@pytest.mark.parametrize("text_with", [*MESSAGES.values()], ids=[*MESSAGES])
def test_any_other_quote_gets_one(text_with: Callable[[str], str]):
    text = text_with("The disk is full")
    assert re.search(r"The disk is full”\.($| [A-Z])", text), text


def test_what_is_cut_off_ends_in_its_ellipsis():
    assert full_stop(quoted("x" * MAX_QUOTE_LENGTH)) == "."
    assert full_stop(quoted("x" * (MAX_QUOTE_LENGTH + 1))) == ""
