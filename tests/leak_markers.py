"""What may stand in nothing that is written, and where it is looked for.

Each line that is logged in any test, what a test prints, and what the programs say
that tests start, are read: conftest.py and the tests of the command line see to it.
"""

import re

from tests.bot.config.test_settings import SIGNING

# Of any token, with or without the rest of it.
_TOKEN_PATTERN = re.compile(r"\b(?:xox[a-z]|xapp)-\w")
# What else opens doors, and what people say in most of the tests.
_MARKERS = {
    "a-signing-secret",
    "s3cret",
    SIGNING,
    "How do I fix x?",
    "Have you tried it again?",
    "Freeze the clock.",
    "on retries, they saved my week",
}


def add(*secrets: str) -> None:
    """For secrets that are made up as the tests run."""
    _MARKERS.update(secrets)


def find_in(text: str) -> list[str]:
    """Those that stand in the text, which was written where they must not be."""
    tokens = _TOKEN_PATTERN.findall(text)
    return sorted({*tokens, *(secret for secret in _MARKERS if secret in text)})
