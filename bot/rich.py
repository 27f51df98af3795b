"""Rich text blocks: nothing in them is parsed, so people's words stay words."""

import re
from collections.abc import Iterable, Sequence

from slack_sdk.models.blocks import (
    RichTextBlock,
    RichTextElementParts,
    RichTextPreformattedElement,
    RichTextSectionElement,
)
from slack_sdk.models.blocks.block_elements import RichTextElement

from bot.text import CUT, Piece, escape, pieces

_Parts = RichTextElementParts

# More people than this are named, not notified: an ask is not a megaphone.
MOST_MENTIONS = 5

Part = str | Piece


def person(member: str) -> Piece:
    """A mention, which notifies."""
    return Piece("person", f"@{member}", member)


def link(url: str, label: str) -> Piece:
    return Piece("link", label, url)


def sentence(*parts: Part) -> RichTextBlock:
    """Our own words and theirs, side by side: strings are shown as they are."""
    elements = [_element(_piece(part)) for part in parts if part]
    return RichTextBlock(elements=[RichTextSectionElement(elements=elements)])


def spoken(*parts: Part) -> str:
    """The same for a notification, where nothing may be parsed either."""
    return escape("".join(_piece(part).shown for part in parts))


def _piece(part: Part) -> Piece:
    return Piece("text", part) if isinstance(part, str) else part


def words(text: str, *, limit: int, is_bold: bool = False) -> RichTextBlock:
    """Marked text as its author wrote it, code in its boxes, cut at `limit`."""
    return RichTextBlock(
        elements=list(_sections(_limited(text, limit), is_bold=is_bold))
    )


def _limited(text: str, limit: int) -> list[Piece]:
    kept: list[Piece] = []
    people: set[str] = set()
    room = limit
    for piece in pieces(text):
        if piece.kind == "person":
            people.add(piece.target)
            if len(people) > MOST_MENTIONS:
                piece = Piece("text", piece.shown)  # noqa: PLW2901
        if len(piece.shown) > room:
            kept.append(
                Piece(
                    "text",
                    (piece.shown[: room - 1] if piece.kind == "text" else "") + CUT,
                )
            )
            break
        kept.append(piece)
        room -= len(piece.shown)
    return kept


_FENCE = re.compile(r"```\n?(.+?)\n?```\n?", re.DOTALL)


def _sections(parts: Sequence[Piece], *, is_bold: bool) -> Iterable[RichTextElement]:
    """Text between two fences becomes a box; a fence left open stays as written."""
    inline: list[Piece] = []
    for piece in parts:
        if piece.kind != "text":
            inline.append(piece)
            continue
        end = 0
        for fence in _FENCE.finditer(piece.shown):
            inline.append(Piece("text", piece.shown[end : fence.start()]))
            yield from _section(inline, is_bold=is_bold)
            inline = []
            yield RichTextPreformattedElement(elements=[_Parts.Text(text=fence[1])])
            end = fence.end()
        inline.append(Piece("text", piece.shown[end:]))
    yield from _section(inline, is_bold=is_bold)


def _section(parts: Sequence[Piece], *, is_bold: bool) -> Iterable[RichTextElement]:
    elements = [_element(part, is_bold=is_bold) for part in parts if part.shown]
    if elements:
        yield RichTextSectionElement(elements=elements)


def _element(piece: Piece, *, is_bold: bool = False) -> RichTextElement:
    style = _Parts.TextStyle(bold=True) if is_bold else None
    match piece.kind:
        case "person":
            return _Parts.User(user_id=piece.target, style=style)
        case "channel":
            return _Parts.Channel(channel_id=piece.target, style=style)
        case "link":
            return _Parts.Link(url=piece.target, text=piece.shown, style=style)
        case "emoji":
            name, _, tone = piece.target.partition("::skin-tone-")
            return _Parts.Emoji(name=name, skin_tone=int(tone) if tone else None)
        case "text":
            return _Parts.Text(text=piece.shown, style=style)
