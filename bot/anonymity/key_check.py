"""Check that the key is the one that the database was written with."""

import logging

from sqlalchemy.orm import Session, sessionmaker

from bot.anonymity.keys import AnonymityKeys
from bot.db import sealing

log = logging.getLogger(__name__)

# The name of the row with the key's fingerprint.
NAME = "anonymity"


def usable_keys(
    write_session: sessionmaker[Session], keys: AnonymityKeys | None
) -> AnonymityKeys | None:
    """Return the keys, or None if the database was written with another one.

    The first key is recorded. With another one the bot would link new asks to keys that
    the other replicas lack, and old ones would be dead.
    """
    if keys is None:
        return None
    configured = keys.current.fingerprint
    with write_session.begin() as session:
        recorded = sealing.record_first_key(session, NAME, configured)
    if recorded == configured:
        return keys
    log.error(
        "asks without a name are off: ANONYMITY_KEY is another key than the one that"
        " the database was written with; see docs/operate/anonymity-key.md",
        extra={"configured": configured, "recorded": recorded},
    )
    return None
