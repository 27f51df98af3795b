"""Members' own choices: read with their defaults, and recorded."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import TypedDict, TypeVar, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.outbox import upsert
from bot.preferences.rules import Naming, Preferences
from models import Preference

T = TypeVar("T")

_DEFAULT = Preferences()


class Choices(TypedDict, total=False):
    """What to change; what is left out stays, None is the default."""

    topics_known: list[str]
    topics_wanted: list[str]
    wants_nudges: bool
    paused_until: date | None
    hours_from: time | None
    hours_to: time | None
    may_be_named: Naming | None
    asks_a_week: int | None
    greeted_at: datetime | None
    wants_greetings: bool


def of(session: Session, installation_id: int, member: str) -> Preferences:
    """The member's choices; all defaults for somebody who never chose."""
    return of_all(session, installation_id, [member])[member]


def of_all(
    session: Session, installation_id: int, members: Iterable[str]
) -> dict[str, Preferences]:
    """The choices of each of these members."""
    wanted = set(members)
    rows = session.scalars(
        select(Preference).where(
            Preference.installation_id == installation_id,
            Preference.member.in_(wanted),
        )
    )
    return dict.fromkeys(wanted, _DEFAULT) | {row.member: _read(row) for row in rows}


def choose(
    session: Session, installation_id: int, member: str, **choices: Unpack[Choices]
) -> None:
    """Record some of a member's choices, and leave the others as they are."""
    session.execute(
        upsert(session, Preference)
        .values(installation_id=installation_id, member=member, **choices)
        .on_conflict_do_update(
            index_elements=["installation_id", "member"], set_=dict(choices)
        )
    )


def _read(row: Preference) -> Preferences:
    naming: Naming = _DEFAULT.may_be_named
    if row.may_be_named in {"yes", "never"}:
        naming = "yes" if row.may_be_named == "yes" else "never"
    return Preferences(
        topics_known=tuple(row.topics_known),
        topics_wanted=tuple(row.topics_wanted),
        wants_nudges=row.wants_nudges,
        paused_until=row.paused_until,
        hours_from=_or(row.hours_from, _DEFAULT.hours_from),
        hours_to=_or(row.hours_to, _DEFAULT.hours_to),
        may_be_named=naming,
        asks_a_week=_or(row.asks_a_week, _DEFAULT.asks_a_week),
        is_greeted=row.greeted_at is not None,
        wants_greetings=row.wants_greetings,
    )


def _or(value: T | None, default: T) -> T:
    return default if value is None else value
