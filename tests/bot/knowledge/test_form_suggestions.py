"""The looks for similar asks in a form, and what the form remembers of them."""

import json

import pytest

from bot.knowledge.form_suggestions import MAX_DRAWS, Look

WORDS = "VPN certificate expired"


def look(question: str, before: Look | None = None, *, topics: str = "") -> Look:
    """Return the look of a form that `before` was drawn in."""
    metadata = json.loads(json.dumps(before.metadata())) if before else {}
    return Look.of_view(question, metadata, topics=topics.split())


def test_it_looks_for_two_words_or_more():
    assert not look("VPN").is_due
    assert not look("VPN", topics="certificate").is_due
    assert look("VPN certificate").is_due


def test_it_looks_again_for_a_new_word_or_topic():
    first = look(WORDS)
    assert not look("the expired VPN certificate", first).is_due
    assert not look("VPN certificate", first).is_due
    assert look(f"{WORDS} abroad", first).is_due
    # This says nothing of the problem.
    assert not look(f"{WORDS} today", first).is_due
    assert look(WORDS, first, topics="laptop").is_due
    assert not look(WORDS, look(WORDS, topics="laptop"), topics="laptop").is_due


def test_it_looks_five_times():
    last, question = look(WORDS), WORDS
    for number in range(1, MAX_DRAWS):
        question += f" word{number}"
        last = look(question, last)
        assert last.is_due
    assert not look(f"{question} more", last).is_due


@pytest.mark.parametrize("letter", ["x", "ж", "証", "\U00020000"])
def test_its_memory_fits_the_metadata_of_a_form(letter: str):
    question = " ".join([letter * 36] * 5)[:150]
    topics = [letter * 39 + str(number) for number in range(3)]
    largest = Look.of_view(question, {}, topics=topics)
    for entry in range(60):
        largest = largest.without(10**9 + entry)
    assert len(json.dumps({"checkin": 10**9} | largest.metadata())) <= 3000
