"""Check tokens and secrets before they are used, without showing them."""

import base64
import re

from pydantic import SecretStr

from bot.errors import SettingsError

# A word counts only at the start of a part: one in a thousand real tokens, which are
# random letters, would contain such a word by chance.
_PLACEHOLDER = re.compile(
    r"\.\.\.|…|[<>]|(?<![a-z0-9])(?:x{3,}(?![a-z0-9])|your|change|example|todo|insert)",
    re.IGNORECASE,
)


_QUOTES = ("'", '"', "“", "”", "\u2018", "’", "`")
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
# A shorter value was cut off.
_MIN_SECRET_LENGTH = 16


def check_secret(
    name: str,
    value: SecretStr | None,
    *,
    prefix: str = "",
    kind: str = "signing secret",
) -> str | None:
    """Return the secret, None if not set. Raises SettingsError if it can't be right.

    Without a prefix, it is a secret of Slack's app; `kind` is Slack's name for it.
    """
    if value is None:
        return None
    secret = value.get_secret_value()
    if not secret.strip():
        raise SettingsError(f"{name} is empty. Give it a value, or remove it.")
    if secret.startswith(_QUOTES) or secret.endswith(_QUOTES):
        raise SettingsError(f"{name} has quotes around it. Remove them.")
    if secret != secret.strip() or any(c.isspace() for c in secret):
        raise SettingsError(
            f"{name} has a space in it. Copy it again without the space."
        )
    if _PLACEHOLDER.search(secret):
        raise SettingsError(
            f"{name} is still a placeholder. Replace it with the real value from Slack."
        )
    if not secret.startswith(prefix):
        raise SettingsError(
            f"{name} is of the wrong kind. It must begin with {prefix}."
        )
    if len(secret) < _MIN_SECRET_LENGTH:
        raise SettingsError(f"{name} is too short. Copy all of it from Slack.")
    if not prefix and not _SIGNING_SECRET.fullmatch(secret):
        raise SettingsError(
            f"{name} is not a {kind}. A {kind} has 32 characters from 0 to 9 and a to"
            " f. Copy it again from your app's Basic Information page."
        )
    return secret


_KEY_BYTES = 32
# Random bytes repeat so often that fewer are practically impossible.
_MIN_DISTINCT_BYTES = 16


def check_key(name: str, value: SecretStr | None) -> bytes | None:
    """Return the bytes of a key in base64. Raises SettingsError if it is none."""
    if value is None:
        return None
    try:
        key = base64.b64decode(value.get_secret_value(), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES or len(set(key)) < _MIN_DISTINCT_BYTES:
        raise SettingsError(
            f"{name} is not a key of {_KEY_BYTES} random bytes in base64. Make one with"
            " `openssl rand -base64 32`."
        )
    return key
