"""What an emoji means, and which texts are questions."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Literal

from bot.channels.slack_emoji import TABLE

Capture = Literal["off", "questions", "all"]
Meaning = Literal["helpful", "solved", "looking", "same"]

# What people really use on replies (counted in a public Slack's export).
DEFAULT_HELPFUL = ("+1", "raised_hands", "heart", "pray", "bulb")
DEFAULT_SOLVED = ("white_check_mark",)
LOOKING = ("eyes",)
SAME = ("raising_hand",)
# On a kudos message: "I say so, too".
DEFAULT_JOIN = ("raised_hands",)

_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_SKIN_TONE = re.compile(r"::skin-tone-[2-6]$")
_VARIATION = "\ufe0f"


def _load_table() -> tuple[dict[str, str], dict[str, str]]:
    """Return the characters by their names, and Slack's first name by characters."""
    by_name: dict[str, str] = {}
    by_character: dict[str, str] = {}
    for line in TABLE.splitlines():
        points, *names = line.split(" ")
        characters = [
            "".join(chr(int(point, 16)) for point in form.split("-"))
            for form in points.split(",")
        ]
        by_name |= dict.fromkeys(names, characters[0])
        for character in characters:
            by_character[character.replace(_VARIATION, "")] = names[0]
    return by_name, by_character


# Slack's standard emoji.
_CHARACTERS, _NAMES = _load_table()
_LONGEST_CHARACTER = max(map(len, _NAMES))


@cache
def canonical(name: str) -> str:
    """One name for all skin tones and aliases: `thumbsup::skin-tone-3` is `👍`.

    A workspace's own emoji keeps its name.
    """
    base = _SKIN_TONE.sub("", name)
    return _CHARACTERS.get(base, base).replace(_VARIATION, "")


def custom_names(names: Iterable[str]) -> list[str]:
    """Return the names that Slack does not have: a workspace may have added them."""
    return [name for name in names if name not in _CHARACTERS]


def is_among(name: str, names: Sequence[str]) -> bool:
    return canonical(name) in _canonical_set(tuple(names))


# A few for each channel, and asked about with each reaction.
@lru_cache(maxsize=1024)
def _canonical_set(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(canonical, names))


def overlap(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether an emoji is among both."""
    return any(is_among(name, others) for name in some)


def meaning_on_ask(name: str, solved: Sequence[str]) -> Meaning | None:
    """What a reaction on an ask means."""
    if is_among(name, solved):
        return "solved"
    if is_among(name, LOOKING):
        return "looking"
    return "same" if is_among(name, SAME) else None


def meaning_on_answer(
    name: str, helpful: Sequence[str], solved: Sequence[str]
) -> Meaning | None:
    """What a reaction on an answer means."""
    if is_among(name, solved):
        return "solved"
    return "helpful" if is_among(name, helpful) else None


# What does not speak for its author: quotations, which go; and code, links, mentions
# and emoji, of which a mark stays, since a question may end with one.
_NOT_PROSE = re.compile(
    r"(?P<quoted>^(?:&gt;|>)[^\n]*)"
    r"|```.*?(?:```|\Z)|`[^`\n]*`|<[^<>\n]*>|https?://\S+|(?<![A-Za-z0-9:]):[^\s:`<]{1,100}:",
    re.DOTALL | re.MULTILINE,
)
_PLACEHOLDER = "\ufffc"
_QUESTION_MARK = re.compile(
    rf"[\w)\]\"'’”».…{_PLACEHOLDER}]\s{{0,2}}[?？؟⁇⁉][!?]*(?=[\s)\]\"'’”».,_*~{_PLACEHOLDER}]|$)|？|¿"
)
_ENGLISH_OPENING = re.compile(
    r"\b(?:does|has|would|could|can|is) (?:any(?:one|body)|some(?:one|body))\b"
    r"|\bhow (?:do|can|would|should|does|to) (?:i|we|you|one|people)\b"
    r"|\bany (?:idea|ideas|suggestions?|pointers?|advice|thoughts)\b",
    re.IGNORECASE,
)
# Where a sentence begins, perhaps after a greeting of up to three words.
_SENTENCE_START = (
    rf"(?:^|[.!…:;)\u2013\u2014{_PLACEHOLDER}])\s*"
    r"(?:(?:hi|hey|hello|hallo|hola|oi|olá|ola|bonjour|salut)(?: \w+){0,2},? )?"
)
_OPENINGS = (
    # German: the verb comes second, which it does in no clause of another sentence.
    r"(?:wei(?:ß|ss)|kennt|hat|kann|könnte) (?:mir |uns |hier )?jemand\b"
    r"|(?:wie|wo|warum|wieso|wann|womit) (?:kann|könnte|muss|soll|sollte|bekomme|mache"
    r"|finde|löse|starte) (?:ich|wir|man)\b"
    r"|(?:wie|warum|wieso) (?:geht|funktioniert|kommt) \w+"
    r"|gibt es (?:eine[nrs]?|ein|irgend\w+) |jemand eine idee\b"
    # French
    r"|(?:(?:comment|pourquoi|quand|où|qu|quels?|quelles?)[ '’])?est-ce qu[e'’]"
    r"|quelqu['’]un (?:sait|saurait|connaît|connait|aurait|pourrait|peut m['’])"
    r"|(?:comment|où|pourquoi) (?:puis-je|peut-on|faire|fait-on|faut-il|trouver)\b"
    r"|(?:savez|avez|auriez|pouvez|pourriez|connaissez)-vous\b|y a-t-il\b"
    # Spanish
    r"|alguien (?:sabe|puede|podría|conoce|tiene(?! que\b))"
    r"|c[oó]mo (?:puedo|podemos|podría|se puede|se hace|(?:hago|hacemos) para)\b"
    r"|d[oó]nde (?:puedo|podemos|encuentro|está)\b|por qu[eé] (?:no|me|se|es|está)\b"
    r"|hay alguna (?:manera|forma) de\b|alguna idea\b|saben (?:si|c[oó]mo)\b"
    # Portuguese
    r"|algu[eé]m (?:sabe|pode|poderia|conhece|consegue|tem(?! que\b))"
    r"|como (?:eu )?(?:posso|podemos|consigo|se faz|(?:faço|fazemos) para)\b"
    r"|onde (?:eu )?(?:posso|encontro|fica|está)\b|por que (?:não|o|a|isso)\b"
    r"|(?:existe|há) algum(?:a forma|a maneira| jeito) de\b|alguma ideia\b"
    r"|vocês (?:sabem|conhecem)\b"
)
_OTHER_OPENING = re.compile(
    rf"{_SENTENCE_START}(?:{_OPENINGS})", re.IGNORECASE | re.MULTILINE
)
# Japanese writes most questions without a mark, and ends them as follows. "そうですか"
# says no more than "I see".
_JAPANESE_ENDING = re.compile(
    r"(?:(?:ます|ません|ました|でした|でしょう|ましょう|だろう|(?<!そう)です)か(?:ね|な)?"
    r"|かな|(?:教え|おしえ|助け)て(?:いただけ(?:ると|れば)[^\s。]{0,12}"
    r"|(?:ください|下さい|ほしいです|欲しいです))|ご教示(?:ください|下さい|願います)"
    r"|(?:アドバイス|ヒント)を?(?:ください|下さい))"
    rf"(?=[。\uff0e.!\uff01…」』\uff09)\s{_PLACEHOLDER}]|$)",
    re.MULTILINE,
)


def is_question(text: str) -> bool:
    """Whether a message (marked text) contains a question.

    It does if, outside code, links and quoted lines,

    1. a question mark ends a word, or what stands for one: code, a link, an emoji;
    2. or one of a few openings stands that people ask with and often leave unmarked:
       "does anyone …", "how do I …", "any ideas …"; in German, French, Spanish and
       Portuguese at the beginning of a sentence;
    3. or a sentence has one of the endings with which Japanese asks.
    """
    own = _NOT_PROSE.sub(lambda aside: " " if aside["quoted"] else _PLACEHOLDER, text)
    return bool(
        _QUESTION_MARK.search(own)
        or _ENGLISH_OPENING.search(own)
        or _OTHER_OPENING.search(own)
        or _JAPANESE_ENDING.search(own)
    )


def should_capture(capture: str, *, ts: str, thread_ts: str | None, text: str) -> bool:
    """Whether a person's message becomes an ask by itself, as the channel chose."""
    if thread_ts not in {None, ts}:
        return False
    return capture == "all" or (capture == "questions" and is_question(text))


_COLON_NAME = re.compile(r":([^\s:]{1,100})(?:::skin-tone-[2-6])?:")


def to_setting(
    names: Sequence[str], previous: Sequence[str] | None, default: Sequence[str]
) -> list[str] | None:
    """What to keep of a choice of emoji: None for the default.

    An emoji has several names, and a form that shows it drawn can't tell which was
    chosen: one that was chosen before keeps its name.
    """
    known = {canonical(name): name for name in (*default, *(previous or ()))}
    kept = [known.get(canonical(name), name) for name in names]
    return None if kept == list(default) else kept


def render(names: Sequence[str]) -> str:
    """Emoji as they look; a workspace's own, of which only the name is known, as that.

    `emoji_names` reads it back.
    """
    return " ".join(_CHARACTERS.get(name, f":{name}:") for name in names)


def join_with_or(names: Sequence[str]) -> str:
    """In mrkdwn, where Slack draws them: ":+1:, :heart: or :bulb:"."""
    *others, last = (f":{name}:" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


def parse(text: str) -> tuple[list[str], list[str]]:
    """Typed, as ":+1: 👏 heart": the names, and what is no name of an emoji.

    A name that is none of Slack's own needs its colons: a workspace calls its own emoji
    as it likes, in any script, but `nonsense` alone is a word.
    """
    good, bad = [], []
    for word in unicodedata.normalize("NFC", text).replace(",", " ").split():
        names = list(_parse_word(word))
        if None in names:
            bad.append(word)
        else:
            good += [name for name in names if name is not None]
    return list(dict.fromkeys(good)), bad


def _parse_word(word: str) -> Iterator[str | None]:
    """Yield the emoji that a word is made of; None for anything else in it."""
    # Ⓜ is an emoji, and a small letter of it is none.
    bare = _SKIN_TONE.sub("", word.lower())
    if bare in _CHARACTERS:
        yield bare
        return
    shown = _TONES.sub("", word).replace(_VARIATION, "") or word
    while shown:
        named = _COLON_NAME.match(shown)
        if named and is_valid_name(named[1]):
            yield named[1].lower()
            shown = shown[named.end() :]
            continue
        for length in range(_LONGEST_CHARACTER, 0, -1):
            if name := _NAMES.get(shown[:length]):
                yield name
                shown = shown[length:]
                break
        else:
            yield None
            return


def is_valid_name(name: str) -> bool:
    """Whether Slack would take it as the name of an emoji: letters of any script."""
    return all(
        character in "_'+-" or unicodedata.category(character)[0] in "LMN"
        for character in name
    )
