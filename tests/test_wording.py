"""What people read, and what docstrings say, is in plain words and plain order."""

import re

from bot.search import tokens
from tests.ui_strings import docstrings, rendered, written

# A sentence that begins so hides its subject.
_INVERTED = re.compile(
    r"(?:^|[.!:] )(?:What (?:is|was|has|stands)|Who (?:has|is)|Whom|Whoever|Whose"
    r"|Of (?:a|those|several)|Where (?:no|none)|Nobody who)\b"
)
# Words of our own, or of another tone: a better word is in use everywhere else.
_PRIVATE_WORDS = re.compile(
    r"\b(?:nudge[sd]?|whispers?|seats?|promise[sd]?|lanes?|strangers?|sightings?|deeds?"
    r"|anybody|somebody|everybody|any more)\b",
    re.IGNORECASE,
)
_QUESTION_WORDS = re.compile(
    r"\s*(?:What|Who|Whom|Whose|Whoever|Of|Where|Whether|Why|How)\b"
)
_OLD_NAMES = re.compile(
    r"\b(?:nudge[sd]?|whispers?|seats?|promise[sd]?|lanes?|strangers?|sightings?|deeds?)\b",
    re.IGNORECASE,
)
# The words that a search passes over.
STORED: set[str] = {tokens._ENGLISH}
# Their docstrings are not yet in plain words. This list may only get shorter.
NOT_YET: set[str] = set()


def test_texts_are_in_plain_order_and_plain_words():
    assert [
        f"{where}: {text}"
        for where, text in (*rendered(), *written())
        if (_INVERTED.search(text) and not text.endswith("?"))
        or (_PRIVATE_WORDS.search(text) and text not in STORED)
    ] == []


def test_docstrings_begin_with_what_is_done_or_what_a_thing_is():
    stilted = {
        where.partition(":")[0]
        for where, text in docstrings()
        if _QUESTION_WORDS.match(text) or _OLD_NAMES.search(text)
    }
    assert stilted == NOT_YET


def test_the_shapes_are_recognised():
    for text in ("What is kept.", "Done. Whoever asks, waits.", "Of a ring, its id."):
        assert _INVERTED.search(text)
    assert not _INVERTED.search("Tell them what is kept.")
    assert _PRIVATE_WORDS.search("Somebody nudges")
    assert _QUESTION_WORDS.match("Whether it runs.")
    assert not _QUESTION_WORDS.match("Often it runs.")
