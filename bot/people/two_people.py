"""Rows about two people of one workspace, in whichever of two columns each is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from bot.runtime import Transaction

Columns = tuple[InstrumentedAttribute[str], InstrumentedAttribute[str]]


def ids_with(tx: Transaction, columns: Columns, member: str) -> Sequence[int]:
    """Return the ids of the rows that name a member, in their order."""
    model: Any = columns[0].class_
    return tx.session.scalars(
        select(model.id)
        .where(
            model.installation_id == tx.workspace.id,
            or_(*(column == member for column in columns)),
        )
        .order_by(model.id)
    ).all()


def others_with(tx: Transaction, columns: Columns, member: str) -> list[Select[str]]:
    """Select those who share a row with a member."""
    model: Any = columns[0].class_
    is_here = model.installation_id == tx.workspace.id
    first, second = columns
    return [
        select(first).where(is_here, second == member),
        select(second).where(is_here, first == member),
    ]
