"""Rules for messages that become asks by a channel's setting. Pure."""

import re

# Text that is not the author's own prose. Quoted lines are removed. Code, links,
# mentions and emoji become a placeholder, since a question may end with them.
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
# The start of a sentence, with an optional greeting of up to three words.
_SENTENCE_START = (
    rf"(?:^|[.!…:;)\u2013\u2014{_PLACEHOLDER}])\s*"
    r"(?:(?:hi|hey|hello|hallo|hola|oi|olá|ola|bonjour|salut)(?: \w+){0,2},? )?"
)
_OPENINGS = (
    # German: the verb comes second only in a question, never in a subordinate clause.
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
# Japanese endings of questions, most of which have no question mark. "そうですか" is
# not among them: it means "I see".
_JAPANESE_ENDING = re.compile(
    r"(?:(?:ます|ません|ました|でした|でしょう|ましょう|だろう|(?<!そう)です)か(?:ね|な)?"
    r"|かな|(?:教え|おしえ|助け)て(?:いただけ(?:ると|れば)[^\s。]{0,12}"
    r"|(?:ください|下さい|ほしいです|欲しいです))|ご教示(?:ください|下さい|願います)"
    r"|(?:アドバイス|ヒント)を?(?:ください|下さい))"
    rf"(?=[。\uff0e.!\uff01…」』\uff09)\s{_PLACEHOLDER}]|$)",
    re.MULTILINE,
)


def is_question(text: str) -> bool:
    """Return True if a message (mrkdwn) contains a question.

    It does if one of these is outside code, links and quoted lines:

    1. A question mark after a word, code, a link or an emoji.
    2. An opening of questions that often have no mark: "does anyone …", "how do I …",
       "any ideas …"; in German, French, Spanish and Portuguese, at the start of a
       sentence.
    3. A Japanese ending of questions.
    """
    prose = _NOT_PROSE.sub(lambda match: " " if match["quoted"] else _PLACEHOLDER, text)
    return bool(
        _QUESTION_MARK.search(prose)
        or _ENGLISH_OPENING.search(prose)
        or _OTHER_OPENING.search(prose)
        or _JAPANESE_ENDING.search(prose)
    )


def should_capture(capture: str, *, ts: str, thread_ts: str | None, text: str) -> bool:
    """Return True if the channel's `capture` setting makes a message an ask."""
    if thread_ts not in {None, ts}:
        return False
    return capture == "all" or (capture == "questions" and is_question(text))
