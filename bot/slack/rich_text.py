"""Rich text blocks: Slack parses nothing in them, so people's text stays text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    ContextBlock,
    MarkdownTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextPreformattedElement,
    RichTextSectionElement,
)
from slack_sdk.models.blocks.block_elements import RichTextElement

from bot import timezones
from bot.slack.text import (
    ELLIPSIS,
    SOMEONE,
    Token,
    capitalize,
    escape,
    is_erased,
    to_plain,
    tokenize,
)

_Parts = RichTextElementParts

# Further people are named without a notification: an ask is not a megaphone.
MAX_MENTIONS = 5
# Each emoji, link or code block is an element of its own, many times as long as its
# text; Slack refuses messages whose blocks are too long. The rest becomes text.
MAX_ELEMENTS = 60

# "today at 9:00", "Friday, December 4th at 9:00": Slack's format, in the reader's zone.
_DATE = "{date_long_pretty} at {time}"

Part = str | Token


def user_mention(member: str) -> Token:
    """Return a mention, which notifies."""
    if is_erased(member):
        return Token("text", SOMEONE)
    return Token("person", f"@{member}", member)


def channel_mention(channel: str, name: str) -> Token:
    """Return a channel by its Slack id:

    Slack shows its name to those who may see it.
    """
    return Token("channel", f"#{name}" if name else "the channel", channel)


def link(url: str, label: str) -> Token:
    return Token("link", label, url)


def date_token(at: datetime, zone: ZoneInfo) -> Token:
    """Return a time that Slack shows in each reader's own zone.

    Without support for that, it is shown in `zone`, with the zone's name.
    """
    return Token("date", timezones.format_full(at, zone), str(int(at.timestamp())))


def inline(*parts: Part) -> RichTextBlock:
    """Return a block of our text and tokens; strings are not parsed."""
    elements = [_element(piece) for piece in _to_tokens(parts)]
    return RichTextBlock(elements=[RichTextSectionElement(elements=elements)])


def context_line(*parts: Part) -> ContextBlock:
    """Return a context line (small and grey) of our text, times and names."""
    text = "".join(_to_mrkdwn(piece) for piece in _to_tokens(parts))
    return ContextBlock(elements=[MarkdownTextObject(text=text, verbatim=True)])


def fallback_text(*parts: Part) -> str:
    """Return the same as text for a notification, without anything to parse."""
    return escape("".join(piece.text for piece in _to_tokens(parts)))


def _to_tokens(parts: Sequence[Part]) -> list[Token]:
    """Convert parts to tokens; capitalize a leading "someone"."""
    tokens = [Token("text", p) if isinstance(p, str) else p for p in parts if p]
    if tokens and tokens[0].kind == "text" and tokens[0].text.startswith(SOMEONE):
        tokens[0] = Token("text", capitalize(tokens[0].text))
    return tokens


def _to_mrkdwn(token: Token) -> str:
    if token.kind == "date":
        return f"<!date^{token.target}^{_DATE}|{escape(token.text)}>"
    return escape(token.text)


def user_text(
    text: str,
    *,
    limit: int,
    is_bold: bool = False,
    # Fewer if several texts share a message.
    max_elements: int = MAX_ELEMENTS,
    prefix: Sequence[Part] = (),
) -> RichTextBlock:
    """Return mrkdwn as rich text, with code in its boxes, truncated at `limit`.

    `prefix` comes before it on its first line, as in `inline`.
    """
    shown = [*_to_tokens(prefix), *_truncate(text, limit, max_elements)]
    return RichTextBlock(elements=list(_sections(shown, is_bold=is_bold)))


def _truncate(text: str, limit: int, max_elements: int) -> list[Token]:
    named = list(_limit_mentions(_split_code(text), max_elements))
    if sum(len(piece.text) for piece in named) <= limit:
        return named
    kept: list[Token] = []
    room = limit - len(ELLIPSIS)
    for piece in named:
        if len(piece.text) > room:
            return [*kept, *_truncate_token(piece, room)]
        kept.append(piece)
        room -= len(piece.text)
    return kept


def _limit_mentions(parts: Iterable[Token], max_elements: int) -> Iterator[Token]:
    people: set[str] = set()
    elements, plain_text = 0, ""
    for piece in parts:
        elements += piece.kind != "text"
        if piece.kind == "person":
            people.add(piece.target)
        is_one_too_many = piece.kind == "person" and len(people) > MAX_MENTIONS
        if piece.kind == "text" or is_one_too_many or elements > max_elements:
            plain_text += piece.text
            continue
        if plain_text:
            yield Token("text", plain_text)
            plain_text = ""
        yield piece
    if plain_text:
        yield Token("text", plain_text)


def _truncate_token(token: Token, room: int) -> list[Token]:
    """Return the part of the last token that fits; half a link would be another."""
    match token.kind:
        case "text" | "code" if room:
            return [Token(token.kind, token.text[:room] + ELLIPSIS)]
        case _:
            return [Token("text", ELLIPSIS)]


_FENCE = re.compile(r"```\n?(.+?)\n?```\n?", re.DOTALL)


def _split_code(text: str) -> Iterator[Token]:
    """Split text into tokens; text between two fences is code, an open fence is not."""
    end = 0
    for fence in _FENCE.finditer(text):
        yield from tokenize(text[end : fence.start()])
        code = to_plain(fence[1])
        yield Token("code", code) if code.strip() else Token("text", fence[0])
        end = fence.end()
    yield from tokenize(text[end:])


def _sections(parts: Sequence[Token], *, is_bold: bool) -> Iterable[RichTextElement]:
    paragraph: list[Token] = []
    for token in parts:
        if token.kind != "code":
            paragraph.append(token)
            continue
        yield from _section(paragraph, is_bold=is_bold)
        paragraph = []
        yield RichTextPreformattedElement(elements=[_Parts.Text(text=token.text)])
    yield from _section(paragraph, is_bold=is_bold)


def _section(parts: Sequence[Token], *, is_bold: bool) -> Iterable[RichTextElement]:
    elements = [_element(part, is_bold=is_bold) for part in parts if part.text]
    if elements:
        yield RichTextSectionElement(elements=elements)


def _element(token: Token, *, is_bold: bool = False) -> RichTextElement:
    style = _Parts.TextStyle(bold=True) if is_bold else None
    match token.kind:
        case "person":
            return _Parts.User(user_id=token.target, style=style)
        case "channel":
            return _Parts.Channel(channel_id=token.target, style=style)
        case "link":
            return _Parts.Link(url=token.target, text=token.text, style=style)
        case "date":
            return _Parts.Date(
                timestamp=int(token.target), format=_DATE, fallback=token.text
            )
        case "emoji":
            # Slack documents this element with a name, and without a skin tone.
            return _Parts.Emoji(name=token.target.partition("::")[0])
        case "text" | "code":
            return _Parts.Text(text=token.text, style=style)
