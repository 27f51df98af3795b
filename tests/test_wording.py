"""Texts, docstrings, comments and names use plain words, in plain order."""

import re

from bot.search import tokens
from tests.ui_strings import comments, docstrings, names, rendered, written

# A sentence that begins so hides its subject.
_INVERTED = re.compile(
    r"(?:^|[.!:] )(?:What (?:is|was|has|stands)|Who (?:has|is)|Whom|Whoever|Whose"
    r"|Of (?:a|those|several)|Where (?:no|none)|Nobody who)\b"
)
# In docstrings and comments, every sentence that begins so does. "To whoever asked"
# hides the person, too.
_QUESTION_WORDS = re.compile(
    r"(?:What|Who|Whom|Whose|Whoever|Whomever|Of|Where|Whether|Why|How)\b"
    r"|(?:To|For|From|By|With|In|At) (?:what|who|whom|whose|whoever|those who)\b"
)
_SENTENCE = re.compile(r"(?:^|(?<=[.!:] ))[^.!?:]+[.!?:]?")
# Words that only this project used. The words after the arrows replace them:
# nudge → reminder, whisper → ephemeral message, seat → participant or membership,
# promise → enqueue, lane → outbox channel, stranger and outsider → external member,
# sighting → unmatched message, deed → contribution, receiver → recipient,
# rhythm → recurrence, whoever → the person who.
_PRIVATE_WORDS = re.compile(
    r"\b(?:nudge[sd]?|nudging|whisper(?:s|ed)?|seats?|promise[sd]?|lanes?|strangers?"
    r"|outsiders?|sightings?|deeds?|receivers?|rhythms?|redrawn|whoever|whomever"
    r"|anybody|somebody|everybody|any more)\b",
    re.IGNORECASE,
)
# Old names of things that have a standard name now, and words that do not name a thing.
_OLD_NAMES = re.compile(
    r"""
    one|found|said|drawn|held|what|who|whom|whose|told|seen|made|called|wished|deliverer
    |whisper|unsure|not_done|put_back|survey_channels|sightings_days|departed_days
    |asks_a_week|may_be_named|was_given_up|take_asks|was_forgotten|counts_from
    |shut_out|own_data|govern|set_reactions|drop_reaction|of_nothing_known|nameless
    |claim_reactions|resettle|show_again|take_in|take_in_thread|take_message|disown
    |reword|check_kept|message_gone|say_what_worked|offer_to_solve|perhaps_posted
    |read_again|weigh|lately|retell|tell_receivers|to_the_same|a_day|why_not|due_days
    |post_before|plan_again|seat|counted_from|go_on|joinable|doubted|expect_all|unfit
    |is_anything_lost|tell_skipped|looked_after_by|stop_in_vain|is_told|patience
    |at_once|undo_for|is_lead|is_second|second_emoji|stands|barred|deed|fall_silent
    |mentor_numbers|put_off|want_no_greetings|forget_freshness|rewording|try_again
    |awaited_line|stumbles|silence_seconds|gestures|sights|paused_because|arrived_at
    |looked_up_at|free_at|emptied_at|asked_us
    """,
    re.VERBOSE,
)
# Slack's own field, and a stored field of forms.
_ALLOWED_NAMES = {"is_stranger", "nudge_after"}


def test_texts_are_in_plain_order_and_plain_words():
    assert [
        f"{where}: {text}"
        for where, text in (*rendered(), *written())
        # Words that a search ignores are not written to anyone.
        if text != tokens._ENGLISH
        if is_inverted(text) or _PRIVATE_WORDS.search(text)
    ] == []


def test_docstrings_and_comments_are_in_plain_order_and_plain_words():
    assert [
        f"{where}: {text}"
        for where, text in (*docstrings(), *comments())
        if _begins_with_question_word(text) or _PRIVATE_WORDS.search(text)
    ] == []


def test_names_are_standard_terms():
    assert [
        f"{where}: {name}"
        for where, name in names()
        if name not in _ALLOWED_NAMES
        and (_OLD_NAMES.fullmatch(_snake(name)) or _PRIVATE_WORDS.search(_words(name)))
    ] == []


def is_inverted(text: str) -> bool:
    """Return True if a sentence of a text that is no question hides its subject."""
    return bool(_INVERTED.search(text)) and not text.endswith("?")


def _begins_with_question_word(text: str) -> bool:
    """Return True if a sentence of the prose begins so, and is no question."""
    # The lines of a paragraph are one text; a blank line ends a sentence.
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return any(
        _QUESTION_WORDS.match(sentence[0]) and not sentence[0].endswith("?")
        for paragraph in paragraphs
        for sentence in _SENTENCE.finditer(" ".join(paragraph.split()))
    )


def _snake(name: str) -> str:
    """Return the name in lower case, with underscores: "_WebSlack" is "web_slack"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip("_")).lower()


def _words(name: str) -> str:
    return _snake(name).replace("_", " ")


def test_the_shapes_are_recognised():
    for text in ("What is kept.", "Done. Whoever asks, waits.", "Of a ring, its id."):
        assert _INVERTED.search(text)
    assert not _INVERTED.search("Tell them what is kept.")
    assert _PRIVATE_WORDS.search("Somebody nudges")
    for text in (
        "Whether it runs.",
        "Run it.\n\n    Whose turn it is, comes first.",
        "Answer: what is new.\nTo whoever asked.".replace("\n", " "),
        "Return it. Of several, the last\n    one.",
    ):
        assert _begins_with_question_word(text), text
    for text in (
        "Often it runs.",
        "Return what is new.",
        "Why? Nobody asked.",
        "Return the row whose time has come. It says who acts.",
    ):
        assert not _begins_with_question_word(text), text
    assert _words("_SeatKeeper") == "seat keeper"
    assert _PRIVATE_WORDS.search(_words("_SeatKeeper"))
