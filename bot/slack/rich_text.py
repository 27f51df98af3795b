"""Rich text blocks. Slack does not parse them, so members' text is shown as written."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    ContextBlock,
    MarkdownTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextListElement,
    RichTextPreformattedElement,
    RichTextSectionElement,
)
from slack_sdk.models.blocks.block_elements import RichTextElement

from bot.slack.text import (
    ELLIPSIS,
    SOMEONE,
    Token,
    capitalize,
    escape,
    format_full,
    is_erased,
    to_plain,
    tokenize,
)

_Parts = RichTextElementParts

# Further people are named in plain text, so that a message can't notify many.
MAX_MENTIONS = 5
# Each emoji, link or code block is an element, many times as long as its text, and
# Slack refuses messages whose blocks are too long. Further ones become plain text.
MAX_ELEMENTS = 60

# "today at 9:00", "Friday, December 4th at 9:00": Slack's format, in the reader's zone.
_DATE = "{date_long_pretty} at {time}"

Part = str | Token


def user_mention(member: str) -> Token:
    """Return a mention, which notifies the member; "someone" if they are erased."""
    if is_erased(member):
        return Token("text", SOMEONE)
    return Token("person", f"@{member}", member)


def channel_mention(channel: str, name: str) -> Token:
    """Return a mention of a channel by its Slack id; `name` is for the fallback text.

    Slack shows the channel's name to those who may see it.
    """
    return Token("channel", f"#{name}" if name else "the channel", channel)


def link(url: str, label: str) -> Token:
    return Token("link", label, url)


def bold(text: str) -> Token:
    """Return words of our own in bold, such as a label."""
    return Token("bold", text)


def tokens(
    text: str,
    *,
    limit: int,
    max_elements: int = MAX_ELEMENTS,
    has_code_spans: bool = False,
) -> Sequence[Token]:
    """Return a member's mrkdwn as parts of a line, truncated at `limit` characters."""
    shown = _truncate(text, limit, max_elements)
    if not has_code_spans:
        return shown
    return [part for token in shown for part in _split_spans(token)]


def numbered(head: Sequence[Part], items: Iterable[Sequence[Part]]) -> RichTextBlock:
    """Return a block of a line and a numbered list; there must be an item."""
    sections = [
        RichTextSectionElement(elements=[_element(token) for token in _to_tokens(item)])
        for item in items
    ]
    return RichTextBlock(
        elements=[
            RichTextSectionElement(elements=list(map(_element, _to_tokens(head)))),
            RichTextListElement(style="ordered", elements=sections),
        ]
    )


def date_token(at: datetime, zone: ZoneInfo) -> Token:
    """Return a time that Slack shows in each reader's own zone.

    Clients that do not support that show the time in `zone`, with the zone's name.
    """
    return Token("date", format_full(at, zone), str(int(at.timestamp())))


def inline(*parts: Part) -> RichTextBlock:
    """Return a block of plain strings and tokens in one line."""
    elements = [_element(token) for token in _to_tokens(parts)]
    return RichTextBlock(elements=[RichTextSectionElement(elements=elements)])


def context_line(*parts: Part) -> ContextBlock:
    """Return a context line (small and grey) of text, dates, links and channels."""
    text = "".join(_to_mrkdwn(token) for token in _to_tokens(parts))
    return ContextBlock(elements=[MarkdownTextObject(text=text, verbatim=True)])


def fallback_text(*parts: Part) -> str:
    """Return the parts as text for a notification: mrkdwn without tokens."""
    return escape("".join(token.text for token in _to_tokens(parts)))


def _to_tokens(parts: Sequence[Part]) -> list[Token]:
    """Convert parts to tokens; capitalize a leading "someone"."""
    tokens = [Token("text", p) if isinstance(p, str) else p for p in parts if p]
    if tokens and tokens[0].kind == "text" and tokens[0].text.startswith(SOMEONE):
        tokens[0] = Token("text", capitalize(tokens[0].text))
    return tokens


def _to_mrkdwn(token: Token) -> str:
    if token.kind == "date":
        return f"<!date^{token.target}^{_DATE}|{escape(token.text)}>"
    if token.kind == "link":
        return f"<{escape(token.target)}|{escape(token.text)}>"
    if token.kind == "channel":
        return f"<#{escape(token.target)}>"
    return escape(token.text)


def user_text(
    text: str,
    *,
    limit: int,
    is_bold: bool = False,
    # Lower if several texts share a message.
    max_elements: int = MAX_ELEMENTS,
    prefix: Sequence[Part] = (),
    has_code_spans: bool = False,
) -> RichTextBlock:
    """Return a member's mrkdwn as rich text, truncated at `limit` visible characters.

    Code between fences is shown in a box, and with `has_code_spans`, words between
    backquotes as code. `prefix` comes first on the first line.
    """
    shown = tokens(
        text, limit=limit, max_elements=max_elements, has_code_spans=has_code_spans
    )
    parts = [*_to_tokens(prefix), *shown]
    return RichTextBlock(elements=list(_sections(parts, is_bold=is_bold)))


def _truncate(text: str, limit: int, max_elements: int) -> list[Token]:
    tokens = list(_limit_mentions(_split_code(text), max_elements))
    if sum(len(token.text) for token in tokens) <= limit:
        return tokens
    result: list[Token] = []
    space = limit - len(ELLIPSIS)
    for token in tokens:
        if len(token.text) > space:
            return [*result, *_truncate_token(token, space)]
        result.append(token)
        space -= len(token.text)
    return result


def _limit_mentions(tokens: Iterable[Token], max_elements: int) -> Iterator[Token]:
    """Turn mentions above MAX_MENTIONS, and elements above the limit, into text."""
    people: set[str] = set()
    elements, plain_text = 0, ""
    for token in tokens:
        elements += token.kind != "text"
        if token.kind == "person":
            people.add(token.target)
        is_excess_mention = token.kind == "person" and len(people) > MAX_MENTIONS
        if token.kind == "text" or is_excess_mention or elements > max_elements:
            plain_text += token.text
            continue
        if plain_text:
            yield Token("text", plain_text)
            plain_text = ""
        yield token
    if plain_text:
        yield Token("text", plain_text)


def _truncate_token(token: Token, space: int) -> list[Token]:
    """Truncate text or code to `space`; drop other tokens, which can't be cut."""
    match token.kind:
        case "text" | "code" if space:
            return [Token(token.kind, token.text[:space] + ELLIPSIS)]
        case _:
            return [Token("text", ELLIPSIS)]


_FENCE = re.compile(r"```\n?(.+?)\n?```\n?", re.DOTALL)


def _split_code(text: str) -> Iterator[Token]:
    """Split mrkdwn into tokens; text between two fences (```) becomes a code token."""
    end = 0
    for fence in _FENCE.finditer(text):
        yield from tokenize(text[end : fence.start()])
        code = to_plain(fence[1])
        yield Token("code", code) if code.strip() else Token("text", fence[0])
        end = fence.end()
    yield from tokenize(text[end:])


# More of them in a text become plain text.
_MAX_SPANS = 10
_SPAN = re.compile(r"(?<![`\w])`(?=[^`\s])([^`\n]*[^`\s])`(?![`\w])")


def _split_spans(token: Token) -> Iterator[Token]:
    """Split a text token; words between two backquotes become a span token."""
    if token.kind != "text":
        yield token
        return
    # Every other part was between backquotes.
    for n, part in enumerate(_SPAN.split(token.text, maxsplit=_MAX_SPANS)):
        if part:
            yield Token("span" if n % 2 else "text", part)


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
    is_bold |= token.kind == "bold"
    is_span = token.kind == "span"
    style = (
        _Parts.TextStyle(bold=is_bold or None, code=is_span or None)
        if is_bold or is_span
        else None
    )
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
        case "text" | "code" | "span" | "bold":
            return _Parts.Text(text=token.text, style=style)
