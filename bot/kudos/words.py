"""What people type behind /kudos: whom, what for, under which tags."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.text import clean, cut, one_line, plain

LONGEST_REASON = 2000
LONGEST_TAG = 30

_PERSON = re.compile(r"@([UW][A-Z0-9]+)(?:\|[^<>]*)?")
_GROUP = re.compile(r"!(?:subteam\^[A-Z0-9]+|channel|here|everyone)\b.*")
_CHANNEL = re.compile(r"#[A-Z0-9]+\|([^<>]+)")
_TOKEN = re.compile(r"<([^<>\n]+)>")
_TAG = re.compile(r"(?<![\w/&;#])#([\w-]+)")
# What does not speak for its author names nobody: code, and lines that are quoted.
_ASIDE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|^(?:&gt;|>)[^\n]*", re.DOTALL | re.MULTILINE
)
_WHO = r"<(?:@[UW][A-Z0-9]+|!(?:subteam\^[A-Z0-9]+|channel|here|everyone))[^<>\n]*>"
# "to @ana, @ben and @chi for …": none of it is part of the reason.
_BEFORE = re.compile(
    rf"^\s*(?:(?:to|and)\b|&amp;|[,+:;])?\s*(?:{_WHO}|#[\w-]+)\s*[,;:]?", re.IGNORECASE
)
_FOR = re.compile(r"^\s*for\b[:,]?\s*", re.IGNORECASE)
# Read from the end, where they stand: sought from the beginning, each of many spaces
# or tags would be the start of a search to the end.
_TAGS_BEHIND = re.compile(r"\s*(?:[\w-]+#(?:\s+|\Z))+")


@dataclass(frozen=True, slots=True)
class Said:
    """`people` are ids, each once, in order; `reason` is marked text."""

    people: tuple[str, ...]
    # Whether a user group, @channel or the like was named.
    has_group: bool
    reason: str
    tags: tuple[str, ...]


def parse(text: str) -> Said:
    """Marked text in, as Slack escapes what is typed behind a command."""
    text = clean(text)
    spoken = _ASIDE.sub(" ", text)
    tokens = _TOKEN.findall(spoken)
    people = [found[1] for token in tokens if (found := _PERSON.fullmatch(token))]
    return Said(
        people=tuple(dict.fromkeys(people)),
        has_group=any(_GROUP.fullmatch(token) for token in tokens),
        reason=cut(_reason(text), LONGEST_REASON),
        tags=tags(_tags(spoken)),
    )


def _reason(text: str) -> str:
    """Without the people and tags before it, the word "for", and the tags behind."""
    while found := _BEFORE.match(text) or _FOR.match(text):
        text = text[found.end() :]
        if found.re is _FOR:
            break
    behind = _TAGS_BEHIND.match(text[::-1])
    return text[: len(text) - behind.end()].strip() if behind else text.strip()


def _tags(spoken: str) -> Iterator[str]:
    # Slack makes a link of a tag that is a channel's name, too.
    yield from (
        found[1]
        for token in _TOKEN.findall(spoken)
        if (found := _CHANNEL.fullmatch(token))
    )
    yield from _TAG.findall(_TOKEN.sub(" ", spoken))


def tags(typed: Iterable[str]) -> tuple[str, ...]:
    """Tags in their one spelling, each once; what is no tag (a number) is left out."""
    spelt = (one_line(clean(word)).lstrip("#").casefold().strip("-_") for word in typed)
    return tuple(dict.fromkeys(word for word in spelt if _is_tag(word)))


def tags_typed(field: str) -> tuple[str, ...]:
    """The tags in a form's field, with or without #, with spaces or commas between."""
    return tags(re.split(r"[\s,;]+", plain(field)))


def _is_tag(word: str) -> bool:
    return (
        0 < len(word) <= LONGEST_TAG
        and re.fullmatch(r"[\w-]+", word) is not None
        and any(letter.isalpha() for letter in word)
    )
