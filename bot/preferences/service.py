"""Members' own choices: read with their defaults, and recorded."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import TypedDict, TypeVar, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.outbox import upsert
from bot.preferences.rules import MemberSettings, PublicNaming
from models import MemberSettingsRow

T = TypeVar("T")

_DEFAULTS = MemberSettings()


class MemberSettingsUpdate(TypedDict, total=False):
    """What to change; what is left out stays, None is the default."""

    topics_known: list[str]
    topics_wanted: list[str]
    wants_nudges: bool
    paused_until: date | None
    hours_from: time | None
    hours_to: time | None
    may_be_named: PublicNaming | None
    asks_a_week: int | None
    greeted_at: datetime | None
    wants_greetings: bool


def get(session: Session, installation_id: int, member: str) -> MemberSettings:
    """The member's choices; all defaults for somebody who never chose."""
    return get_many(session, installation_id, [member])[member]


def get_many(
    session: Session, installation_id: int, members: Iterable[str]
) -> dict[str, MemberSettings]:
    """The choices of each of these members."""
    wanted = set(members)
    rows = session.scalars(
        select(MemberSettingsRow).where(
            MemberSettingsRow.installation_id == installation_id,
            MemberSettingsRow.member.in_(wanted),
        )
    )
    return dict.fromkeys(wanted, _DEFAULTS) | {
        row.member: _from_row(row) for row in rows
    }


def update(
    session: Session,
    installation_id: int,
    member: str,
    **changes: Unpack[MemberSettingsUpdate],
) -> None:
    """Record some of a member's choices, and leave the others as they are."""
    session.execute(
        upsert(session, MemberSettingsRow)
        .values(installation_id=installation_id, member=member, **changes)
        .on_conflict_do_update(
            index_elements=["installation_id", "member"], set_=dict(changes)
        )
    )


def _from_row(row: MemberSettingsRow) -> MemberSettings:
    naming: PublicNaming = _DEFAULTS.may_be_named
    if row.may_be_named in {"yes", "never"}:
        naming = "yes" if row.may_be_named == "yes" else "never"
    return MemberSettings(
        topics_known=tuple(row.topics_known),
        topics_wanted=tuple(row.topics_wanted),
        wants_nudges=row.wants_nudges,
        paused_until=row.paused_until,
        hours_from=_or_default(row.hours_from, _DEFAULTS.hours_from),
        hours_to=_or_default(row.hours_to, _DEFAULTS.hours_to),
        may_be_named=naming,
        asks_a_week=_or_default(row.asks_a_week, _DEFAULTS.asks_a_week),
        is_greeted=row.greeted_at is not None,
        wants_greetings=row.wants_greetings,
    )


def _or_default(value: T | None, default: T) -> T:
    return default if value is None else value
