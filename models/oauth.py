"""The tokens of workspaces that were installed through the install page."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class WorkspaceToken(Base):
    """A workspace's token, sealed with a key that is not in the database.

    A workspace without a row has removed the app, is served with the token of its
    organisation, or its token is in the environment.
    """

    __tablename__ = "workspace_tokens"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    access_token: Mapped[bytes] = mapped_column(LargeBinary)
    # For apps with token rotation; it gives the next two tokens, once.
    refresh_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    # None: it does not expire.
    expires_at: Mapped[datetime | None]
    # Changes with each new token, so that other processes notice it.
    version: Mapped[int]
    # The time of the installation, to tell later events from earlier ones.
    installed_at: Mapped[datetime]
    # Until then, one process asks Slack for the next token.
    refreshing_until: Mapped[datetime | None]


class OrganisationWorkspace(Base):
    """A workspace that is served with the token of its organisation."""

    __tablename__ = "organisation_workspaces"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), index=True
    )
    # Slack's time, to tell later events from earlier ones.
    granted_at: Mapped[datetime]


class OAuthState(Base):
    """An installation that has begun in a browser and is not finished.

    Both are hashes: who reads the database can't finish the installation.
    """

    __tablename__ = "oauth_states"

    state_hash: Mapped[str] = mapped_column(primary_key=True)
    browser_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
