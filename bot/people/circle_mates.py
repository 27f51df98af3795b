"""People who are in a circle together now."""

from collections.abc import Collection, Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from bot.people.ask_facts import among
from bot.runtime import Transaction
from models import Circle, CircleMember

_OWN, _MATE = aliased(CircleMember), aliased(CircleMember)


def mates_of(tx: Transaction, member: str) -> Select[str]:
    """Select those who are in a circle with a member."""
    return _together(tx).with_only_columns(_MATE.member).where(_OWN.member == member)


def load(tx: Transaction, people: Collection[str]) -> Mapping[str, set[str]]:
    """Return the circle mates of these people among them."""
    mates: dict[str, set[str]] = {member: set() for member in people}
    rows = tx.session.execute(
        _together(tx).where(among(_OWN.member, people), among(_MATE.member, people))
    )
    for member, mate in rows:
        if member in mates and mate in mates:
            mates[member].add(mate)
    return mates


def _together(tx: Transaction) -> Select[str, str]:
    """Select each two people who took their places in a circle that goes on."""
    return (
        select(_OWN.member, _MATE.member.label("mate"))
        .join(_MATE, _MATE.circle_id == _OWN.circle_id)
        .join(Circle, Circle.id == _OWN.circle_id)
        .where(
            Circle.installation_id == tx.workspace.id,
            Circle.ended_at.is_(None),
            _OWN.member != _MATE.member,
            *(each.taken_at.is_not(None) for each in (_OWN, _MATE)),
            *(each.left_at.is_(None) for each in (_OWN, _MATE)),
        )
    )
