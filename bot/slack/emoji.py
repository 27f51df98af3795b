"""Emoji names: aliases, skin tones, and parsing of typed emoji."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_SKIN_TONE = re.compile(r"::skin-tone-[2-6]$")
_VARIATION = "\ufe0f"


def table_lines() -> list[str]:
    """Return the lines of emoji.txt: an emoji's code points, and its names in Slack."""
    text = Path(__file__).with_name("emoji.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def _load_table() -> tuple[dict[str, str], dict[str, str]]:
    """Return the characters by name, and Slack's first name by character."""
    by_name: dict[str, str] = {}
    by_character: dict[str, str] = {}
    for line in table_lines():
        points, *names = line.split(" ")
        characters = [
            "".join(chr(int(point, 16)) for point in form.split("-"))
            for form in points.split(",")
        ]
        by_name |= dict.fromkeys(names, characters[0])
        for character in characters:
            by_character[character.replace(_VARIATION, "")] = names[0]
    return by_name, by_character


# Slack's standard emoji: characters by name, and names by character.
_CHARACTERS, _NAMES = _load_table()
_MAX_CHARACTER_LENGTH = max(map(len, _NAMES))


@cache
def canonical(name: str) -> str:
    """Return the same value for all aliases and skin tones of an emoji.

    For Slack's emoji it is the character: `👍` for `thumbsup::skin-tone-3`. For a
    workspace's own emoji it is the name.
    """
    base = _SKIN_TONE.sub("", name)
    return _CHARACTERS.get(base, base).replace(_VARIATION, "")


def custom_names(names: Iterable[str]) -> list[str]:
    """Return the names that are not Slack's; a workspace may have added them."""
    return [name for name in names if name not in _CHARACTERS]


def is_among(name: str, names: Sequence[str]) -> bool:
    """Return True if an emoji is among others, under any of its names."""
    return canonical(name) in _canonical_set(tuple(names))


# A channel has few such sets, and each reaction needs them.
@lru_cache(maxsize=1024)
def _canonical_set(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(canonical, names))


def overlap(some: Sequence[str], others: Sequence[str]) -> bool:
    """Return True if an emoji is in both lists, under any of its names."""
    return any(is_among(name, others) for name in some)


_COLON_NAME = re.compile(r":([^\s:]{1,100})(?:::skin-tone-[2-6])?:")


def render(names: Sequence[str]) -> str:
    """Return the emoji as characters; a workspace's own as `:name:`.

    `parse` reads it back.
    """
    return " ".join(_CHARACTERS.get(name, f":{name}:") for name in names)


def join_with_or(names: Sequence[str]) -> str:
    """Join emoji as mrkdwn: ":+1:, :heart: or :bulb:"."""
    *others, last = (f":{name}:" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


def parse(text: str) -> tuple[list[str], list[str]]:
    """Parse typed emoji such as ":+1: 👏 heart"; return names, and words without emoji.

    Names of Slack's own emoji need no colons. Other names do: a workspace may use any
    name in any script, and a name without colons is an ordinary word.
    """
    emoji_names, other_words = [], []
    for word in unicodedata.normalize("NFC", text).replace(",", " ").split():
        names = list(_parse_word(word))
        if None in names:
            other_words.append(word)
        else:
            emoji_names += [name for name in names if name is not None]
    return list(dict.fromkeys(emoji_names)), other_words


def _parse_word(word: str) -> Iterator[str | None]:
    """Yield the names of the emoji in a word; None for anything else in it."""
    bare_name = _SKIN_TONE.sub("", word.lower())
    if bare_name in _CHARACTERS:
        yield bare_name
        return
    # Not in lower case: Ⓜ is an emoji, but its lower-case letter is not.
    rest = _TONES.sub("", word).replace(_VARIATION, "") or word
    while rest:
        match = _COLON_NAME.match(rest)
        if match and is_valid_name(match[1]):
            yield match[1].lower()
            rest = rest[match.end() :]
            continue
        for length in range(_MAX_CHARACTER_LENGTH, 0, -1):
            if name := _NAMES.get(rest[:length]):
                yield name
                rest = rest[length:]
                break
        else:
            yield None
            return


def is_valid_name(name: str) -> bool:
    """Return True if Slack accepts the name: letters of any script, digits, _'+-."""
    return all(
        character in "_'+-" or unicodedata.category(character)[0] in "LMN"
        for character in name
    )
