"""How texts become asks. No database, no Slack, no clock."""

import re
import unicodedata
from collections.abc import Iterable

from bot.errors import Refusal
from bot.text import clean, cut, marked, one_line, pieces, plain, shorten

LONGEST_TITLE = 150
# What one form field can hold (Slack's limit for a plain-text input).
LONGEST_FIELD = 3000
# What is kept of a message: Slack itself cuts messages off here.
LONGEST_DETAILS = 40_000
MOST_TOPICS = 3
LONGEST_TOPIC = 40
LONGEST_REASON = 300
LONGEST_WORKED = 300
NO_WORDS = "(no words)"
FEWEST_WORDS, FEWEST_LETTERS = 2, 8
TOO_SHORT = (
    f"Say a little more: an ask needs at least {FEWEST_WORDS} words and"
    f" {FEWEST_LETTERS} letters."
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
    text = clean(text)
    if not plain(text).strip():
        return NO_WORDS, ""
    if "\n" not in text and len(plain(text)) <= LONGEST_TITLE:
        return text, ""
    return cut(one_line(text), LONGEST_TITLE), cut(text, LONGEST_DETAILS)


def from_form(title: str, details: str) -> tuple[str, str]:
    """Typed texts in, marked texts out. Raises Refusal for an empty title."""
    title = one_line(clean(title))
    if not title:
        raise Refusal("Write your question in a line or two.", field="title")
    return marked(shorten(title, LONGEST_TITLE)), marked(
        shorten(clean(details), LONGEST_DETAILS)
    )


# The bot's own reactions on somebody's message: it is an ask; it is solved.
ASK_SIGN, SOLVED_SIGN = "pushpin", "white_check_mark"
SIGNS = (ASK_SIGN, SOLVED_SIGN)


def sign(state: str, *, is_captured: bool, captured_sign: str) -> str | None:
    """The bot's reaction that is to stand on somebody's own message."""
    if state == "solved":
        return SOLVED_SIGN
    is_waiting = state in {"open", "answered"}
    is_shown = is_captured and captured_sign == "reaction"
    return ASK_SIGN if is_waiting and is_shown else None


def is_enough(text: str) -> bool:
    """Whether marked text says enough for peers to answer.

    Mentions, links, emoji and punctuation do not count. A dense letter counts as two
    letters and as a word; without spaces, every letter may begin a word.
    """
    own = "".join(p.shown if p.kind == "text" else " " for p in pieces(text))
    dense, unspaced = len(_DENSE.findall(own)), len(_UNSPACED.findall(own))
    spaced = [word for word in _DENSE.sub(" ", own).split() if _letters(word)]
    words = dense + unspaced + len(spaced)
    return words >= FEWEST_WORDS and _letters(own) + dense >= FEWEST_LETTERS


def _letters(text: str) -> int:
    """Letters, digits, and the marks that write vowels in many scripts."""
    return sum(unicodedata.category(c)[0] in "LMN" for c in text)


def check_enough(title: str) -> None:
    """Raises Refusal, at the form's field, for what nobody could answer."""
    if not is_enough(title):
        raise Refusal(TOO_SHORT, field="title")


def prefilled(title: str, details: str) -> tuple[str, str]:
    """Marked texts in, out what of them the fields of a form show and can hold."""
    return (
        shorten(plain(title), LONGEST_TITLE),
        shorten(plain(details), LONGEST_FIELD),
    )


def topics(chosen: Iterable[str], typed: str) -> list[str]:
    """Chosen and comma-separated topics as one list; the same in any case is one."""
    words = [*chosen, *typed.replace(";", ",").split(",")]
    found: dict[str, str] = {}
    for word in words:
        topic = topic_name(word)
        if topic:
            found.setdefault(topic.casefold(), topic)
    if len(found) > MOST_TOPICS:
        raise Refusal(
            f"Up to {MOST_TOPICS} topics, please. You gave {len(found)}.",
            field="more_topics" if typed.strip() else "topics",
        )
    return list(found.values())


def topic_name(typed: str) -> str:
    return shorten(one_line(clean(typed)).lstrip("#").strip(), LONGEST_TOPIC)
