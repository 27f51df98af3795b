"""Texts and docstrings use plain words in plain order."""

import re

from tests.ui_strings import docstrings, rendered, written

# These openings hide a sentence's subject.
_INVERTED = re.compile(
    r"(?:^|[.!:] )(?:What (?:is|was|has|stands)|Who (?:has|is)|Whom|Whoever|Whose"
    r"|Of (?:a|those|several)|Where (?:no|none)|Nobody who)\b"
)
# Private or old-fashioned words; the code uses better ones everywhere else.
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
# Values of labels and what Slack itself says.
STORED: set[str] = set()
# Their docstrings are not yet in plain words. This list may only get shorter.
NOT_YET: set[str] = set()


def test_texts_are_in_plain_order_and_plain_words():
    assert [
        f"{where}: {text}"
        for where, text in (*rendered(), *written())
        if (_INVERTED.search(text) and not text.endswith("?"))
        or (_PRIVATE_WORDS.search(text) and text not in STORED)
    ] == []


def test_docstrings_start_with_an_act_or_a_thing():
    stilted = {
        where.partition(":")[0]
        for where, text in docstrings()
        if _QUESTION_WORDS.match(text) or _OLD_NAMES.search(text)
    }
    assert stilted == NOT_YET


def test_the_patterns_match():
    for text in ("What is kept.", "Done. Whoever asks, waits.", "Of a ring, its id."):
        assert _INVERTED.search(text)
    assert not _INVERTED.search("Tell them what is kept.")
    assert _PRIVATE_WORDS.search("Somebody nudges")
    assert _QUESTION_WORDS.match("Whether it runs.")
    assert not _QUESTION_WORDS.match("Often it runs.")
