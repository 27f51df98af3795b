"""Split mrkdwn into the words that the search index has. Pure.

`tokenize` is for texts and for queries alike; `subject_words` are those of a title that
may say what it is about. The index's stemmer comes after both.
"""

import re
import unicodedata
from collections.abc import Iterator

from bot.slack import text as slack_text
from bot.slack.text import ELLIPSIS

MAX_LENGTH = 40
# Words longer than this that contain a digit are hashes, keys and the like.
MAX_LENGTH_WITH_DIGITS = 30
# Mostly digits: numbers such as 404 or 15432, codes such as 0x80070005. A longer one
# is a timestamp, an id, a telephone number.
MAX_NUMBER_LENGTH = 6
MAX_CODE_LENGTH = 10

_MARKUP = re.compile(r"<([^<>\n]+)>")
_ADDRESS = re.compile(r"(?i)\b(?:https?|ftp)://[^\s<>|]+")
_ESCAPED = re.compile("(?:%[0-9A-Fa-f]{2})+")
# The accents of European letters, and the points of Hebrew and Arabic, which people
# leave out. Other marks are vowels.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u0652\u0670]"
)
_SOFT_HYPHEN = "\u00ad"
# On keyboards without umlauts, people write `oe` for `ö`, or `o`.
_HAS_UMLAUT = re.compile("[äöüÄÖÜ]")
# A pattern that looks for the umlaut itself takes minutes for a long word without one.
_LETTERS_ONLY = re.compile(r"[^\W\d_]+")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)
# Letters that have no accent to lose.
_PLAIN_LETTERS = str.maketrans("øØłŁđ\u0131", "oOlLdi")
_DOT_NET = re.compile(r"(?i)(?:(?<=\basp)|(?<=\bvb)|(?<![\w./-]))\.net\b")

# Scripts without spaces between words.
_UNSPACED = (
    # Thai, Lao, Burmese, Khmer.
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    # Japanese and Chinese, without the dot between two words of Katakana.
    "\u3005-\u3007\u3040-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    # Korean has spaces, but its particles stick to the words.
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# In the scripts of India a word is letters and marks; `\w` has no marks.
_MARKS = "".join(
    mark
    for mark in map(chr, range(0x300, 0xAC00))
    if unicodedata.category(mark)[0] == "M" and not re.match(f"[{_UNSPACED}]", mark)
)
_LETTERS = rf"(?:[^\W_{_UNSPACED}]|[{_MARKS}])+"
# Joints are inside of words only: `self.user_id`, `ORA-00942`, `2.3.1`, `isn't`.
_WORD = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    r"|(?P<language>(?<![^\W_])[A-Za-z]{1,2}(?:\+\+|\#(?!\w)))"
    rf"|(?P<word>{_LETTERS}(?:(?:_+|['’.:/-]){_LETTERS})*)"
)
_JOINTS = re.compile(r"['’.:/-]")
_VERSION = re.compile(r"[vV]?(\d+(?:\.\d+)+)")
_CAMEL_CASE = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# These end names of hosts.
_HOST_WORDS = {"www", "com", "org", "net"}

_ENGLISH = """
a about after again all also am an and any anybody anyone are aren arent as at be
because been before being below between both but by can cannot cant could couldn d did
didn didnt do does doesn doesnt doing don dont down during each every everyone few for
from further get getting got had has hasn have haven having he hello help her here hers
hey hi him his how i if im in into is isn isnt it its ive just know let like ll m me
more most my myself need no nor not now of off on once one only or other our out over
own please re s same she should shouldn so some somebody someone such t than thank
thanks that the their them then there these they this those through to too try trying
under until up use used using ve very want was wasn way we were weren what when where
which while who whom why will with won wont would wouldn you your yours
"""
_STOP_WORDS = frozenset(_ENGLISH.split())

# Words of all kinds of questions, which say nothing of the problem.
_EVERYDAY = """
able across actually added adding additional agree already always another anything
anyway anywhere appear appears appreciate appreciated ask asked asking assume attempt
attempted aware away bad basically begin beginning believe best better bit came certain
chance clear come comes coming completed completely completing concerned confirmed
confused correct correctly couple curious current currently day days decide decided
different directly done due easy else enough especially eventually everything exactly
example examples existing expect expected experience explain explained far feel figure
finally fine finish finished first follow followed following follows forward found
generally give given go goes going gone good great guess guys happen happened happening
happens happy hard heard helpful hope hopefully hoping hour hours idea ideas imagine
important include included includes including indeed instead interested interesting keep
kind known knows last late later least leave left long look looked looking looks lot
love made mainly make makes making manage managed many maybe mean means meant mention
mentioned might minute minutes moment month months morning must near necessary new next
nice night normal normally nothing notice noticed obvious obviously often ok okay old
part particular particularly parts past people perfect perhaps person personally place
places planning possible possibly prefer pretty previous previously probably problem
problems properly provide provided put question questions quick quickly quite rather
reading ready really reason reasons recent recently recommend recommended regarding
regular regularly relevant remember require required respond right said say says second
see seeing seem seems seen several shall share shared similar simple simpler simply
since slightly solution solutions somehow something somewhat somewhere soon sorry sort
specific started starting still stuff successfully suggest suggested suggestion
suggestions suppose supposed sure surprised take taken taking talk tell therefore thing
things think thinking third though thought thoughts time times today together tomorrow
took tried tries true understand understanding unfortunately useful usual usually
various week weeks weird well went whatever whether whole willing wish within without
wonder wondered wondering word words work worked working works worth writing wrong wrote
yeah year years yes yesterday yet
"""
_EVERYDAY_WORDS = frozenset(_EVERYDAY.split())
# A title may end within a word.
_CUT_WORD = re.compile(rf"(?<![^\W{_UNSPACED}])[^\W{_UNSPACED}]++(?={ELLIPSIS})")
_WHOLE_WORD_JOINTS = re.compile(r"['’/:]")


def tokenize(text: str) -> list[str]:
    """Split mrkdwn into lower-case words, in order.

    Names in code stay whole and are split, too; a word with an umlaut comes in both
    spellings without it. Mentions, emoji, stop words and what nobody would search for
    (hashes, long numbers) are left out.
    """
    text = _without_markup(_MARKUP.sub(_replace_markup, text))
    text = _ADDRESS.sub(lambda match: _path(match[0]), text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.replace(_SOFT_HYPHEN, ""))
        text = _LETTERS_ONLY.sub(_spell_both, text)
    return [token for token in _split(_fold(text)) if not _is_insignificant(token)]


def subject_words(text: str) -> list[str]:
    """Return the words of a title that may say what it is about, each once.

    A name in code or with hyphens is one word. Left out are addresses, numbers, single
    letters, a word that was cut off, and those that people use about anything.
    """
    text = _without_markup(_MARKUP.sub(_keep_label, text))
    text = _CUT_WORD.sub(" ", _ADDRESS.sub(" ", text))
    words = dict.fromkeys(_whole_words(_fold(text)))
    return [word for word in words if _may_be_subject(word)]


def without_unfinished_word(text: str) -> str:
    """Return the text that is being typed, without a last word that may go on.

    Scripts without spaces have no words to wait for.
    """
    words = [*_WORD.finditer(text)]
    if not words or words[-1]["unspaced"] or words[-1].end() < len(text):
        return text
    return text[: words[-1].start()]


def _without_markup(text: str) -> str:
    """Return the text without emoji and escapes."""
    if ":" not in text:
        return slack_text.unescape(text)
    pieces = slack_text.tokenize(text)
    return "".join(p.text if p.kind == "text" else " " for p in pieces)


def _spell_both(word: re.Match[str]) -> str:
    if not _HAS_UMLAUT.search(word[0]):
        return word[0]
    spelled = word[0].translate(_UMLAUTS)
    return f"{word[0]} {spelled.upper() if word[0].isupper() else spelled}"


def _fold(text: str) -> str:
    """Return the text without accents."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.replace(_SOFT_HYPHEN, ""))
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", text))
        text = text.translate(_PLAIN_LETTERS)
    return _DOT_NET.sub(" dotnet", text)


def _replace_markup(markup: re.Match[str]) -> str:
    target, _, label = markup[1].partition("|")
    if target.startswith(("@", "!")):
        return " "
    if target.startswith(("#", "mailto:")):
        return f" {label} "
    # The label may be the address once more.
    return f" {target} " if "://" in label else f" {label} {target} "


def _keep_label(markup: re.Match[str]) -> str:
    target, _, label = markup[1].partition("|")
    is_text = not target.startswith(("@", "!")) and label not in target
    return f" {label} " if is_text else " "


def _path(address: str) -> str:
    """Return the words of an address's path; what follows it may be secret."""
    _, _, path = (
        re.split(r"[?#]", address, maxsplit=1)[0].split("://")[1].partition("/")
    )
    return f" {_ESCAPED.sub(_unescape, path)} "


def _unescape(escaped: re.Match[str]) -> str:
    return bytes.fromhex(escaped[0].replace("%", "")).decode(errors="replace")


def _split(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        if run := match["unspaced"]:
            yield from (run[i : i + 2] for i in range(max(len(run) - 1, 1)))
        elif language := match["language"]:
            yield language.casefold()
        else:
            yield from _split_word(match["word"])


def _whole_words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        if word := match["word"]:
            yield from map(str.casefold, _WHOLE_WORD_JOINTS.split(word))
        else:
            yield from _split(match[0])


def _split_word(word: str) -> Iterator[str]:
    if word.isalpha() and word[1:].islower():
        yield word.casefold()
        return
    if version := _VERSION.fullmatch(word):
        yield version[1]
        yield version[1].partition(".")[0]
        return
    parts = _JOINTS.split(word)
    for part in parts:
        whole = part.casefold()
        if len(parts) > 1 and whole in _HOST_WORDS:
            continue
        yield whole
        names = [name for name in part.split("_") if name]
        pieces = [piece for name in names for piece in _split_camel_case(name)]
        if len(pieces) > 1:
            yield from (piece.casefold() for piece in pieces if len(piece) > 1)
    # An error's code, as people write it: ORA-00942 or ORA00942.
    if len(parts) > 1 and "/" not in word and _is_code(word):
        yield "".join(parts).casefold()


def _split_camel_case(name: str) -> list[str]:
    if not name.isascii() or name.islower() or name.isupper() or name.isdigit():
        return [name]
    return _CAMEL_CASE.findall(name)


def _is_code(word: str) -> bool:
    return any(map(str.isdigit, word)) and any(map(str.isalpha, word))


def _may_be_subject(word: str) -> bool:
    if word in _EVERYDAY_WORDS or word.isdigit() or _is_insignificant(word):
        return False
    # A character of a script without spaces may be a word.
    return len(word) > 1 or not word.isascii()


def _is_insignificant(token: str) -> bool:
    if token in _STOP_WORDS or len(token) > MAX_LENGTH:
        return True
    digits = sum(map(str.isdigit, token))
    if not digits:
        return False
    if len(token) > MAX_LENGTH_WITH_DIGITS:
        return True
    most = MAX_NUMBER_LENGTH if token.isdigit() else MAX_CODE_LENGTH
    return 2 * digits > len(token) and len(token) > most
