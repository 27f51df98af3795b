"""Installations in progress: each is finished once, in the browser where it began."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import OAuthState

LIFETIME = timedelta(minutes=10)
_RANDOM_BYTES = 32


def new_secret() -> str:
    """Return a secret that nobody can guess, for a link or a cookie."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def begin(session: Session, browser: str, *, now: datetime) -> str:
    """Begin an installation in a browser; return the state for Slack's link.

    Deletes those that nobody has finished in time.
    """
    session.execute(delete(OAuthState).where(OAuthState.created_at <= now - LIFETIME))
    state = new_secret()
    session.add(
        OAuthState(state_hash=_hash(state), browser_hash=_hash(browser), created_at=now)
    )
    return state


def finish(session: Session, state: str, browser: str, *, now: datetime) -> bool:
    """Use the state up; return False if it is not one of this browser's.

    Only one of two requests at once gets True. A request from another browser leaves
    the state to its own.
    """
    used = session.scalar(
        delete(OAuthState)
        .where(
            OAuthState.state_hash == _hash(state),
            OAuthState.browser_hash == _hash(browser),
            OAuthState.created_at > now - LIFETIME,
        )
        .returning(OAuthState.state_hash)
    )
    return used is not None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
