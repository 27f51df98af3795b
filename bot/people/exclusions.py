"""People with whom a member is never matched. Nobody else learns of them."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from bot.db.statements import upsert
from bot.errors import UserError
from bot.people import rules
from bot.runtime import Transaction
from bot.workspace import members
from models import DoNotPair, MemberAttributes

# The most people in the form, also those with whom a match was no good one.
MAX_SHOWN = 100

Source = Literal["own", "fit"]
_Column = InstrumentedAttribute[str]


def excluded(tx: Transaction, member: str) -> list[str]:
    """Return the people whom the member excludes, those of their own choice first."""
    rows = sorted(_rows(tx, member), key=lambda row: (row.source == "fit", row.other))
    return [row.other for row in rows[:MAX_SHOWN]]


def exclude(tx: Transaction, member: str, other: str, *, source: Source) -> None:
    """Never match these two again, as the member wishes.

    "fit": they said that a match was no good one. Such people do not count for the
    most that a member can choose.
    """
    # Otherwise the row could be written after one of them was forgotten.
    for person in rules.in_order(member, other):
        members.lock(tx, person)
    tx.session.execute(
        upsert(tx.session, DoNotPair)
        .values(
            installation_id=tx.workspace.id, member=member, other=other, source=source
        )
        .on_conflict_do_nothing()
    )


def set_excluded(
    tx: Transaction, member: str, chosen: Sequence[str], *, field: str
) -> None:
    """Store these people in place of those shown. Raises UserError if too many."""
    people = rules.own_exclusions(chosen, member)
    by_fit = {row.other for row in _rows(tx, member) if row.source == "fit"}
    if len(set(people) - by_fit) > rules.MAX_EXCLUDED:
        raise UserError(f"Up to {rules.MAX_EXCLUDED} people, please.", field=field)
    tx.session.execute(
        delete(DoNotPair).where(
            DoNotPair.installation_id == tx.workspace.id,
            DoNotPair.member == member,
            DoNotPair.other.in_(set(excluded(tx, member)) - set(people)),
        )
    )
    for person in sorted(set(people) - by_fit):
        exclude(tx, member, person, source="own")


def _rows(tx: Transaction, member: str) -> Sequence[DoNotPair]:
    return tx.session.scalars(
        select(DoNotPair)
        .filter_by(installation_id=tx.workspace.id, member=member)
        .order_by(DoNotPair.other)
    ).all()


# Conditions on two columns with members


def are_excluded(
    tx: Transaction, member: _Column, other: _Column
) -> ColumnElement[bool]:
    """Return the condition that one of two never wants to meet the other."""
    return exists().where(
        DoNotPair.installation_id == tx.workspace.id,
        or_(
            (DoNotPair.member == member) & (DoNotPair.other == other),
            (DoNotPair.member == other) & (DoNotPair.other == member),
        ),
    )


def are_manager_and_report(
    tx: Transaction, member: _Column, other: _Column
) -> ColumnElement[bool]:
    own = MemberAttributes.member
    return exists().where(
        MemberAttributes.installation_id == tx.workspace.id,
        or_(
            (own == member) & (MemberAttributes.manager == other),
            (own == other) & (MemberAttributes.manager == member),
        ),
    )
