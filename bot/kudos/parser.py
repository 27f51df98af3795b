"""Parse the text of /kudos: people, reason and tags. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.slack.text import one_line, sanitize, to_plain, truncate_mrkdwn

MAX_REASON_LENGTH = 2000
MAX_TAG_LENGTH = 30

_PERSON = re.compile(r"@([UW][A-Z0-9]+)(?:\|[^<>]*)?")
_GROUP = re.compile(r"!(?:subteam\^[A-Z0-9]+|channel|here|everyone)\b.*")
_CHANNEL = re.compile(r"#[A-Z0-9]+\|([^<>]+)")
_TOKEN = re.compile(r"<([^<>\n]+)>")
# Letters, digits and combining marks, which are vowels in some scripts.
_WORD = r"\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u109f\u1780-\u17ff-"
_TAG = re.compile(rf"(?<![\w/&;#])#([{_WORD}]+)")
# Mentions in code and in quoted lines are not recipients.
_CODE_OR_QUOTE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|^(?:&gt;|>)[^\n]*", re.DOTALL | re.MULTILINE
)
_QUOTATION_MARKS = "\"'“”„‟‘’‚«»‹›「」『』"
_TAG_WORD = rf"(?=[{_WORD}]*[^\W\d_])[{_WORD}]{{1,{MAX_TAG_LENGTH}}}"
# A mention that is part of a word, as in "<@U1>'s" or "<@U1>-san", belongs to the
# reason.
_NAME = (
    r"<(?:@[UW][A-Z0-9]+|!(?:subteam\^[A-Z0-9]+|channel|here|everyone))[^<>\n]*>"
    r"(?!(?:['’]|-(?!for\b))?\w)"
)
# The names before a reason: "to @ana, @ben and @chi for …".
_LEADING_NAME = re.compile(
    r"\s*(?:(?:(?:to|and)\b|&amp;|\+|[,:;–—-]+)\s*)?"
    rf"(?:{_NAME}|#{_TAG_WORD}(?![{_WORD}]|[-'’/.&]\w))",
    re.IGNORECASE,
)
# Separators between the names and the reason, in various scripts. A character that
# begins an emoji, a smiley or a word such as "--fix" is no separator, nor is a dash at
# the start of a line, which begins a list.
_SEPARATOR = re.compile(
    r"[^\S\n]*(?:"
    r"(?:[-=]*(?:&gt;)+|\++|[,;:.!|/~·•→⇒‐‑–—―−…－〜～-])+"
    rf"(?=\s|\Z|<[@!#]|[{_QUOTATION_MARKS}]|for\b)"
    r"|[,–—―…，、：；。！،؛]+)",
    re.IGNORECASE,
)
_FOR = re.compile(
    rf"\s*for(?=\s|\Z|<[@!#]|[{_QUOTATION_MARKS}:,–—―…-](?!\w))", re.IGNORECASE
)
_QUOTED_TEXT = re.compile(
    r"\s*(?:\"([^\"]+)\"|[“„‟]([^“”„‟]+)[“”]|'([^']+)'|[‘‚]([^‘’‚]+)[‘’]"
    r"|«([^«»]+)»|»([^«»]+)«|‹([^‹›]+)›|「([^「」]+)」|『([^『』]+)』)"
)
# Matched against the reversed text. A search from the front would take quadratic time
# for a text with many spaces or tags.
_TRAILING_TAGS = re.compile(rf"\s*(?:{_TAG_WORD}#(?:\s+|\Z))+")


@dataclass(frozen=True, slots=True)
class ParsedKudos:
    """The parts of the text. `people` are distinct ids in order; `reason` is mrkdwn."""

    people: tuple[str, ...]
    # True if the text mentions a user group, @channel, @here or @everyone.
    has_group: bool
    reason: str
    tags: tuple[str, ...]


def parse(text: str) -> ParsedKudos:
    """Parse the text of a command, which Slack sends as mrkdwn."""
    text = sanitize(text)
    own_text = _CODE_OR_QUOTE.sub(" ", text)
    tokens = _TOKEN.findall(own_text)
    people = [match[1] for token in tokens if (match := _PERSON.fullmatch(token))]
    return ParsedKudos(
        people=tuple(dict.fromkeys(people)),
        has_group=any(_GROUP.fullmatch(token) for token in tokens),
        reason=truncate_mrkdwn(_reason(text), MAX_REASON_LENGTH),
        tags=normalize_tags(_find_tags(own_text)),
    )


def _reason(text: str) -> str:
    """Strip names and tags before the reason, the word "for", and trailing tags.

    Quotation marks around the whole reason are stripped, too.
    """
    text = text[_reason_start(text) :]
    trailing_tags = _TRAILING_TAGS.match(text[::-1])
    if trailing_tags:
        text = text[: len(text) - trailing_tags.end()]
    quotation = _QUOTED_TEXT.match(text)
    if quotation and not text[_skip_names(text, quotation.end()) :].strip():
        text = quotation[quotation.lastindex or 0]
        text = text[_reason_start(text) :]
    return text.strip()


def _reason_start(text: str) -> int:
    """Return the index of the reason's first character."""
    end = _skip_names(text, 0)
    if for_ := _FOR.match(text, end):
        end = _skip(_SEPARATOR, text, for_.end())
    return end


def _skip_names(text: str, start: int) -> int:
    """Return the end of the names, tags and separators that begin at `start`."""
    while name := _LEADING_NAME.match(text, start):
        start = _skip(_SEPARATOR, text, name.end())
    return start


def _skip(pattern: re.Pattern[str], text: str, start: int) -> int:
    while match := pattern.match(text, start):
        start = match.end()
    return start


def _find_tags(text: str) -> Iterator[str]:
    # Slack turns a tag that is also a channel's name into a mention of the channel.
    yield from (
        match[1]
        for token in _TOKEN.findall(text)
        if (match := _CHANNEL.fullmatch(token))
    )
    yield from _TAG.findall(_TOKEN.sub(" ", text))


def normalize_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Return distinct tags in canonical spelling; drop words that are no tags."""
    tags = (
        one_line(sanitize(word)).lstrip("#").casefold().strip("-_") for word in words
    )
    return tuple(dict.fromkeys(tag for tag in tags if _is_tag(tag)))


def parse_tags(text: str) -> tuple[str, ...]:
    """Return a form field's tags, with or without #, split by spaces or commas."""
    return normalize_tags(re.split(r"[\s,;]+", to_plain(text)))


def _is_tag(word: str) -> bool:
    return (
        0 < len(word) <= MAX_TAG_LENGTH
        and re.fullmatch(rf"[{_WORD}]+", word) is not None
        and any(letter.isalpha() for letter in word)
    )
