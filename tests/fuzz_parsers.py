"""Search for texts over which the readers of mentions, emoji and commands stumble.

By hand, since it wants a library with a compiler's eyes that the tests do without:
`uv run --group dev --with atheris python -m tests.fuzz_parsers -max_total_time=60`.
"""

import sys

import atheris

with atheris.instrument_imports(include=["bot"]):
    from bot.channels import rules as channels
    from bot.kudos import rules as kudos
    from bot.kudos import words
    from bot.text import sanitize, to_plain, tokenize


def check_parsers(data: bytes) -> None:
    """Whatever it is, it is read; and what is read is the whole of it."""
    text = sanitize(atheris.FuzzedDataProvider(data).ConsumeUnicode(len(data)))
    assert "".join(piece.text for piece in tokenize(text)) == to_plain(text)
    said = words.parse(text)
    assert len(said.reason) <= words.MAX_REASON_LENGTH
    assert kudos.reason_length(said.reason) <= 3 * len(said.reason)
    channels.parse(text)
    channels.is_question(text)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check_parsers)
    atheris.Fuzz()
