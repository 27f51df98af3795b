"""Members' texts as mrkdwn: shown as written, without side effects such as mentions.

mrkdwn is text as Slack sends it in messages: `&`, `<` and `>` are escaped, and there
are tokens such as <@U1>, <#C1|name>, <https://a.b|a.b>. Texts are stored as mrkdwn.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

ELLIPSIS = "…"
# The name of people whose name is not known.
SOMEONE = "someone"
# The asker of asks without a name, who also gives the asker's marks. It is no Slack id,
# so it equals no member's, not even the author's.
ANONYMOUS = "anonymous"
# The prefix of an erased member's replacement id; no Slack id has it.
ERASED_PREFIX = "forgotten-"

# Control characters, and those that can reorder or hide the text around them.
# Zero-width joiners are not among them: emoji and some scripts need them.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u206f"
    "\u180e\u200b\u2060-\u2064\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
# More than four marks on one letter cover the neighbouring lines. No living script
# needs more.
_STACKED_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{4})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+"
)
_TOKEN = re.compile(r"<([^<>\n]+)>")
_OTHER_LINK = re.compile(r"(?i)(?!(?:javascript|vbscript|data):)[a-z][a-z0-9+.-]*:\S")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(\|[^<>\n]*)?>")
_CHANNEL = re.compile(r"<#([CG][A-Z0-9]+)(\|[^<>\n]*)?>")
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+")
# In Indian and other scripts, words consist of letters and marks; `\w` excludes marks.
_MARKS = "".join(
    mark
    for mark in map(chr, range(0x300, 0xAC00))
    if unicodedata.category(mark)[0] == "M"
)
_NAMING = rf"(?:[^\WA-Z]|['+{_MARKS}-])"
# Workspaces can name emoji in any script. Digits alone are part of a time ("10:30:00"),
# except for two of Slack's own names.
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
    """A part of a text. `text` is visible; `target` is the id or URL behind it."""

    kind: Literal[
        "text", "code", "person", "channel", "link", "emoji", "date", "span", "bold"
    ]
    text: str
    target: str = ""


def sanitize(text: str) -> str:
    """Return text in NFC, without characters that could affect the text around it."""
    text = _LINE_END.sub("\n", text)
    text = unicodedata.normalize("NFC", _HARMFUL.sub("", text))
    return _STACKED_MARKS.sub(r"\1", text).strip()


def escape(text: str) -> str:
    """Convert plain text to mrkdwn without tokens."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def to_mrkdwn(plain: str) -> str:
    """Sanitize text from a form, and convert it to mrkdwn."""
    return escape(sanitize(plain))


def tokenize(text: str) -> Iterator[Token]:
    """Split mrkdwn into visible tokens, in order."""
    end = 0
    for match in _TOKEN.finditer(text):
        yield from _tokenize_plain(text[end : match.start()])
        yield _parse_token(match[1])
        end = match.end()
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
    # Without a label, a word replaces the id, which no one can read.
    if re.fullmatch(r"@[UW][A-Z0-9]+", target):
        return Token("person", f"@{label or SOMEONE}", target[1:])
    if re.fullmatch(r"#[CG][A-Z0-9]+", target):
        return Token("channel", f"#{label}" if label else "a channel", target[1:])
    if _ADDRESS.fullmatch(target):
        return Token("link", _link_text(target, label), target)
    if target.startswith("!"):
        # Mentions of groups become plain text, so that they notify no one.
        kind = target[1:].partition("^")[0]
        return Token("text", label or ("a group" if kind == "subteam" else f"@{kind}"))
    if _OTHER_LINK.match(target):
        # Slack opens other links, such as `tel:`. Here they become plain text.
        return Token("text", label or target.removeprefix("tel:"))
    return Token("text", f"<{token}>" if not label else f"<{target}|{label}>")


def _link_text(url: str, label: str) -> str:
    """Return a link's visible text: a label that is not the URL is followed by it."""
    address = re.sub(r"^(https?://|mailto:)", "", url)
    if not label or label in {url, address, address.removesuffix("/")}:
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

    def with_label(match: re.Match[str]) -> str:
        name = names.get(match[1])
        label = f"|{escape(name)}" if name else match[2] or ""
        return f"{match[0][:2]}{match[1]}{label}>"

    return _CHANNEL.sub(with_label, _PERSON.sub(with_label, text))


def to_plain(text: str) -> str:
    """Return the visible text of mrkdwn, for lists, options and forms."""
    return "".join(token.text for token in tokenize(text))


def one_line(text: str) -> str:
    """Replace each run of white space by one space."""
    return " ".join(text.split())


def truncate(plain_text: str, limit: int) -> str:
    """Return at most `limit` characters, with an ellipsis if any are cut off."""
    if len(plain_text) <= limit:
        return plain_text
    return plain_text[: limit - len(ELLIPSIS)].rstrip() + ELLIPSIS


# The ends of quotes that need no full stop, of several scripts.
_SENTENCE_ENDS = tuple(f"{mark}”" for mark in f".?!{ELLIPSIS}。？！؟")  # noqa: RUF001


def full_stop(quote: str) -> str:
    """Return the full stop after a quote, or nothing if the quote ends in a mark."""
    return "" if quote.endswith(_SENTENCE_ENDS) else "."


def truncate_mrkdwn(text: str, limit: int) -> str:
    """Truncate mrkdwn to `limit` visible characters; tokens stay whole."""
    if len(to_plain(text)) <= limit:
        return text
    sources, space = [], limit - len(ELLIPSIS)
    for token, source in _with_source(text):
        if len(token.text) > space:
            if token.kind == "text":
                sources.append(escape(token.text[:space].rstrip()))
            break
        sources.append(source)
        space -= len(token.text)
    return "".join(sources).rstrip() + ELLIPSIS


def _with_source(text: str) -> Iterator[tuple[Token, str]]:
    """Yield each token with its mrkdwn."""
    end = 0
    for match in _TOKEN.finditer(text):
        for token in _tokenize_plain(text[end : match.start()]):
            yield token, escape(token.text)
        yield _parse_token(match[1]), match[0]
        end = match.end()
    for token in _tokenize_plain(text[end:]):
        yield token, escape(token.text)


def is_erased(member: str) -> bool:
    """Return True if the id is the pseudonym of an erased member."""
    return member.startswith(ERASED_PREFIX)


def is_reachable(recipient: str) -> bool:
    """Return False for ids that Slack does not know: nothing can be sent to them."""
    return recipient != ANONYMOUS and not is_erased(recipient)


def permalink(
    team_url: str, channel: str, ts: str, thread_ts: str | None = None
) -> str:
    """Return a message's permalink, as Slack builds it (chat.getPermalink)."""
    address = f"{team_url}archives/{channel}/p{ts.replace('.', '')}"
    if thread_ts and thread_ts != ts:
        address += f"?thread_ts={thread_ts}&cid={channel}"
    return address


def direct_message_url(team: str, member: str) -> str:
    """Return the link that opens one's own direct message with a member, in Slack.

    Slack reports no press of a button with such a link.
    """
    return f"slack://user?team={team}&id={member}"


@dataclass(frozen=True, slots=True)
class MessageLink:
    """A message by Slack's ids; `thread_ts` is None if the link names no thread."""

    channel: str
    ts: str
    thread_ts: str | None = None


_PERMALINK = re.compile(
    r"archives/([A-Z0-9]{1,40})/p([0-9]{1,11})([0-9]{6})/?"
    r"(?:\?(?:[^#\s]*&)?thread_ts=([0-9]{1,11}\.[0-9]{6})(?:&[^#\s]*)?|\?[^#\s]*)?"
)


def parse_permalink(team_url: str, text: str) -> MessageLink | None:
    """Parse a permalink of the workspace; None for any other text."""
    address = text.strip()
    if not team_url or not address.casefold().startswith(team_url.casefold()):
        return None
    match = _PERMALINK.fullmatch(address[len(team_url) :])
    if match is None:
        return None
    channel, seconds, micros, thread_ts = match.groups()
    return MessageLink(channel, f"{seconds}.{micros}", thread_ts)


def format_day(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Format the local day of `at`: "2 Mar", or "2 Mar 2025" for another year."""
    day = at.astimezone(zone).date()
    is_this_year = day.year == now.astimezone(zone).year
    return f"{day.day} {day:%b}" if is_this_year else f"{day.day} {day:%b %Y}"


def format_recent_day(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Format the local day of `at` in a sentence: "today", or "on 2 Mar"."""
    is_today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return "today" if is_today else f"on {format_day(at, now, zone)}"


def format_month(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Format the local month of `at`: "March", or "March 2025" for another year.

    A day of the current month is formatted as a day: "2 Mar".
    """
    day, today = at.astimezone(zone), now.astimezone(zone)
    if (day.year, day.month) == (today.year, today.month):
        return format_day(at, now, zone)
    return f"{day:%B}" if day.year == today.year else f"{day:%B %Y}"


def format_clock(at: datetime, zone: ZoneInfo) -> str:
    """Format a local time of today: "14:35"."""
    return f"{at.astimezone(zone):%H:%M}"


def format_time(at: datetime, zone: ZoneInfo) -> str:
    """Format a local time with its zone: "2 Mar 11:00 EET"."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %H:%M} {_abbreviation(local)}"


def format_full(at: datetime, zone: ZoneInfo) -> str:
    """Format a local time with the weekday: "Friday 4 December at 09:00 EET"."""
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B at %H:%M} {_abbreviation(local)}"


def _abbreviation(local: datetime) -> str:
    """Return the zone's local abbreviation: "EET"; "UTC+03" if it has none."""
    name = f"{local:%Z}"
    return f"UTC{name}" if name[:1] in {"+", "-"} else name
