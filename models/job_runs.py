"""When jobs work on each workspace, whichever replica does it."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class JobRun(Base):
    """The time (UTC) at which a job is due in a workspace; without a row, at once.

    A replica that begins the work moves the time ahead, so that no other does it, too.
    """

    __tablename__ = "job_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True, index=True
    )
    due_at: Mapped[datetime]
