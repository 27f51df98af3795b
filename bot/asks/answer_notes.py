"""The bot's messages to the authors of answers. Pure.

Titles are mrkdwn; people are given by plain names.
"""

from collections.abc import Sequence

from bot.slack.blocks import Note, name_list, quoted, sentence_note
from bot.slack.rich_text import link
from bot.slack.text import full_stop


def answer_helped(title: str, url: str, asker: str, people: Sequence[str]) -> Note:
    return sentence_note(
        "Your ",
        link(url, "answer"),
        f" to {asker}'s ask {quoted(title)} helped {name_list(people)}.",
    )


def answer_solved(title: str, url: str, asker: str, others: Sequence[str]) -> Note:
    ask = quoted(title)
    also = f" It helped {name_list(others)} too." if others else ""
    return sentence_note(
        "Your ",
        link(url, "answer"),
        f" solved {asker}'s ask {ask}{full_stop(ask)}{also} Thank you!",
    )


def answer_helped_again(url: str, answered: str, asker: str, day: str) -> Note:
    """`answered` is the month of the answer ("March"), `day` that of now ("today")."""
    return sentence_note(
        "Your ",
        link(url, f"answer of {answered}"),
        f" helped {asker} {day}. Thank you!",
    )
