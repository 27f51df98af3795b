"""Seal the authors of anonymous asks, and index them, with a key outside the database.

The ids in a workspace are so few that a hash of them is a list with extra steps. So the
author is encrypted (AES-GCM), and what finds the author's own rows again is a keyed
index (HMAC-SHA256), with another key for each purpose. Docs: decisions/0021.
"""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
# All sealed ids have this length, so that the length says nothing. Slack's ids have 9
# to 21 characters.
_PADDED_BYTES = 40


class WrongKey(Exception):
    """The value was sealed with another key, or for another row."""


@dataclass(frozen=True, slots=True)
class AnonymityKey:
    """A key, and the keys that are derived from it for each purpose."""

    # 32 random bytes.
    _secret: bytes

    def __repr__(self) -> str:
        return "AnonymityKey(…)"

    @property
    def fingerprint(self) -> str:
        """A name of the key, which says nothing about it."""
        return self._derive("fingerprint").hex()[:16]

    def seal(self, member: str, row: str) -> bytes:
        """Encrypt a member's id for one row; the same id never looks the same."""
        nonce = os.urandom(_NONCE_BYTES)
        padded = member.encode().ljust(_PADDED_BYTES, b"\0")
        return nonce + AESGCM(self._derive("seal")).encrypt(nonce, padded, row.encode())

    def open(self, sealed: bytes, row: str) -> str:
        """Return the member's id. Raises WrongKey."""
        try:
            padded = AESGCM(self._derive("seal")).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], row.encode()
            )
        except InvalidTag as error:
            raise WrongKey from error
        return padded.rstrip(b"\0").decode()

    def index(self, purpose: str, *parts: object) -> str:
        """Return the index of the parts for a purpose: equal for equal parts only."""
        digest = hmac.HMAC(self._derive(f"index {purpose}"), hashes.SHA256())
        digest.update("\0".join(map(str, parts)).encode())
        return digest.finalize().hex()

    def _derive(self, purpose: str) -> bytes:
        return HKDF(
            hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()
        ).derive(self._secret)


@dataclass(frozen=True, slots=True)
class AnonymityKeys:
    """The key that seals, and the one before it, which still opens and finds."""

    current: AnonymityKey
    previous: AnonymityKey | None = None

    def seal(self, member: str, row: str) -> bytes:
        return self.current.seal(member, row)

    def open(self, sealed: bytes, row: str) -> str:
        """Return the member's id. Raises WrongKey."""
        try:
            return self.current.open(sealed, row)
        except WrongKey:
            if self.previous is None:
                raise
            return self.previous.open(sealed, row)

    def index(self, purpose: str, *parts: object) -> str:
        return self.current.index(purpose, *parts)

    def indexes(self, purpose: str, *parts: object) -> list[str]:
        """Return the indexes under which rows of both keys are found."""
        keys = [self.current, *([self.previous] if self.previous else [])]
        return [key.index(purpose, *parts) for key in keys]

    @classmethod
    def of(
        cls, current: bytes | None, previous: bytes | None
    ) -> "AnonymityKeys | None":
        """Return the keys of these bytes; None without a current key."""
        if current is None:
            return None
        return cls(AnonymityKey(current), AnonymityKey(previous) if previous else None)
