"""Slack's mrkdwn, safely: what people wrote, shown as written and harmless.

"Marked" text is what Slack sends in messages: `&`, `<` and `>` escaped, with tokens
such as <@U1>, <#C1|name>, <https://a.b|a.b>. We keep people's texts in this form.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

ELLIPSIS = "…"
# Of whom we know no name, or no longer.
SOMEONE = "someone"
# What stands for a forgotten person's id begins so, as no id of Slack's does.
ERASED_PREFIX = "forgotten-"

# Zero-width joiners stay, for emoji and scripts that need them; what can reorder or
# hide the text around it goes, as does what no keyboard types.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u206f"
    "\u180e\u200b\u2060-\u2064\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
# More than this many marks on one letter are no language but an attempt to paint
# over the neighbouring lines; no living script stacks more than four.
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
# A workspace names its own emoji in any script. Digits alone are a time of the day, but
# for two of Slack's own. Names are shorter; what is longer is no emoji.
_EMOJI = re.compile(
    rf"(?=:[^:]{{1,100}}:):((?:{_NAMING}*(?:[^\W\dA-Z_]|\+){_NAMING}*|-1|100|1234)"
    r"(?:::skin-tone-[2-6])?):"
)
# Of several in a row the first must not come after a letter, as in `std::vec::Vec`.
_EMOJI_ROW = re.compile(rf"(?<![\w:])(?:{_EMOJI.pattern})+")


def capitalize(text: str) -> str:
    """As a sentence begins; the other letters stay, since names have capitals too."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of text. `shown` is what a reader sees; `target` its id or URL."""

    kind: Literal["text", "code", "person", "channel", "link", "emoji", "date"]
    text: str
    target: str = ""


def sanitize(text: str) -> str:
    """Text as typed, without what could harm its surroundings; in NFC."""
    text = _LINE_END.sub("\n", text)
    text = unicodedata.normalize("NFC", _HARMFUL.sub("", text))
    return _STACKED_MARKS.sub(r"\1", text).strip()


def escape(text: str) -> str:
    """Plain text in, marked text out: nothing in it is a token any more."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def to_mrkdwn(plain: str) -> str:
    """What a person typed into a form, as marked text."""
    return escape(sanitize(plain))


def tokenize(text: str) -> Iterator[Token]:
    """Marked text in, what a reader is to see out, in order."""
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
        for found in _EMOJI.finditer(row[0]):
            yield Token("emoji", found[0], found[1])
        end = row.end()
    if end < len(text):
        yield Token("text", unescape(text[end:]))


def _parse_token(token: str) -> Token:
    target, _, label = token.partition("|")
    target, label = unescape(target), unescape(label)
    # Nobody can read an id: where no name is known, a word stands for it.
    if re.fullmatch(r"@[UW][A-Z0-9]+", target):
        return Token("person", f"@{label or SOMEONE}", target[1:])
    if re.fullmatch(r"#[CG][A-Z0-9]+", target):
        return Token("channel", f"#{label}" if label else "a channel", target[1:])
    if _ADDRESS.fullmatch(target):
        return Token("link", _link_text(target, label), target)
    if target.startswith("!"):
        # A group's mention must not fire, so it becomes the words it stands for.
        kind = target[1:].partition("^")[0]
        return Token("text", label or ("a group" if kind == "subteam" else f"@{kind}"))
    if _OTHER_LINK.match(target):
        # Slack opens a telephone, say; we show it as it was written.
        return Token("text", label or target.removeprefix("tel:"))
    return Token("text", f"<{token}>" if not label else f"<{target}|{label}>")


def _link_text(url: str, label: str) -> str:
    """A label stands alone only if it is the address itself, else both are shown."""
    bare = re.sub(r"^(https?://|mailto:)", "", url)
    if not label or label in {url, bare, bare.removesuffix("/")}:
        return label or url
    return f"{label} ({url})"


def mentioned_ids(text: str) -> tuple[set[str], set[str]]:
    """Return the ids of the people and of the channels that marked text mentions."""
    return (
        {found[1] for found in _PERSON.finditer(text)},
        {found[1] for found in _CHANNEL.finditer(text)},
    )


def label_mentions(text: str, names: Mapping[str, str]) -> str:
    """Give each mention in marked text the name of its person or channel.

    Of those that `names` lacks the name stays that Slack gave, if any.
    """

    def named(found: re.Match[str]) -> str:
        name = names.get(found[1])
        known = f"|{escape(name)}" if name else found[2] or ""
        return f"{found[0][:2]}{found[1]}{known}>"

    return _CHANNEL.sub(named, _PERSON.sub(named, text))


def to_plain(text: str) -> str:
    """Marked text in, what a reader sees out: for lists, options and forms."""
    return "".join(piece.text for piece in tokenize(text))


def one_line(text: str) -> str:
    return " ".join(text.split())


def truncate(plain_text: str, limit: int) -> str:
    """At most `limit` characters, with a mark where something was cut off."""
    if len(plain_text) <= limit:
        return plain_text
    return plain_text[: limit - len(ELLIPSIS)].rstrip() + ELLIPSIS


def english_length(plain_text: str) -> int:
    """How many letters of English would say as much; spaces in a row count once.

    A letter of Chinese says what three of English say (7 stand for 20), a syllable of
    Korean what two say, and three of Arabic, which leaves vowels out, what four say.
    Marks count where they are vowels, one behind a letter.
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


# What stands on another character, or is not seen at all.
_COMBINING = {"Mn", "Me", "Cf"}
_VOWELS = ("VOWEL SIGN", "CHARACTER SARA", "MAI HAN-AKAT")
# Letters by their category that are drawn as nothing: Hangul fillers, blank Braille.
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
# By how Unicode names its letters: how many thirds of a letter of English each is.
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
    """Marked text of which a reader sees at most `limit` characters, tokens whole."""
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
    """Whether it is no person's id any more, but what stands for one."""
    return member.startswith(ERASED_PREFIX)


def mention(member: str) -> str:
    """Notifies the person. For somebody's name in passing, use their name."""
    return SOMEONE if is_erased(member) else f"<@{member}>"


def permalink(
    team_url: str, channel: str, ts: str, thread_ts: str | None = None
) -> str:
    """Slack's address of a message, made as Slack makes it (chat.getPermalink)."""
    address = f"{team_url}archives/{channel}/p{ts.replace('.', '')}"
    if thread_ts and thread_ts != ts:
        address += f"?thread_ts={thread_ts}&cid={channel}"
    return address
