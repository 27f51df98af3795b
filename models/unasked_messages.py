"""Messages that members did not ask for, as far as their budget needs them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class UnaskedMessage(Base):
    """A message that counts in its recipient's budget, or waits for a place in it.

    It counts from `claimed_at` on, which is just before it is sent, unless its item in
    the outbox was cancelled or rejected after all. Without `claimed_at` it waits.
    """

    __tablename__ = "unasked_messages"
    __table_args__ = (Index(None, "installation_id", "member"),)

    # The id of its item in the outbox, and the item's version: sending the item again
    # is another message.
    item_id: Mapped[int] = mapped_column(
        ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    member: Mapped[str]
    # A value of `budget_rules.Purpose`.
    purpose: Mapped[str]
    claimed_at: Mapped[datetime | None]
