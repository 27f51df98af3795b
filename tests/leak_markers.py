"""Markers of secrets and people's text that no log or output may contain.

conftest.py and the tests of the command line search each logged line, the output of
tests, and that of programs started by tests.
"""

import re

from tests.bot.config.test_settings import SIGNING

# The start of any token.
_TOKEN_PATTERN = re.compile(r"\b(?:xox[a-z]|xapp)-\w")
# Other secrets, and people's text in most of the tests.
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
    """Add a secret that is made up as the tests run."""
    _MARKERS.update(secrets)


def find_in(text: str) -> list[str]:
    """Return the markers in a text that must not contain them."""
    tokens = _TOKEN_PATTERN.findall(text)
    return sorted({*tokens, *(secret for secret in _MARKERS if secret in text)})
