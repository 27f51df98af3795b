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
    """The lines of emoji.txt: each an emoji's code points, and its names in Slack."""
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


# Slack's standard emoji.
_CHARACTERS, _NAMES = _load_table()
_LONGEST_CHARACTER = max(map(len, _NAMES))


@cache
def canonical(name: str) -> str:
    """Return one name for all skin tones and aliases: `thumbsup::skin-tone-3` is `👍`.

    A workspace's own emoji keeps its name.
    """
    base = _SKIN_TONE.sub("", name)
    return _CHARACTERS.get(base, base).replace(_VARIATION, "")


def custom_names(names: Iterable[str]) -> list[str]:
    """Return the names that are not Slack's: a workspace may have added them."""
    return [name for name in names if name not in _CHARACTERS]


def is_among(name: str, names: Sequence[str]) -> bool:
    return canonical(name) in _canonical_set(tuple(names))


# There are a few per channel, and each reaction needs them.
@lru_cache(maxsize=1024)
def _canonical_set(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(canonical, names))


def overlap(some: Sequence[str], others: Sequence[str]) -> bool:
    """Return True if an emoji is in both."""
    return any(is_among(name, others) for name in some)


_COLON_NAME = re.compile(r":([^\s:]{1,100})(?:::skin-tone-[2-6])?:")


def render(names: Sequence[str]) -> str:
    """Return the emoji as characters; a workspace's own as `:name:`.

    `parse` reads it back.
    """
    return " ".join(_CHARACTERS.get(name, f":{name}:") for name in names)


def join_with_or(names: Sequence[str]) -> str:
    """Return a list in mrkdwn, which Slack renders: ":+1:, :heart: or :bulb:"."""
    *others, last = (f":{name}:" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


def parse(text: str) -> tuple[list[str], list[str]]:
    """Parse typed emoji, as ":+1: 👏 heart"; return names, and words that are no emoji.

    A name that is not Slack's needs colons: a workspace may use any name in any script,
    but `nonsense` alone is a word.
    """
    good, bad = [], []
    for word in unicodedata.normalize("NFC", text).replace(",", " ").split():
        names = list(_parse_word(word))
        if None in names:
            bad.append(word)
        else:
            good += [name for name in names if name is not None]
    return list(dict.fromkeys(good)), bad


def _parse_word(word: str) -> Iterator[str | None]:
    """Yield the emoji in a word; None for anything else in it."""
    # Ⓜ is an emoji, but its lower-case letter is not.
    bare = _SKIN_TONE.sub("", word.lower())
    if bare in _CHARACTERS:
        yield bare
        return
    shown = _TONES.sub("", word).replace(_VARIATION, "") or word
    while shown:
        named = _COLON_NAME.match(shown)
        if named and is_valid_name(named[1]):
            yield named[1].lower()
            shown = shown[named.end() :]
            continue
        for length in range(_LONGEST_CHARACTER, 0, -1):
            if name := _NAMES.get(shown[:length]):
                yield name
                shown = shown[length:]
                break
        else:
            yield None
            return


def is_valid_name(name: str) -> bool:
    """Return True if Slack would accept the name: letters of any script."""
    return all(
        character in "_'+-" or unicodedata.category(character)[0] in "LMN"
        for character in name
    )
