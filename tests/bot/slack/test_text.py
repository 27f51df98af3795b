"""Texts are unchanged by conversions, and nothing in them takes effect."""

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.text import (
    ELLIPSIS,
    MessageLink,
    escape,
    format_day,
    parse_permalink,
    sanitize,
    to_mrkdwn,
    to_plain,
    tokenize,
    truncate,
    truncate_mrkdwn,
    unescape,
)
from tests.strategies import ANY_TEXT, HARMFUL_TEXT


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("  around  ", "around"),
        ("nul\x00, bell\x07, escape\x1b[31m", "nul, bell, escape[31m"),
        ("abc\u202edcba", "abcdcba"),
        ("\u2066isolated\u2069", "isolated"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud83d", "half"),
        ("e\u0301", "é"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("tab\there", "tab\there"),
        ("z" + "\u0335" * 50, "z" + "\u0335" * 4),
        ("line\u2028separator", "line\nseparator"),
        ("\u061cmark", "mark"),
    ],
)
def test_harmful_characters_are_removed(typed: str, shown: str):
    assert sanitize(typed) == shown


@given(ANY_TEXT)
def test_a_clean_text_stays_as_it_is(text: str):
    assert sanitize(sanitize(text)) == sanitize(text)


@given(ANY_TEXT)
def test_no_control_surrogate_or_bidi_character_is_left(text: str):
    for character in sanitize(text):
        assert character in "\n\t" or unicodedata.category(character) not in {
            "Cc",
            "Cs",
        }
        assert unicodedata.bidirectional(character) not in {
            *("LRE", "RLE", "LRO", "RLO", "PDF"),
            *("LRI", "RLI", "FSI", "PDI"),
        }


@given(ANY_TEXT)
def test_form_input_is_shown_as_it_was_typed(text: str):
    assert to_plain(to_mrkdwn(text)) == sanitize(text)
    assert unescape(escape(text)) == text


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;!channel&amp;gt;", "&lt;!channel&gt;"),
        ("<@U0ANA>, <@U0BEN|ben>", "@someone, @ben"),
        ("in <#C0HELP>, <#C0HELP|>", "in a channel, a channel"),
        ("<!subteam^S0OPS> or <!subteam^S0OPS|@ops>", "a group or @ops"),
        ("Call <tel:+15551234567|555-123-4567> now", "Call 555-123-4567 now"),
        ("Call <tel:+15551234567>", "Call +15551234567"),
        ("<ftp://a.example/b|a file>, <sip:a@b.example>", "a file, sip:a@b.example"),
        ("in <#C0HELP|help>", "in #help"),
        ("<!channel> <!here> <!everyone>", "@channel @here @everyone"),
        ("<!subteam^S0TEAM> <!subteam^S0TEAM|@team>", "a group @team"),
        ("<https://a.example/?b&amp;c>", "https://a.example/?b&c"),
        ("<https://a.example|a.example>", "a.example"),
        ("<https://a.example/|a.example>", "a.example"),
        (
            "<https://evil.example|https://bank.example>",
            "https://bank.example (https://evil.example)",
        ),
        ("<mailto:ana@peers.example|ana@peers.example>", "ana@peers.example"),
        ("<mailto:eve@evil.example|Ana>", "Ana (mailto:eve@evil.example)"),
        ("<javascript:alert(1)|click>", "<javascript:alert(1)|click>"),
        ("1 < 2 and <unknown>", "1 < 2 and <unknown>"),
        (":+1: and :wave::skin-tone-3:", ":+1: and :wave::skin-tone-3:"),
    ],
)
def test_slacks_text_is_shown_as_its_author_saw_it(sent: str, shown: str):
    assert to_plain(sent) == shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (":+1: :wave::skin-tone-3:", ["+1", "wave::skin-tone-3"]),
        ("at 12:30:45", []),
        (
            ":pray::pray::wave::skin-tone-3::tada:",
            ["pray"] * 2 + ["wave::skin-tone-3", "tada"],
        ),
        (":tada:Hello", ["tada"]),
        ("std::vec::Vec", []),
        ("std ::vec::Vec", []),
        ("ana:staff:x", []),
        ("::", []),
        (f":{'a' * 101}:", []),
        (f":{'a' * 100}:", ["a" * 100]),
    ],
)
def test_emoji_are_distinguished_from_other_colons(text: str, found: list[str]):
    assert [p.target for p in tokenize(text) if p.kind == "emoji"] == found


def test_an_address_with_a_space_in_it_is_no_link():
    assert [p.kind for p in tokenize("<https://a.example/b c|d>")] == ["text"]


@given(HARMFUL_TEXT)
def test_the_tokens_cover_the_whole_text(text: str):
    assert "".join(piece.text for piece in tokenize(text)) == to_plain(text)


@given(ANY_TEXT, st.integers(1, 60))
def test_a_shortened_text_ends_in_an_ellipsis(text: str, limit: int):
    short = truncate(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith(ELLIPSIS) and text.startswith(short[:-1]))


@given(HARMFUL_TEXT, st.integers(1, 60))
def test_a_cut_text_is_the_beginning_of_the_visible_text(text: str, limit: int):
    text = sanitize(text)
    seen = to_plain(truncate_mrkdwn(text, limit))
    assert len(seen) <= limit
    assert seen == to_plain(text) or (
        seen.endswith(ELLIPSIS)
        and to_plain(text).startswith(seen.removesuffix(ELLIPSIS))
    )


@given(HARMFUL_TEXT, st.integers(1, 60))
@example("<!channel>:+1::+1:", 13)
@example(":+1:x", 5)
def test_cutting_makes_no_new_token(text: str, limit: int):
    text = sanitize(text)
    effects = [(p.kind, p.target) for p in tokenize(text) if p.kind != "text"]
    left = [
        (p.kind, p.target)
        for p in tokenize(truncate_mrkdwn(text, limit))
        if p.kind != "text"
    ]
    assert left == effects[: len(left)]


def test_a_day_is_named_as_on_the_wall_there():
    now = datetime(2026, 1, 1, 9, tzinfo=UTC)
    late = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    assert format_day(late, now, ZoneInfo("UTC")) == "31 Dec 2025"
    assert format_day(late, now, ZoneInfo("Europe/Helsinki")) == "1 Jan"


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (
            "archives/C0HELP/p1772442000000100",
            MessageLink("C0HELP", "1772442000.000100"),
        ),
        (
            "archives/C0HELP/p1772442000000100?thread_ts=1772441999.000200&cid=C0HELP",
            MessageLink("C0HELP", "1772442000.000100", "1772441999.000200"),
        ),
        (
            "archives/C0HELP/p1772442000000100?cid=C0HELP&thread_ts=1772441999.000200",
            MessageLink("C0HELP", "1772442000.000100", "1772441999.000200"),
        ),
        (
            "archives/C0HELP/p1772442000000100?utm=x",
            MessageLink("C0HELP", "1772442000.000100"),
        ),
        ("archives/C0HELP/p1772442000000100#x", None),
        ("archives/c0help/p1772442000000100", None),
        ("archives/C0HELP", None),
        ("archives/C0HELP/p", None),
        ("archives/C0HELP/p1772442000000100 and more", None),
        ("files/C0HELP/p1772442000000100", None),
        ("archives/C0HELP/p１７７２４４２０００００0100", None),
    ],
)
def test_a_permalink_is_read_back(address: str, link: MessageLink | None):
    team_url = "https://peers.slack.com/"
    assert parse_permalink(team_url, f" {team_url}{address}\n") == link
    assert parse_permalink("https://others.slack.com/", team_url + address) is None
    assert parse_permalink("", team_url + address) is None
