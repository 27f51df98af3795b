"""How texts become asks. No database, no Slack, no clock."""

import re
import unicodedata
from collections.abc import Iterable

from bot.errors import UserError
from bot.forms.topics import normalize_topic
from bot.slack.text import (
    one_line,
    sanitize,
    to_mrkdwn,
    to_plain,
    tokenize,
    truncate,
    truncate_mrkdwn,
)

MAX_TITLE_LENGTH = 150
# What one form field can hold (Slack's limit for a plain-text input).
MAX_FIELD_LENGTH = 3000
# What is kept of a message: Slack itself cuts messages off here.
MAX_DETAILS_LENGTH = 40_000
MAX_TOPICS = 3
MAX_REASON_LENGTH = 300
MAX_WHAT_WORKED_LENGTH = 300
EMPTY_TITLE = "(no words)"
MIN_WORDS, MIN_LETTERS = 2, 8
TOO_SHORT = (
    f"Say a little more: an ask needs at least {MIN_WORDS} words and"
    f" {MIN_LETTERS} letters."
)

# Chinese, Japanese and Korean say in one letter what others say in two or more.
_DENSE = re.compile(
    "[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003134f]"
)
# Scripts that put no spaces between words, such as Thai.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def from_message(text: str) -> tuple[str, str]:
    """Marked text in; the title and the details, both marked, out.

    A short text is the title. Of a longer one the first 150 characters are the
    title, and the whole is the details.
    """
    text = sanitize(text)
    if not to_plain(text).strip():
        return EMPTY_TITLE, ""
    if "\n" not in text and len(to_plain(text)) <= MAX_TITLE_LENGTH:
        return text, ""
    return truncate_mrkdwn(one_line(text), MAX_TITLE_LENGTH), truncate_mrkdwn(
        text, MAX_DETAILS_LENGTH
    )


def from_form(title: str, details: str) -> tuple[str, str]:
    """Typed texts in, marked texts out. Raises Refusal for an empty title."""
    title = one_line(sanitize(title))
    if not title:
        raise UserError("Write your question in a line or two.", field="title")
    return to_mrkdwn(truncate(title, MAX_TITLE_LENGTH)), to_mrkdwn(
        truncate(sanitize(details), MAX_DETAILS_LENGTH)
    )


# The bot's own reactions on somebody's message: it is an ask; it is solved.
ASK_REACTION, SOLVED_REACTION = "pushpin", "white_check_mark"
BOT_REACTIONS = (ASK_REACTION, SOLVED_REACTION)


def bot_reaction(
    state: str, *, is_captured: bool, capture_indicator: str
) -> str | None:
    """The bot's reaction that is to stand on somebody's own message."""
    if state == "solved":
        return SOLVED_REACTION
    is_waiting = state in {"open", "answered"}
    is_shown = is_captured and capture_indicator == "reaction"
    return ASK_REACTION if is_waiting and is_shown else None


def has_enough_words(text: str) -> bool:
    """Whether marked text says enough for peers to answer.

    Mentions, links, emoji and punctuation do not count. A dense letter counts as two
    letters and as a word; without spaces, every letter may begin a word.
    """
    own = "".join(p.text if p.kind == "text" else " " for p in tokenize(text))
    dense, unspaced = len(_DENSE.findall(own)), len(_UNSPACED.findall(own))
    spaced = [word for word in _DENSE.sub(" ", own).split() if _count_letters(word)]
    words = dense + unspaced + len(spaced)
    return words >= MIN_WORDS and _count_letters(own) + dense >= MIN_LETTERS


def _count_letters(text: str) -> int:
    """Letters, digits, and the marks that write vowels in many scripts."""
    return sum(unicodedata.category(c)[0] in "LMN" for c in text)


def require_enough_words(title: str) -> None:
    """Raises Refusal, at the form's field, for what nobody could answer."""
    if not has_enough_words(title):
        raise UserError(TOO_SHORT, field="title")


def form_values(title: str, details: str) -> tuple[str, str]:
    """Marked texts in, out what of them the fields of a form show and can hold."""
    return (
        truncate(to_plain(title), MAX_TITLE_LENGTH),
        truncate(to_plain(details), MAX_FIELD_LENGTH),
    )


def parse_topics(chosen: Iterable[str], typed: str) -> list[str]:
    """Chosen and comma-separated topics as one list; the same in any case is one."""
    words = [*chosen, *typed.replace(";", ",").split(",")]
    found: dict[str, str] = {}
    for word in words:
        topic = normalize_topic(word)
        if topic:
            found.setdefault(topic.casefold(), topic)
    if len(found) > MAX_TOPICS:
        raise UserError(
            f"Up to {MAX_TOPICS} topics, please. You gave {len(found)}.",
            field="more_topics" if typed.strip() else "topics",
        )
    return list(found.values())
