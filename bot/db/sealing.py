"""Seal values with a key outside the database, and recognise that key again.

A sealed value belongs to one row: copied to another row, it does not open. The database
stores the fingerprint of each key that it was written with.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

from bot.db.statements import upsert
from bot.errors import SettingsError
from models import SecretKey

KEY_BYTES = 32
_NONCE_BYTES = 12


class WrongKey(Exception):
    """The value was sealed with another key, or for another row."""


@dataclass(frozen=True, slots=True, repr=False)
class SealingKey:
    """A key of 32 random bytes, and the keys derived from it for each purpose."""

    _secret: bytes

    # Comes before each purpose, so that two kinds of keys never derive the same one.
    CONTEXT: ClassVar[str] = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    @property
    def fingerprint(self) -> str:
        """A name of the key, which says nothing about it."""
        return self.derive("fingerprint").hex()[:16]

    def encrypt(self, content: bytes, row: str) -> bytes:
        """Encrypt for one row; the same content never looks the same."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self.derive("seal")).encrypt(nonce, content, row.encode())

    def decrypt(self, sealed: bytes, row: str) -> bytes:
        """Return the content. Raises WrongKey."""
        nonce, encrypted = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(self.derive("seal")).decrypt(nonce, encrypted, row.encode())
        except (InvalidTag, ValueError) as error:
            raise WrongKey from error

    def derive(self, purpose: str) -> bytes:
        info = f"{self.CONTEXT}{purpose}".encode()
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(
            self._secret
        )


def decrypt_with_any(
    keys: Iterable[SealingKey | None], sealed: bytes, row: str
) -> bytes:
    """Return the content, with the first key that opens it. Raises WrongKey."""
    for key in keys:
        if key is None:
            continue
        try:
            return key.decrypt(sealed, row)
        except WrongKey:
            continue
    raise WrongKey


def record_first_key(session: Session, name: str, fingerprint: str) -> str:
    """Record the key if the database has none yet; return the recorded fingerprint."""
    session.execute(
        upsert(session, SecretKey)
        .values(name=name, fingerprint=fingerprint)
        .on_conflict_do_nothing()
    )
    return session.get_one(SecretKey, name).fingerprint


def record_change(
    session: Session,
    name: str,
    current: SealingKey,
    previous: SealingKey | None,
    *,
    setting: str,
) -> SecretKey | None:
    """Record that `current` replaces `previous`; return the row if it was changed.

    A change that was interrupted goes on: then it is None. `setting` is the name of the
    key's setting. Raises SettingsError if the keys do not fit the recorded one.
    """
    new, old = current.fingerprint, previous.fingerprint if previous else None
    recorded = session.get(SecretKey, name, with_for_update=True)
    if recorded is None:
        raise SettingsError("The database has no key yet. Start the bot with this one.")
    if recorded.fingerprint == new:
        if old is None or old != recorded.previous_fingerprint:
            raise SettingsError(
                f"The database has this key already: {new}. To change it, set"
                f" {setting} to a new key, and {setting}_PREVIOUS to this one."
            )
        return None
    if recorded.fingerprint != old:
        raise SettingsError(
            f"The database was written with the key {recorded.fingerprint}. Set"
            f" {setting}_PREVIOUS to it, or use --lost if no one has that key."
        )
    recorded.fingerprint, recorded.previous_fingerprint = new, old
    return recorded


def record_lost_key(
    session: Session, name: str, current: SealingKey, previous: SealingKey | None
) -> SecretKey:
    """Record `current` in place of a key that is lost; return the row.

    Raises SettingsError if the key is not lost.
    """
    recorded = session.get(SecretKey, name, with_for_update=True)
    known = {key.fingerprint for key in (current, previous) if key is not None}
    if recorded is None or recorded.fingerprint in known:
        raise SettingsError(
            "No key is lost: the database was written with one that is set."
        )
    recorded.fingerprint = current.fingerprint
    recorded.previous_fingerprint = recorded.previous_until = None
    return recorded
