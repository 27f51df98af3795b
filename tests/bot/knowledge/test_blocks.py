"""Entries are short, and show the part of an answer that was looked for."""

import json

from bot.knowledge import blocks
from tests.view_sample_data import entry_view
from tests.view_samples import to_json


def shown(words: str, answer: str) -> str:
    entry = entry_view(answer=answer, what_worked=None)
    note = blocks.results(
        words,
        [entry],
        start=0,
        next_start=None,
        includes_open=False,
        is_complete=True,
    )
    return json.dumps(to_json(note), ensure_ascii=False)


LONG = "First of all, restart it. " * 20 + "Then renew the certificates with certbot."


def test_an_answer_is_shown_from_before_the_words_that_match():
    text = shown("certificate", LONG)
    assert "…" in text
    assert "Then renew the certificates with certbot." in text


def test_an_answer_is_shown_from_its_beginning_if_that_matches():
    assert '"First of all' in shown("restart certificate", LONG)
    assert '"First of all' in shown("unrelated", LONG)


def test_a_short_answer_is_shown_whole():
    assert "Use a < b." in shown("certificate", "Use a &lt; b.")


def test_words_between_backquotes_are_shown_as_code():
    text = shown("vpn", "Run `vpnctl renew`, then ``, and ` `.")
    assert '{"style": {"code": true}, "text": "vpnctl renew", "type": "text"}' in text
    assert '"text": ", then ``, and ` `."' in text


def test_a_suggestion_shows_what_worked_or_else_the_answer():
    for entry, expected in (
        (entry_view(), "Freezing the clock."),
        (entry_view(what_worked=None), "hand the clock in"),
    ):
        text = json.dumps(to_json(blocks.suggestion(1, [entry])))
        assert expected in text
    assert "hand the clock in" not in json.dumps(
        to_json(blocks.suggestion(1, [entry_view()]))
    )


def test_a_full_page_of_entries_is_a_message():
    """Slack takes 50 blocks."""
    entry = entry_view(
        is_old=True,
        newer_title="What about it?",
        newer_url="https://peers.slack.com/archives/C0HELP/p1772442000000100",
        other_answers=[("Chi", LONG), ("Dan", LONG)],
    )
    note = blocks.results(
        "vpn",
        [entry] * 5,
        start=5,
        next_start=10,
        includes_open=False,
        is_complete=False,
    )
    assert len(note[1]) <= 50
