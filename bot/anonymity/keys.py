"""Seal the authors of anonymous asks, and index them, with a key outside the database.

The ids in a workspace are so few that a hash of them is a list with extra steps. So the
author is encrypted (AES-GCM), and what finds the author's own rows again is a keyed
index (HMAC-SHA256), with another key for each purpose. Docs: decisions/0021.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, hmac

from bot.db.sealing import SealingKey, decrypt_with_any

# All sealed ids have this length, so that the length says nothing. Slack's ids have 9
# to 21 characters.
_PADDED_BYTES = 40


@dataclass(frozen=True, slots=True, repr=False)
class AnonymityKey(SealingKey):
    """A key that seals and indexes members' ids."""

    def seal(self, member: str, row: str) -> bytes:
        """Encrypt a member's id for one row; the same id never looks the same."""
        return self.encrypt(member.encode().ljust(_PADDED_BYTES, b"\0"), row)

    def index(self, purpose: str, *parts: object) -> str:
        """Return the index of the parts for a purpose: equal for equal parts only."""
        digest = hmac.HMAC(self.derive(f"index {purpose}"), hashes.SHA256())
        digest.update("\0".join(map(str, parts)).encode())
        return digest.finalize().hex()


@dataclass(frozen=True, slots=True)
class AnonymityKeys:
    """The key that seals, and the one before it, which still opens and finds."""

    current: AnonymityKey
    previous: AnonymityKey | None = None

    def seal(self, member: str, row: str) -> bytes:
        return self.current.seal(member, row)

    def open(self, sealed: bytes, row: str) -> str:
        """Return the member's id. Raises WrongKey."""
        keys = (self.current, self.previous)
        return decrypt_with_any(keys, sealed, row).rstrip(b"\0").decode()

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
