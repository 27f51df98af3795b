"""Search for texts that break the parsers of mentions, emoji and commands.

Run it by hand, since it needs an instrumenting library that the tests don't: `uv run
--group dev --with atheris python -m tests.fuzz_parsers -max_total_time=60`.
"""

import sys

import atheris

from bot.asks import capture_rules
from bot.kudos import parser
from bot.kudos import rules as kudos
from bot.slack import emoji
from bot.slack.text import sanitize, to_plain, tokenize

with atheris.instrument_imports(include=["bot"]):
    from bot.kudos import parser
    from bot.kudos import rules as kudos
    from bot.slack import emoji
    from bot.slack.text import sanitize, to_plain, tokenize


def check_parsers(data: bytes) -> None:
    """Check that any text is parsed, and that its tokens cover it."""
    text = sanitize(atheris.FuzzedDataProvider(data).ConsumeUnicode(len(data)))
    assert "".join(piece.text for piece in tokenize(text)) == to_plain(text)
    parsed = parser.parse(text)
    assert len(parsed.reason) <= parser.MAX_REASON_LENGTH
    assert kudos.reason_length(parsed.reason) <= 3 * len(parsed.reason)
    emoji.parse(text)
    capture_rules.is_question(text)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check_parsers)
    atheris.Fuzz()
