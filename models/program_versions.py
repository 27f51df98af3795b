"""The versions of the program that have used the database."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ProgramVersion(Base):
    """A version of the program, with the times (UTC) of its first and last start."""

    __tablename__ = "program_versions"

    version: Mapped[str] = mapped_column(primary_key=True)
    first_used_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
