"""How texts become asks. No database, no Slack, no clock."""

from collections.abc import Iterable

from bot.errors import Refusal
from bot.text import clean, cut, marked, one_line, plain, shorten

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
            f"An ask can have up to {MOST_TOPICS} topics; these are {len(found)}.",
            field="more_topics" if typed.strip() else "topics",
        )
    return list(found.values())


def topic_name(typed: str) -> str:
    return shorten(one_line(clean(typed)).lstrip("#").strip(), LONGEST_TOPIC)
