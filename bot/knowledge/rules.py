"""The words of an answer, as they are kept. No database, Slack or clock."""

import re
from datetime import timedelta
from zlib import crc32

from bot.slack.text import ELLIPSIS, sanitize

MAX_LENGTH = 3000
# No word of any language with spaces is longer; the others are cut anywhere.
_MAX_WORD_LENGTH = 100
_FENCE = "```"
SPREAD_OVER = timedelta(hours=4)
# A token such as a mention or a link, or an escaped character: whole or not at all.
_ATOM = re.compile(r"<[^<>\n]*>|&(?:amp|lt|gt);")


def kept_text(text: str) -> str:
    """Return the words of a message to keep, as mrkdwn of up to `MAX_LENGTH`.

    Longer ones end with an ellipsis, after a whole word.
    """
    clean = sanitize(text)
    if len(clean) <= MAX_LENGTH:
        return clean
    end = MAX_LENGTH - len(ELLIPSIS) - len(_FENCE)
    for atom in _ATOM.finditer(clean):
        if atom.end() > end:
            end = min(end, atom.start())
            break
    if not clean[end].isspace():
        word = re.search(rf"\s\S{{0,{_MAX_WORD_LENGTH}}}$", clean[:end])
        end = word.start() if word else end
    cut = clean[:end].rstrip() + ELLIPSIS
    # A code block without an end would take in all that comes after it.
    return cut + _FENCE if cut.count(_FENCE) % 2 else cut


def spread(member: str) -> timedelta:
    """Return the delay of a message that many people get: the same for a member."""
    return (
        crc32(member.encode())
        % (SPREAD_OVER // timedelta(seconds=1))
        * timedelta(seconds=1)
    )
