"""Rules for the texts of asks. Pure."""

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
# Slack's limit for a plain-text input.
MAX_FIELD_LENGTH = 3000
# Slack's limit for a message.
MAX_DETAILS_LENGTH = 40_000
MAX_TOPICS = 3
MAX_REASON_LENGTH = 300
MAX_WHAT_WORKED_LENGTH = 300
EMPTY_TITLE = "(no text)"
MIN_WORDS, MIN_LETTERS = 2, 8
TOO_SHORT = (
    f"Say a little more. An ask needs at least {MIN_WORDS} words and {MIN_LETTERS}"
    " letters."
)

# In Chinese, Japanese and Korean, one letter says as much as two or more in English.
_DENSE = re.compile(
    "[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003134f]"
)
# Scripts that put no spaces between words, such as Thai.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def from_message(text: str) -> tuple[str, str]:
    """Split mrkdwn into a title and details, both mrkdwn.

    A text of one short line is the title. For a longer text, the title is its start, up
    to MAX_TITLE_LENGTH visible characters, and the details are all of it.
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
    """Convert a typed title and details to mrkdwn. Raises UserError without a title."""
    title = one_line(sanitize(title))
    if not title:
        raise UserError("Write your question in a line or two.", field="title")
    return to_mrkdwn(truncate(title, MAX_TITLE_LENGTH)), to_mrkdwn(
        truncate(sanitize(details), MAX_DETAILS_LENGTH)
    )


# The bot's own reactions on a member's message that is an ask, or a solved ask.
ASK_REACTION, SOLVED_REACTION = "pushpin", "white_check_mark"
BOT_REACTIONS = (ASK_REACTION, SOLVED_REACTION)


def bot_reaction(
    state: str, *, is_captured: bool, capture_indicator: str
) -> str | None:
    """Return the bot's reaction on a member's own message in this state, or None."""
    if state == "solved":
        return SOLVED_REACTION
    is_waiting = state in {"open", "answered"}
    is_shown = is_captured and capture_indicator == "reaction"
    return ASK_REACTION if is_waiting and is_shown else None


def has_enough_words(text: str) -> bool:
    """Return True if mrkdwn says enough for peers to answer.

    Mentions, links, emoji and punctuation do not count. A Chinese, Japanese or Korean
    letter counts as two letters and a word. In scripts without spaces, each letter
    counts as a word.
    """
    prose = "".join(
        token.text if token.kind == "text" else " " for token in tokenize(text)
    )
    dense, unspaced = len(_DENSE.findall(prose)), len(_UNSPACED.findall(prose))
    spaced = [word for word in _DENSE.sub(" ", prose).split() if _count_letters(word)]
    words = dense + unspaced + len(spaced)
    return words >= MIN_WORDS and _count_letters(prose) + dense >= MIN_LETTERS


def _count_letters(text: str) -> int:
    """Count letters, digits, and combining marks, which are vowels in some scripts."""
    return sum(unicodedata.category(c)[0] in "LMN" for c in text)


def require_enough_words(title: str) -> None:
    """Raise UserError, with the field, for a title that says too little to answer."""
    if not has_enough_words(title):
        raise UserError(TOO_SHORT, field="title")


def form_values(title: str, details: str) -> tuple[str, str]:
    """Convert mrkdwn to plain text, truncated to the form's limits."""
    return (
        truncate(to_plain(title), MAX_TITLE_LENGTH),
        truncate(to_plain(details), MAX_FIELD_LENGTH),
    )


def parse_topics(chosen: Iterable[str], typed: str) -> list[str]:
    """Combine chosen and typed, comma-separated topics, without duplicates.

    Raises UserError, with the field, for more than MAX_TOPICS.
    """
    words = [*chosen, *typed.replace(";", ",").split(",")]
    topics: dict[str, str] = {}
    for word in words:
        topic = normalize_topic(word)
        if topic:
            topics.setdefault(topic.casefold(), topic)
    if len(topics) > MAX_TOPICS:
        raise UserError(
            f"Up to {MAX_TOPICS} topics, please. You gave {len(topics)}.",
            field="more_topics" if typed.strip() else "topics",
        )
    return list(topics.values())


def matches_topics(
    topics: Iterable[str], title: str, known_topics: Iterable[str]
) -> bool:
    """Return True if one of `known_topics` is among an ask's topics or in its title.

    `title` is plain text. It counts because most asks have no topics.
    """
    return bool(matching_topics(topics, title, known_topics))


def matching_topics(
    topics: Iterable[str], title: str, known_topics: Iterable[str]
) -> set[str]:
    """Return those of `known_topics` that are among an ask's topics or in its title."""
    ask_topics = {topic.casefold() for topic in topics}
    text = title.casefold()
    return {
        known
        for known in known_topics
        for topic in (known.casefold(),)
        if topic in ask_topics or (topic in text and _has_word(text, topic))
    }


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
