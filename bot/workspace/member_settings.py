"""Members' settings: read with their defaults, and stored."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, TypedDict, TypeVar, Unpack, cast

from sqlalchemy import select

from bot.db.statements import set_columns
from bot.forms.fields import Field
from bot.forms.setting import MemberSetting
from bot.runtime import Transaction
from models import MemberSettingsRow

PublicNaming = Literal["ask", "yes", "never"]
Participation = Literal["writing", "calls", "either"]


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """A member's settings, with a default for each that they did not choose.

    `hours_from`, `hours_to` and `paused_until` are in the member's own zone
    (`Member.tz`). Contact hours are [hours_from, hours_to). `paused_until` is the first
    day after the pause.
    """

    topics_known: tuple[str, ...] = ()
    topics_wanted: tuple[str, ...] = ()
    wants_reminders: bool = True
    paused_until: date | None = None
    hours_from: time = time(9)
    hours_to: time = time(17)
    # Consent to public posts about them: "ask" each time, "yes" always, or "never".
    public_naming: PublicNaming = "ask"
    # The way in which they like to take part in programs.
    participation: Participation = "either"
    topics_refused: tuple[str, ...] = ()
    # The most requests of the bot to help with an ask; 0: never, None: by how often
    # they answer.
    max_requests_per_week: int | None = None
    is_greeted: bool = False
    wants_greetings: bool = True
    keeps_answer_texts: bool = True
    wants_anonymous_notices: bool = True
    wants_work_list: bool = True
    wants_lead_prompts: bool = True
    # The codes of the languages that they can meet in, by ISO 639; (): not known.
    languages: tuple[str, ...] = ()
    # The country or part of one whose public holidays they have: "DE", "DE-BY".
    holidays_of: str | None = None
    # The fewest weeks from one peer coffee to the next; None: one in each round.
    coffee_weeks: int | None = None

    def is_paused(self, today: date) -> bool:
        """Return True if paused on `today`, the date in the member's zone."""
        return self.paused_until is not None and today < self.paused_until


T = TypeVar("T")

_DEFAULTS = MemberSettings()


class MemberSettingsUpdate(TypedDict, total=False):
    """Settings to change; missing keys stay, None is the default."""

    topics_known: list[str]
    topics_wanted: list[str]
    topics_refused: list[str]
    wants_reminders: bool
    paused_until: date | None
    hours_from: time | None
    hours_to: time | None
    public_naming: PublicNaming | None
    participation: Participation
    max_requests_per_week: int | None
    greeted_at: datetime | None
    wants_greetings: bool
    keeps_answer_texts: bool
    wants_anonymous_notices: bool
    wants_work_list: bool
    wants_lead_prompts: bool
    lead_prompted_at: datetime | None
    languages: list[str]
    holidays_of: str | None
    coffee_weeks: int | None


def get(tx: Transaction, member: str) -> MemberSettings:
    """Return the member's settings; all defaults if they never chose."""
    row = tx.session.get(MemberSettingsRow, (tx.workspace.id, member))
    return _DEFAULTS if row is None else _from_row(row)


def get_many(tx: Transaction, members: Iterable[str]) -> dict[str, MemberSettings]:
    """Return the settings of each of these members."""
    unique_ids = set(members)
    rows = tx.session.scalars(
        select(MemberSettingsRow).where(
            MemberSettingsRow.installation_id == tx.workspace.id,
            MemberSettingsRow.member.in_(unique_ids),
        )
    )
    return dict.fromkeys(unique_ids, _DEFAULTS) | {
        row.member: _from_row(row) for row in rows
    }


def update(
    tx: Transaction,
    member: str,
    **changes: Unpack[MemberSettingsUpdate],
) -> None:
    """Store some of a member's settings, and leave the others as they are."""
    key = {"installation_id": tx.workspace.id, "member": member}
    set_columns(tx.session, MemberSettingsRow, key, **changes)


# The default values of these settings are stored as null, so that a changed default
# applies.
_NULLABLE = frozenset({"hours_from", "hours_to", "public_naming"})


def column_setting(
    field: Field[Any],
    *,
    position: int,
    summarize: Callable[[Mapping[str, Any], str], tuple[str, str]] | None = None,
    on_saved: Callable[[Transaction, str, Any], None] | None = None,
    is_offered: Callable[[Transaction, str], bool] | None = None,
) -> MemberSetting:
    """Return a setting that is stored in the column with the field's name.

    `on_saved` is called with the member and the new value.
    """

    def put(tx: Transaction, member: str, value: Any) -> None:
        is_default = value == getattr(_DEFAULTS, field.name)
        stored = None if field.name in _NULLABLE and is_default else value
        changes = cast("MemberSettingsUpdate", {field.name: stored})
        update(tx, member, **changes)
        if on_saved is not None:
            on_saved(tx, member, value)

    return MemberSetting(
        field,
        lambda tx, member: getattr(get(tx, member), field.name),
        put,
        position=position,
        summarize=summarize,
        is_offered=is_offered,
    )


def _from_row(row: MemberSettingsRow) -> MemberSettings:
    naming: PublicNaming = _DEFAULTS.public_naming
    if row.public_naming in {"yes", "never"}:
        naming = "yes" if row.public_naming == "yes" else "never"
    participation: Participation = _DEFAULTS.participation
    if row.participation in {"writing", "calls"}:
        participation = "writing" if row.participation == "writing" else "calls"
    return MemberSettings(
        topics_known=tuple(row.topics_known),
        topics_wanted=tuple(row.topics_wanted),
        wants_reminders=row.wants_reminders,
        paused_until=row.paused_until,
        hours_from=_or_default(row.hours_from, _DEFAULTS.hours_from),
        hours_to=_or_default(row.hours_to, _DEFAULTS.hours_to),
        public_naming=naming,
        participation=participation,
        topics_refused=tuple(row.topics_refused),
        max_requests_per_week=row.max_requests_per_week,
        is_greeted=row.greeted_at is not None,
        wants_greetings=row.wants_greetings,
        keeps_answer_texts=row.keeps_answer_texts,
        wants_anonymous_notices=row.wants_anonymous_notices,
        wants_work_list=row.wants_work_list,
        wants_lead_prompts=row.wants_lead_prompts,
        languages=tuple(row.languages),
        holidays_of=row.holidays_of,
        coffee_weeks=row.coffee_weeks,
    )


def _or_default(value: T | None, default: T) -> T:
    return default if value is None else value
