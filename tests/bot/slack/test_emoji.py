"""Slack's names of emoji: the table, and parsing and rendering with it."""

import json
from pathlib import Path

import pytest

from bot.slack import emoji

SANDBOX = Path(__file__).parents[3] / "sandbox" / "static"
ROWS = [line.split(" ") for line in emoji.table_lines()]


def character(points: str) -> str:
    return "".join(chr(int(point, 16)) for point in points.split("-"))


def test_each_character_has_the_name_that_slack_sends():
    for points, name, *_ in ROWS:
        for form in points.split(","):
            assert emoji.parse(character(form)) == ([name], [])
            # The character as keyboards and editors write it.
            bare = character(form).replace("\ufe0f", "")
            assert emoji.parse(bare) == ([name], [])


def test_each_name_is_the_same_emoji_as_its_aliases():
    for points, *names in ROWS:
        drawn = emoji.render(names)
        assert set(drawn.split(" ")) == {character(points.split(",")[0])}
        assert emoji.parse(drawn) == ([names[0]], [])
        assert len({emoji.canonical(name) for name in names}) == 1
        assert emoji.custom_names(names) == []


def test_no_name_belongs_to_two_emoji():
    names = [name for _, *names in ROWS for name in names]
    assert len(names) == len(set(names)) > 1900


def test_the_pretend_slack_has_the_same_names():
    """The sandbox's names come from another list."""
    names = json.loads((SANDBOX / "emoji.json").read_text(encoding="utf-8"))
    assert sorted(names) == sorted(name for _, *names in ROWS for name in names)
    page = (SANDBOX / "page.js").read_text(encoding="utf-8")
    assert page.count('"first_place_medal"') == page.count('"face_palm"') == 1


@pytest.mark.parametrize(
    ("typed", "names", "bad"),
    [
        (":+1: 👏 heart, +1", ["+1", "clap", "heart"], []),
        (":thumbsup::skin-tone-2::HEART:", ["thumbsup", "heart"], []),
        ("👍🏽👏🏿❤", ["+1", "clap", "heart"], []),
        (":party-parrot::助かった:", ["party-parrot", "助かった"], []),
        ("party-parrot", [], ["party-parrot"]),
        (":heart", [], [":heart"]),
        ("heart:", [], ["heart:"]),
        (":he.art: :<!channel>: :a b:", [], [":he.art:", ":<!channel>:", ":a", "b:"]),
        (f":{'x' * 101}:", [], [f":{'x' * 101}:"]),
        (":: :::", [], ["::", ":::"]),
    ],
)
def test_typed_emoji(typed: str, names: list[str], bad: list[str]):
    assert emoji.parse(typed) == (names, bad)
