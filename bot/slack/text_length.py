"""The length of texts in any script, as that of English. Pure."""

import unicodedata

from bot.slack.text import one_line


def english_length(plain_text: str) -> int:
    """Return the length of an English text that says about as much.

    1. A Chinese or Japanese character counts as three English letters, a Korean
       syllable as two.
    2. Arabic and Hebrew leave out vowels: three letters count as four.
    3. A combining mark counts if it is a vowel sign, one after each letter.
    4. A run of spaces counts once.
    """
    thirds, is_letter = 0, False
    for character in one_line(plain_text):
        if character.isascii():
            thirds, is_letter = thirds + 3, character.isalpha()
            continue
        kind = unicodedata.category(character)
        name = unicodedata.name(character, "")
        if kind in _COMBINING:
            is_vowel = kind == "Mn" and any(word in name for word in _VOWELS)
            thirds += 3 if is_vowel and is_letter else 0
            is_letter = False
            continue
        is_letter = kind.startswith("L")
        if character not in _BLANK_LETTERS:
            weights = (
                n for script, n in _ENGLISH_THIRDS.items() if name.startswith(script)
            )
            thirds += next(weights, 3)
    return thirds // 3


# Combining or invisible characters.
_COMBINING = {"Mn", "Me", "Cf"}
_VOWELS = ("VOWEL SIGN", "CHARACTER SARA", "MAI HAN-AKAT")
# Blank characters that Unicode counts as letters: Hangul fillers, blank Braille.
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
# Thirds of an English letter per letter, by the prefix of its Unicode name.
_ENGLISH_THIRDS = {
    "CJK ": 9,
    "HIRAGANA LETTER": 9,
    "KATAKANA LETTER": 9,
    "KATAKANA-HIRAGANA PROLONGED": 9,
    "IDEOGRAPHIC ITERATION MARK": 9,
    "HANGUL SYLLABLE": 6,
    "ETHIOPIC SYLLABLE": 6,
    "ARABIC LETTER": 4,
    "HEBREW LETTER": 4,
}
