"""The words of an answer that are kept: short, whole, and harmless."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.rules import MAX_LENGTH, SPREAD_OVER, kept_text, spread
from bot.slack.text import sanitize
from tests.strategies import HARMFUL_SNIPPETS, HARMFUL_TEXT

# What Slack sends: `&`, `<` and `>` stand for nothing but escapes and tokens.
WELL_FORMED = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<@U0ANA>",
                "<https://a.example/?a=1&amp;b=2|a>",
                "&lt;",
                "&amp;",
                "```",
                "\n",
                " ",
                "word ",
                "x" * 150,
                "語" * 50,
            ]
        ),
        st.text(st.characters(exclude_characters="<>&", exclude_categories=["Cs"])),
    ),
    min_size=1,
    max_size=400,
).map("".join)


def test_what_is_short_is_kept_as_it_is():
    words = "Ask <@U0ANA>: `a &lt; b`\n```\nrun\n```\nSee <https://a.example|a>."
    assert kept_text(f"  {words}\n") == words
    assert kept_text("x" * MAX_LENGTH) == "x" * MAX_LENGTH


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("word " * 1000, " word…"),
        # No language with spaces has such a word: it is cut where it must be.
        ("語" * 5000, "語…"),
        ("x" * 5000, "x…"),
        ("a " + "語" * 5000, "語…"),
        ("&amp;" * 1000, "&amp;…"),
        ("<@U0ANA> " * 1000, " <@U0ANA>…"),
        ("<https://a.example/" + "x" * 4000 + ">", "…"),
        ("```" + "run\n" * 1000, "run…```"),
    ],
)
def test_what_is_long_is_cut_at_a_word(words: str, end: str):
    kept = kept_text(words)
    assert len(kept) <= MAX_LENGTH
    assert kept.endswith(end)
    assert kept_text(kept) == kept


@given(words=WELL_FORMED)
@pytest.mark.deep
def test_tokens_escapes_and_code_blocks_stay_whole(words: str):
    kept = kept_text(words * 3)
    assert len(kept) <= MAX_LENGTH
    rest = re.sub(r"<[^<>\n]*>|&(?:amp|lt|gt);", "", kept)
    assert not set(rest) & set("<>&")
    if len(sanitize(words * 3)) > MAX_LENGTH:
        assert kept.count("```") % 2 == 0


@given(words=st.one_of(HARMFUL_TEXT, st.sampled_from(HARMFUL_SNIPPETS)))
@pytest.mark.deep
def test_whatever_is_sent_is_short_and_stays_the_same(words: str):
    for text in (words, words * 500):
        kept = kept_text(text)
        assert len(kept) <= MAX_LENGTH
        assert kept_text(kept) == kept
        assert not re.search("[\x00-\x08\u202a-\u202e\ud800-\udfff]", kept)


def test_delays_are_spread_and_the_same_for_a_member():
    delays = [spread(f"U{number}") for number in range(1000)]
    assert delays == [spread(f"U{number}") for number in range(1000)]
    assert all(timedelta() <= delay < SPREAD_OVER for delay in delays)
    quarters = Counter(delay // (SPREAD_OVER / 4) for delay in delays)
    assert min(quarters.values()) > 150
