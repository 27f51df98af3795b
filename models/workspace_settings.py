"""What a workspace decided for all of its channels and members."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class WorkspaceSettingsRow(Base):
    """One workspace's decisions; a row is made when the first thing is decided.

    None means the default, which is in `bot/policies/rules.py`.
    """

    __tablename__ = "policies"
    __table_args__ = (
        CheckConstraint("sent_days > 0", name="sent_days"),
        CheckConstraint("sightings_days > 0", name="sightings_days"),
        CheckConstraint("departed_days > 0", name="departed_days"),
    )

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    # How long is kept what was sent, what belongs to no ask, and whoever left.
    sent_days: Mapped[int | None]
    sightings_days: Mapped[int | None]
    departed_days: Mapped[int | None]
    # By the name of a channel's setting: with what a channel begins.
    channel_defaults: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ProgramLead(Base):
    """Somebody whom the admins named to run the program with them."""

    __tablename__ = "program_leads"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
