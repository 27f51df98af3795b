"""Rich text blocks: nothing in them is parsed, so people's words stay words."""

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

from bot import zones
from bot.text import (
    CUT,
    SOMEONE,
    Piece,
    at_the_beginning,
    escape,
    is_forgotten,
    pieces,
    plain,
)

_Parts = RichTextElementParts

# More people than this are named, not notified: an ask is not a megaphone.
MOST_MENTIONS = 5
# Each emoji, link or box is an element of its own, many times as long as what it
# shows; Slack refuses messages whose blocks are too long. The rest is shown as text.
MOST_ELEMENTS = 60

# "today at 9:00", "Friday, December 4th at 9:00": Slack's words, in the reader's zone.
_DATE = "{date_long_pretty} at {time}"

Part = str | Piece


def person(member: str) -> Piece:
    """A mention, which notifies."""
    if is_forgotten(member):
        return Piece("text", SOMEONE)
    return Piece("person", f"@{member}", member)


def place(channel: str, name: str) -> Piece:
    """A channel, by Slack's id: Slack shows and links its name to who may see it."""
    return Piece("channel", f"#{name}" if name else "the channel", channel)


def link(url: str, label: str) -> Piece:
    return Piece("link", label, url)


def when(at: datetime, zone: ZoneInfo) -> Piece:
    """A moment: Slack shows it in each reader's own zone.

    Where Slack can't, it is said in `zone`, by the zone's name.
    """
    return Piece("date", zones.in_full(at, zone), str(int(at.timestamp())))


def sentence(*parts: Part) -> RichTextBlock:
    """Our own words and theirs, side by side: strings are shown as they are."""
    elements = [_element(piece) for piece in _said(parts)]
    return RichTextBlock(elements=[RichTextSectionElement(elements=elements)])


def aside(*parts: Part) -> ContextBlock:
    """The same in small grey letters, for our own words, times and names in them."""
    text = "".join(_token(piece) for piece in _said(parts))
    return ContextBlock(elements=[MarkdownTextObject(text=text, verbatim=True)])


def spoken(*parts: Part) -> str:
    """The same for a notification, where nothing may be parsed either."""
    return escape("".join(piece.shown for piece in _said(parts)))


def _said(parts: Sequence[Part]) -> list[Piece]:
    """A sentence, which may begin with somebody we can't name."""
    said = [Piece("text", p) if isinstance(p, str) else p for p in parts if p]
    if said and said[0].kind == "text" and said[0].shown.startswith(SOMEONE):
        said[0] = Piece("text", at_the_beginning(said[0].shown))
    return said


def _token(piece: Piece) -> str:
    if piece.kind == "date":
        return f"<!date^{piece.target}^{_DATE}|{escape(piece.shown)}>"
    return escape(piece.shown)


def words(
    text: str,
    *,
    limit: int,
    is_bold: bool = False,
    # Fewer where several texts share a message.
    most_elements: int = MOST_ELEMENTS,
    lead: Sequence[Part] = (),
) -> RichTextBlock:
    """Marked text as its author wrote it, code in its boxes, cut at `limit`.

    `lead` is said before it on its first line, as in `sentence`.
    """
    shown = [*_said(lead), *_limited(text, limit, most_elements)]
    return RichTextBlock(elements=list(_sections(shown, is_bold=is_bold)))


def _limited(text: str, limit: int, most_elements: int) -> list[Piece]:
    named = list(_named(_boxed(text), most_elements))
    if sum(len(piece.shown) for piece in named) <= limit:
        return named
    kept: list[Piece] = []
    room = limit - len(CUT)
    for piece in named:
        if len(piece.shown) > room:
            return [*kept, *_cut(piece, room)]
        kept.append(piece)
        room -= len(piece.shown)
    return kept


def _named(parts: Iterable[Piece], most_elements: int) -> Iterator[Piece]:
    people: set[str] = set()
    elements, plain_text = 0, ""
    for piece in parts:
        elements += piece.kind != "text"
        if piece.kind == "person":
            people.add(piece.target)
        is_one_too_many = piece.kind == "person" and len(people) > MOST_MENTIONS
        if piece.kind == "text" or is_one_too_many or elements > most_elements:
            plain_text += piece.shown
            continue
        if plain_text:
            yield Piece("text", plain_text)
            plain_text = ""
        yield piece
    if plain_text:
        yield Piece("text", plain_text)


def _cut(piece: Piece, room: int) -> list[Piece]:
    """What fits of the last piece, and a mark; half a link would be another link."""
    match piece.kind:
        case "text" | "code" if room:
            return [Piece(piece.kind, piece.shown[:room] + CUT)]
        case _:
            return [Piece("text", CUT)]


_FENCE = re.compile(r"```\n?(.+?)\n?```\n?", re.DOTALL)


def _boxed(text: str) -> Iterator[Piece]:
    """Text between two fences is code; a fence left open stays as written."""
    end = 0
    for fence in _FENCE.finditer(text):
        yield from pieces(text[end : fence.start()])
        code = plain(fence[1])
        yield Piece("code", code) if code.strip() else Piece("text", fence[0])
        end = fence.end()
    yield from pieces(text[end:])


def _sections(parts: Sequence[Piece], *, is_bold: bool) -> Iterable[RichTextElement]:
    inline: list[Piece] = []
    for piece in parts:
        if piece.kind != "code":
            inline.append(piece)
            continue
        yield from _section(inline, is_bold=is_bold)
        inline = []
        yield RichTextPreformattedElement(elements=[_Parts.Text(text=piece.shown)])
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
        case "date":
            return _Parts.Date(
                timestamp=int(piece.target), format=_DATE, fallback=piece.shown
            )
        case "emoji":
            # The element that Slack publishes has a name and no skin tone.
            return _Parts.Emoji(name=piece.target.partition("::")[0])
        case "text" | "code":
            return _Parts.Text(text=piece.shown, style=style)
