"""The key that seals workspaces' tokens, and its change."""

from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from bot.db.sealing import (
    SealingKey,
    WrongKey,
    decrypt_with_any,
    record_change,
    record_first_key,
    record_lost_key,
)
from bot.errors import SettingsError
from models import WorkspaceToken

# The name of the row with the key's fingerprint, and of the key's setting.
NAME, SETTING = "tokens", "TOKEN_KEY"


@dataclass(frozen=True, slots=True, repr=False)
class TokenKey(SealingKey):
    CONTEXT: ClassVar[str] = "token "


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The key that seals, and during a change the one before it."""

    current: TokenKey
    previous: TokenKey | None = None

    def seal(self, token: str, row: str) -> bytes:
        return self.current.encrypt(token.encode(), row)

    def open(self, sealed: bytes, row: str) -> str:
        """Return the token. Raises WrongKey."""
        return decrypt_with_any((self.current, self.previous), sealed, row).decode()


def require_same_key(write_session: sessionmaker[Session], keys: TokenKeys) -> None:
    """Record the first key. Raises SettingsError if the database has another one."""
    configured = keys.current.fingerprint
    with write_session.begin() as session:
        recorded = record_first_key(session, NAME, configured)
    if recorded != configured:
        raise SettingsError(
            f"TOKEN_KEY is {configured}, but the database was written with the key"
            f" {recorded}. Set that key. To change keys, run `uv run app.py"
            " rotate-token-key`."
        )


def access_row(installation_id: int) -> str:
    return f"access {installation_id}"


def refresh_row(installation_id: int) -> str:
    return f"refresh {installation_id}"


def rotate(write_session: sessionmaker[Session], keys: TokenKeys) -> int:
    """Seal all tokens with the current key, in one transaction; return their number.

    Raises SettingsError if a token opens with neither key, and then changes nothing.
    """
    with write_session.begin() as session:
        record_change(session, NAME, keys.current, keys.previous, setting=SETTING)
        rows = session.scalars(select(WorkspaceToken).with_for_update()).all()
        for row in rows:
            try:
                _reseal(row, keys)
            except WrongKey:
                raise SettingsError(
                    f"The token of installation {row.installation_id} opens with"
                    " neither key. Delete its row in workspace_tokens, and install the"
                    " app in that workspace again."
                ) from None
            row.version += 1
    return len(rows)


def _reseal(row: WorkspaceToken, keys: TokenKeys) -> None:
    name = access_row(row.installation_id)
    row.access_token = keys.seal(keys.open(row.access_token, name), name)
    if row.refresh_token is not None:
        name = refresh_row(row.installation_id)
        row.refresh_token = keys.seal(keys.open(row.refresh_token, name), name)


def lose(write_session: sessionmaker[Session], keys: TokenKeys) -> int:
    """Delete all tokens, which no one can open, and record the new key.

    Each workspace has to install the app again, and then finds everything. Returns the
    number of tokens. Raises SettingsError if the key is not lost.
    """
    with write_session.begin() as session:
        record_lost_key(session, NAME, keys.current, keys.previous)
        count = session.scalar(select(func.count()).select_from(WorkspaceToken)) or 0
        session.execute(delete(WorkspaceToken))
    return count
