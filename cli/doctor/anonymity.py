"""Check the key of asks without a name."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from bot.anonymity.key_check import NAME
from bot.clock import Clock
from bot.config.settings import Settings
from bot.db import engine as db_engine
from bot.errors import SettingsError
from cli.anonymity_key import anonymity_keys
from cli.doctor.findings import Finding, ok, warning, wrong
from models import SecretKey

SUBJECT = "Anonymity key"
_ROTATE = (
    "Set that key. To change keys, run `uv run app.py rotate-anonymity-key`; see"
    " docs/operate/anonymity-key.md."
)


def examine(session: Session, settings: Settings, *, clock: Clock) -> Iterator[Finding]:
    """Yield one finding. It shows fingerprints, which say nothing about the keys."""
    try:
        keys = anonymity_keys(settings)
    except SettingsError as error:
        yield wrong(SUBJECT, str(error), "Correct it where you set it.")
        return
    recorded = session.get(SecretKey, NAME)
    if keys is None and recorded is None:
        yield ok(SUBJECT, "Not set, so no one can ask without a name.")
        return
    if keys is None or recorded is None:
        yield (
            warning(
                SUBJECT,
                "ANONYMITY_KEY is not set, but the database was written with the key"
                f" {recorded.fingerprint}. Asks without a name are off.",
                _ROTATE,
            )
            if recorded is not None
            else ok(SUBJECT, "Set. The bot records it when it next starts.")
        )
        return
    current = keys.current.fingerprint
    previous = keys.previous.fingerprint if keys.previous else None
    if recorded.fingerprint != current:
        yield wrong(
            SUBJECT,
            f"ANONYMITY_KEY is {current}, but the database was written with the key"
            f" {recorded.fingerprint}. Asks without a name are off.",
            _ROTATE,
        )
        return
    is_previous_needed = (
        recorded.previous_until is not None and clock() < recorded.previous_until
    )
    if is_previous_needed and previous != recorded.previous_fingerprint:
        yield warning(
            SUBJECT,
            f"The key before it, {recorded.previous_fingerprint}, is not set. Limits"
            " and blocks from before the change don't count.",
            f"Set ANONYMITY_KEY_PREVIOUS until {recorded.previous_until:%Y-%m-%d}.",
        )
    elif previous is not None and not is_previous_needed:
        yield warning(
            SUBJECT,
            "ANONYMITY_KEY_PREVIOUS is set, and no longer needed.",
            "Remove it, and destroy that key.",
        )
    elif _is_beside_database(settings):
        yield warning(
            SUBJECT,
            "It is in a file `.env` beside the database. Who copies the folder can"
            " find out who asked.",
            "Move it elsewhere, and keep it out of the database's backups.",
        )
    else:
        yield ok(SUBJECT, f"The database was written with it ({current}).")


def _is_beside_database(settings: Settings) -> bool:
    file = db_engine.sqlite_file(db_engine.parse_url(settings.database_url))
    env = Path(".env")
    return (
        file is not None
        and env.exists()
        and env.resolve().parent == file.parent
        and "ANONYMITY_KEY" in env.read_text(encoding="utf-8", errors="replace")
    )
