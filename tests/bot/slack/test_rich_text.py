"""Rich text has no effect beyond being read."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.asks import answer_notes, blocks, notes
from bot.asks.rules import from_form, from_message
from bot.errors import UserError
from bot.slack import rich_text
from bot.slack.text import ELLIPSIS, SOMEONE, sanitize, to_plain
from tests.contracts import load_contracts
from tests.strategies import ANY_TEXT, HARMFUL_TEXT
from tests.view_sample_data import URL, ask
from tests.view_samples import to_json

ELEMENTS = {"text", "user", "channel", "link", "emoji"}


def elements(shown: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in shown:
        if block["type"] == "rich_text":
            for section in block["elements"]:
                assert section["type"] in {
                    "rich_text_section",
                    "rich_text_preformatted",
                }
                assert section["elements"], "Slack refuses an empty section"
                yield from section["elements"]


def seen(element: dict[str, Any]) -> str:
    match element["type"]:
        case "text":
            return str(element["text"])
        case "link":
            return str(element.get("text", element["url"]))
        case "emoji":
            return f":{element['name']}:"
        case other:
            return f"({other})"


def words(
    text: str, limit: int = 3000, *, is_bold: bool = False
) -> list[dict[str, Any]]:
    return [rich_text.user_text(text, limit=limit, is_bold=is_bold).to_dict()]


def assert_harmless(drawn: tuple[str, list[Block]]) -> None:
    sent = to_json(drawn)
    # Nothing in `text` can be a token: no mention, no group, no spoofed link.
    assert "<" not in sent["text"]
    assert ">" not in sent["text"]
    assert len(sent["text"]) <= 4000, "Slack would make several messages of it"
    assert len(sent["blocks"]) <= 50
    notified = set()
    for element in elements(sent["blocks"]):
        assert element["type"] in ELEMENTS
        assert seen(element)
        if element["type"] == "user":
            notified.add(element["user_id"])
        if element["type"] == "link" and element["url"] != URL:
            bare = re.sub(r"^(https?://|mailto:)", "", element["url"])
            assert bare.removesuffix("/") in seen(element)
    assert len(notified) <= 2 * rich_text.MAX_MENTIONS
    total = sum(len(seen(element)) for element in elements(sent["blocks"]))
    assert total <= 200 + blocks.MAX_DETAILS_SHOWN + 400 + 200


def of_message(text: str) -> tuple[str, list[Block]]:
    title, details = from_message(text)
    drawn = ask(title=title, details=details, what_worked=title, state="solved")
    return blocks.message_text(drawn), blocks.message(drawn)


def of_form(text: str) -> tuple[str, list[Block]]:
    title, details = from_form(text, text)
    drawn = ask(
        title=title, details=details, topics=[text[:40]], close_reason=text[:300]
    )
    return blocks.message_text(drawn), blocks.message(drawn)


@given(HARMFUL_TEXT)
def test_no_message_that_becomes_an_ask_does_harm(text: str):
    assert_harmless(of_message(text))


@given(st.one_of(ANY_TEXT, HARMFUL_TEXT).filter(sanitize))
def test_no_text_typed_into_a_form_does_harm(text: str):
    try:
        drawn = of_form(text)
    except UserError:
        return
    assert_harmless(drawn)
    assert not [e for e in elements(to_json(drawn)["blocks"]) if e["type"] == "user"]


@pytest.mark.deep
@pytest.mark.parametrize(
    "count", [300, pytest.param(5000, marks=pytest.mark.exhaustive)]
)
def test_no_message_does_harm_in_many_examples(count: int):
    @settings(max_examples=count)
    @given(HARMFUL_TEXT)
    def check(text: str) -> None:
        assert_harmless(of_message(text))

    check()


@pytest.mark.deep
@settings(max_examples=200)
@given(HARMFUL_TEXT)
def test_slack_accepts_every_message(text: str):
    assert load_contracts().check_surface(to_json(of_message(text))) == []


@given(HARMFUL_TEXT, HARMFUL_TEXT)
@pytest.mark.deep
def test_no_note_about_an_ask_does_harm(text: str, name: str):
    title, details = from_message(text)
    who = sanitize(name) or "someone"
    for note in (
        notes.ask_answered(title, URL, who),
        notes.ask_captured(7, title, URL, "100"),
        notes.ask_converted(title, URL, who, "100", is_first=True),
        notes.ask_closed(7, title, URL, who, title, state="closed"),
        notes.ask_not_posted(title, details, who, "is_archived"),
        notes.ask_solved(
            7, title, URL, by=who, candidates=[(1, who)], has_what_worked=False
        ),
        notes.solved_for_joiner(title, URL, (who, URL)),
        notes.solution_suggestion(7, [(1, who, False)]),
        answer_notes.answer_helped(title, URL, who, [who, who]),
        answer_notes.answer_solved(title, URL, who, [who]),
    ):
        assert_harmless(note)
        drawn = elements(to_json(note)["blocks"])
        assert not [e for e in drawn if e["type"] == "user" and e["user_id"] == who]


@pytest.mark.parametrize(
    "text",
    [
        "word " * 8000,
        "w" * 40_000,
        "<@U1> <@U2> <@U3> <@U4> <@U5> <@U6> " * 1000,
        "<https://evil.example|https://bank.example> " * 1000,
        ":+1: " * 8000,
        "```\ncode\n```\n" * 3000,
        "`" * 40_000,
        "👩\u200d🚀" * 10_000,
        "\u0335" * 40_000 + "x",
        "<!channel> " * 4000,
        "\u202e" * 40_000 + "x",
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_forty_thousand_characters_are_one_message(text: str):
    assert_harmless(of_message(text))


# Fidelity


@given(ANY_TEXT.filter(sanitize))
def test_a_text_is_shown_as_it_was_written(text: str):
    text = sanitize(text).replace("`", "'").replace("<", "(")
    shown = "".join(seen(e) for e in elements(words(text, limit=10_000)))
    assert shown == to_plain(text)


@given(HARMFUL_TEXT.filter(sanitize), st.integers(1, 40))
def test_a_too_long_text_ends_in_an_ellipsis(text: str, limit: int):
    text = sanitize(text).replace("`", "'").replace("<@", "(@").replace("<#", "(#")
    text = text.replace("::skin-tone-3", "")
    shown = "".join(seen(e) for e in elements(words(text, limit=limit)))
    assert len(shown) <= limit
    assert shown == to_plain(text) or (
        shown.endswith(ELLIPSIS)
        and to_plain(text).startswith(shown.removesuffix(ELLIPSIS))
    )


def section(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(parts)}


def text(words: str, **style: bool) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "text", "text": words}
    return {**part, "style": style} if style else part


def box(code: str) -> dict[str, Any]:
    return {"type": "rich_text_preformatted", "elements": [text(code)]}


@pytest.mark.parametrize(
    ("marked", "sections"),
    [
        ("*not* _styled_ ~here~", [section(text("*not* _styled_ ~here~"))]),
        (
            "see <#C0HELP|help>, <@U0BEN>",
            [
                section(
                    text("see "),
                    {"type": "channel", "channel_id": "C0HELP"},
                    text(", "),
                    {"type": "user", "user_id": "U0BEN"},
                )
            ],
        ),
        (
            ":wave::skin-tone-3: :bulb:",
            [
                section(
                    {"type": "emoji", "name": "wave"},
                    text(" "),
                    {"type": "emoji", "name": "bulb"},
                )
            ],
        ),
        (
            "before\n```\na &lt; b\n```\nafter",
            [section(text("before\n")), box("a < b"), section(text("after"))],
        ),
        ("```<https://a.example> :+1:```", [box("https://a.example :+1:")]),
        ("```open", [section(text("```open"))]),
        ("```\n\n```", [section(text("```\n\n```"))]),
        ("one ` two", [section(text("one ` two"))]),
        ("<!channel> <!here>", [section(text("@channel @here"))]),
    ],
)
def test_mrkdwn_becomes_elements(marked: str, sections: list[dict[str, Any]]):
    assert words(marked) == [{"type": "rich_text", "elements": sections}]


def test_a_title_is_bold():
    [block] = words("A title", is_bold=True)
    assert block["elements"] == [section(text("A title", bold=True))]


def test_a_link_shows_its_target():
    [block] = words("<https://evil.example|https://bank.example>")
    assert block["elements"] == [
        section(
            {
                "type": "link",
                "url": "https://evil.example",
                "text": "https://bank.example (https://evil.example)",
            }
        )
    ]


def test_a_link_that_does_not_fit_is_left_out_whole():
    [block] = words("see <https://a.example/long/address>", limit=12)
    assert block["elements"] == [section(text("see "), text("…"))]


def test_code_that_does_not_fit_is_cut_in_its_box():
    [block] = words("```\n0123456789\n```", limit=5)
    assert block["elements"] == [box("0123…")]


def test_after_five_people_the_others_are_named_and_not_notified():
    [block] = words(" ".join(f"<@U{n}|p{n}>" for n in range(7)))
    elements = [e for e in block["elements"][0]["elements"] if seen(e) != " "]
    assert [e["type"] for e in elements] == ["user"] * 5 + ["text"]
    assert elements[-1]["text"] == " @p5 @p6"


@pytest.mark.parametrize("between", [" ", ""])
def test_many_emoji_do_not_make_a_message_that_slack_rejects(between: str):
    wall = between.join(":tada:" for _ in range(900))
    blocks = words(wall)
    assert len(json.dumps(blocks)) < 10_000
    assert "".join(map(seen, blocks[0]["elements"][0]["elements"])).startswith(
        f":tada:{between}:tada:"
    )


# Times, and the start of a sentence


def test_a_time_is_shown_in_the_readers_zone_with_its_own_zone_in_the_text():
    at = datetime(2026, 12, 4, 7, 0, tzinfo=UTC)
    helsinki = rich_text.date_token(at, ZoneInfo("Europe/Helsinki"))
    said = ("Open until ", helsinki, ".")
    assert (
        rich_text.fallback_text(*said) == "Open until Friday 4 December at 09:00 EET."
    )
    element = rich_text.inline(*said).to_dict()["elements"][0]["elements"][1]
    assert element == {
        "type": "date",
        "timestamp": 1796367600,
        "format": "{date_long_pretty} at {time}",
        "fallback": "Friday 4 December at 09:00 EET",
    }
    [small] = rich_text.context_line("In #a&b until ", helsinki).to_dict()["elements"]
    assert small["text"] == (
        "In #a&amp;b until <!date^1796367600^{date_long_pretty} at {time}"
        "|Friday 4 December at 09:00 EET>"
    )


def test_a_zone_without_a_name_of_its_own_is_shown_by_its_offset():
    at = datetime(2026, 12, 4, 7, 0, tzinfo=UTC)
    said = rich_text.fallback_text(
        rich_text.date_token(at, ZoneInfo("America/Sao_Paulo"))
    )
    assert said == "Friday 4 December at 04:00 UTC-03"


def test_a_sentence_starts_with_a_capital_even_without_a_known_name():
    assert rich_text.fallback_text(SOMEONE, " thanked Ben.") == "Someone thanked Ben."
    assert (
        rich_text.fallback_text("ana's answer, by ", SOMEONE)
        == "ana's answer, by someone"
    )
    [first, _] = rich_text.inline(SOMEONE, rich_text.link(URL, "asked")).to_dict()[
        "elements"
    ][0]["elements"]
    assert first["text"] == "Someone"
