"""Slack's mrkdwn, made safe: people's text appears as written, without side effects.

mrkdwn here is text as Slack sends it in messages: `&`, `<` and `>` escaped, with tokens
such as <@U1>, <#C1|name>, <https://a.b|a.b>. People's texts are stored in it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

ELLIPSIS = "…"
# For people without a known name.
SOMEONE = "someone"
# The prefix of an erased member's replacement id; no Slack id has it.
ERASED_PREFIX = "forgotten-"

# Zero-width joiners stay, for emoji and scripts that need them. Characters that can
# reorder or hide the text around them go, as do those that no keyboard types.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u206f"
    "\u180e\u200b\u2060-\u2064\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
# More than four marks on one letter paint over the neighbouring lines; no living script
# stacks more.
_STACKED_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{4})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+"
)
_TOKEN = re.compile(r"<([^<>\n]+)>")
_OTHER_LINK = re.compile(r"(?i)(?!(?:javascript|vbscript|data):)[a-z][a-z0-9+.-]*:\S")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(\|[^<>\n]*)?>")
_CHANNEL = re.compile(r"<#([CG][A-Z0-9]+)(\|[^<>\n]*)?>")
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+")
# In the scripts of India and others a word is letters and marks; `\w` has no marks.
_MARKS = "".join(
    mark
    for mark in map(chr, range(0x300, 0xAC00))
    if unicodedata.category(mark)[0] == "M"
)
_NAMING = rf"(?:[^\WA-Z]|['+{_MARKS}-])"
# A workspace names its own emoji in any script. Digits alone are a time of the day,
# except for two of Slack's own. Longer names do not exist.
_EMOJI = re.compile(
    rf"(?=:[^:]{{1,100}}:):((?:{_NAMING}*(?:[^\W\dA-Z_]|\+){_NAMING}*|-1|100|1234)"
    r"(?:::skin-tone-[2-6])?):"
)
# The first emoji in a row must not come after a letter, as in `std::vec::Vec`.
_EMOJI_ROW = re.compile(rf"(?<![\w:])(?:{_EMOJI.pattern})+")


def capitalize(text: str) -> str:
    """Capitalize the first letter only, since names have capitals, too."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text. `text` is the visible part; `target` its id or URL."""

    kind: Literal["text", "code", "person", "channel", "link", "emoji", "date"]
    text: str
    target: str = ""


def sanitize(text: str) -> str:
    """Return text without characters that could harm its surroundings; in NFC."""
    text = _LINE_END.sub("\n", text)
    text = unicodedata.normalize("NFC", _HARMFUL.sub("", text))
    return _STACKED_MARKS.sub(r"\1", text).strip()


def escape(text: str) -> str:
    """Convert plain text to mrkdwn without any token."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def to_mrkdwn(plain: str) -> str:
    """Convert text typed into a form to mrkdwn."""
    return escape(sanitize(plain))


def tokenize(text: str) -> Iterator[Token]:
    """Split mrkdwn into visible tokens, in order."""
    end = 0
    for token in _TOKEN.finditer(text):
        yield from _tokenize_plain(text[end : token.start()])
        yield _parse_token(token[1])
        end = token.end()
    yield from _tokenize_plain(text[end:])


def _tokenize_plain(text: str) -> Iterator[Token]:
    end = 0
    for row in _EMOJI_ROW.finditer(text):
        if row.start() > end:
            yield Token("text", unescape(text[end : row.start()]))
        for match in _EMOJI.finditer(row[0]):
            yield Token("emoji", match[0], match[1])
        end = row.end()
    if end < len(text):
        yield Token("text", unescape(text[end:]))


def _parse_token(token: str) -> Token:
    target, _, label = token.partition("|")
    target, label = unescape(target), unescape(label)
    # Ids are unreadable: without a name, a word stands for it.
    if re.fullmatch(r"@[UW][A-Z0-9]+", target):
        return Token("person", f"@{label or SOMEONE}", target[1:])
    if re.fullmatch(r"#[CG][A-Z0-9]+", target):
        return Token("channel", f"#{label}" if label else "a channel", target[1:])
    if _ADDRESS.fullmatch(target):
        return Token("link", _link_text(target, label), target)
    if target.startswith("!"):
        # A group's mention must not notify, so it becomes plain text.
        kind = target[1:].partition("^")[0]
        return Token("text", label or ("a group" if kind == "subteam" else f"@{kind}"))
    if _OTHER_LINK.match(target):
        # Slack opens such links (a telephone's, for example); here they are plain text.
        return Token("text", label or target.removeprefix("tel:"))
    return Token("text", f"<{token}>" if not label else f"<{target}|{label}>")


def _link_text(url: str, label: str) -> str:
    """Return the label if it is the address itself, else both."""
    bare = re.sub(r"^(https?://|mailto:)", "", url)
    if not label or label in {url, bare, bare.removesuffix("/")}:
        return label or url
    return f"{label} ({url})"


def mentioned_ids(text: str) -> tuple[set[str], set[str]]:
    """Return the ids of the people and of the channels mentioned in mrkdwn."""
    return (
        {match[1] for match in _PERSON.finditer(text)},
        {match[1] for match in _CHANNEL.finditer(text)},
    )


def label_mentions(text: str, names: Mapping[str, str]) -> str:
    """Label each mention in mrkdwn with the name of its person or channel.

    A mention without an entry in `names` keeps Slack's label, if any.
    """

    def named(match: re.Match[str]) -> str:
        name = names.get(match[1])
        known = f"|{escape(name)}" if name else match[2] or ""
        return f"{match[0][:2]}{match[1]}{known}>"

    return _CHANNEL.sub(named, _PERSON.sub(named, text))


def to_plain(text: str) -> str:
    """Return the visible text of mrkdwn, for lists, options and forms."""
    return "".join(piece.text for piece in tokenize(text))


def one_line(text: str) -> str:
    return " ".join(text.split())


def truncate(plain_text: str, limit: int) -> str:
    """Return at most `limit` characters, with an ellipsis if any are cut off."""
    if len(plain_text) <= limit:
        return plain_text
    return plain_text[: limit - len(ELLIPSIS)].rstrip() + ELLIPSIS


def english_length(plain_text: str) -> int:
    """Return the number of English letters that would say as much.

    A letter of Chinese says as much as three of English (7 stand for 20), a syllable of
    Korean as much as two, and three of Arabic, which leaves vowels out, as much as
    four. Marks count if they are vowels, one after each letter. Spaces in a row count
    once.
    """
    thirds, is_letter = 0, False
    for character in one_line(plain_text):
        if character.isascii():
            thirds, is_letter = thirds + 3, character.isalpha()
            continue
        kind = unicodedata.category(character)
        name = unicodedata.name(character, "")
        if kind in _COMBINING:
            is_vowel = kind == "Mn" and any(word in name for word in _VOWELS)
            thirds += 3 if is_vowel and is_letter else 0
            is_letter = False
            continue
        is_letter = kind.startswith("L")
        if character not in _BLANK_LETTERS:
            dense = (
                n for script, n in _ENGLISH_THIRDS.items() if name.startswith(script)
            )
            thirds += next(dense, 3)
    return thirds // 3


# Combining or invisible characters.
_COMBINING = {"Mn", "Me", "Cf"}
_VOWELS = ("VOWEL SIGN", "CHARACTER SARA", "MAI HAN-AKAT")
# Letters by category that are blank: Hangul fillers, blank Braille.
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
# Thirds of an English letter per letter, by the prefix of its Unicode name.
_ENGLISH_THIRDS = {
    "CJK ": 9,
    "HIRAGANA LETTER": 9,
    "KATAKANA LETTER": 9,
    "KATAKANA-HIRAGANA PROLONGED": 9,
    "IDEOGRAPHIC ITERATION MARK": 9,
    "HANGUL SYLLABLE": 6,
    "ETHIOPIC SYLLABLE": 6,
    "ARABIC LETTER": 4,
    "HEBREW LETTER": 4,
}


def truncate_mrkdwn(text: str, limit: int) -> str:
    """Truncate mrkdwn to `limit` visible characters; tokens stay whole."""
    if len(to_plain(text)) <= limit:
        return text
    kept, room = [], limit - len(ELLIPSIS)
    for piece, source in _with_source(text):
        if len(piece.text) > room:
            kept.append(
                escape(piece.text[:room].rstrip()) if piece.kind == "text" else ""
            )
            break
        kept.append(source)
        room -= len(piece.text)
    return "".join(kept).rstrip() + ELLIPSIS


def _with_source(text: str) -> Iterator[tuple[Token, str]]:
    end = 0
    for token in _TOKEN.finditer(text):
        for piece in _tokenize_plain(text[end : token.start()]):
            yield piece, escape(piece.text)
        yield _parse_token(token[1]), token[0]
        end = token.end()
    for piece in _tokenize_plain(text[end:]):
        yield piece, escape(piece.text)


def is_erased(member: str) -> bool:
    """Return True if the id stands for an erased member."""
    return member.startswith(ERASED_PREFIX)


def mention(member: str) -> str:
    """Return a mention, which notifies.

    Use the name to refer to somebody in passing.
    """
    return SOMEONE if is_erased(member) else f"<@{member}>"


def permalink(
    team_url: str, channel: str, ts: str, thread_ts: str | None = None
) -> str:
    """Return a message's permalink, as Slack builds it (chat.getPermalink)."""
    address = f"{team_url}archives/{channel}/p{ts.replace('.', '')}"
    if thread_ts and thread_ts != ts:
        address += f"?thread_ts={thread_ts}&cid={channel}"
    return address
