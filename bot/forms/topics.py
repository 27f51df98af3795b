"""Normalize topics that members type."""

from bot.slack.text import one_line, sanitize, truncate

MAX_TOPIC_LENGTH = 40


def normalize_topic(typed: str) -> str:
    return truncate(one_line(sanitize(typed)).lstrip("#").strip(), MAX_TOPIC_LENGTH)
