"""Rows of members: Slack's profiles of them, and their names."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, func, select

from bot import timezones
from bot.clock import EPOCH, datetime_to_micros
from bot.db.statements import table, upsert
from bot.runtime import Transaction
from bot.slack.text import (
    SOMEONE,
    label_mentions,
    mentioned_ids,
    one_line,
    sanitize,
    truncate,
)
from bot.workspace import display_names, external, vacation
from bot.workspace.display_names import Names
from models import Channel, Member

# Slack's own bot, whose profile says `is_bot: false`.
SLACKBOT = "USLACKBOT"
_MAX_NAME_LENGTH = 80


def ensure(tx: Transaction, slack_ids: Iterable[str]) -> None:
    """Insert the ids of new people; their profiles are fetched later."""
    rows = [
        {"installation_id": tx.workspace.id, "slack_id": slack_id}
        for slack_id in sorted(set(slack_ids))
    ]
    if rows:
        tx.session.execute(upsert(tx.session, Member).on_conflict_do_nothing(), rows)


def lock(tx: Transaction, slack_id: str) -> None:
    """Lock the member's row for sharing, so that their profile does not change."""
    ensure(tx, [slack_id])
    tx.session.execute(
        select(Member.id)
        .filter_by(installation_id=tx.workspace.id, slack_id=slack_id)
        .with_for_update(read=True)
    )


def lock_all(tx: Transaction, slack_ids: Iterable[str]) -> None:
    """Lock members' rows, in one order, so that such transactions run by turns."""
    tx.session.execute(
        select(Member.id)
        .where(
            Member.installation_id == tx.workspace.id, Member.slack_id.in_(slack_ids)
        )
        .order_by(Member.id)
        .with_for_update(key_share=True)
    )


def is_stored_after(tx: Transaction, slack_id: str, asked_at: datetime) -> bool:
    """Return True if a profile was stored since then (UTC), and lock the row."""
    lock_all(tx, [slack_id])
    member = find(tx, slack_id)
    # A time in the future was stored before our clock was set back.
    return (
        member is not None
        and member.fetched_at is not None
        and asked_at < member.fetched_at <= tx.now
    )


def upsert_from_slack(
    tx: Transaction,
    user: Mapping[str, Any],
    *,
    team_id: str,
    enterprise_id: str | None = None,
    at: datetime | None = None,
) -> Member:
    """Store Slack's user object, as it was at `at` (UTC) or is now; return the row.

    A member who was erased is a member again.
    """
    ensure(tx, [user["id"]])
    member = find(tx, user["id"])
    assert member is not None  # noqa: S101 - `ensure` has inserted it
    for name, value in profile_columns(user, team_id, enterprise_id).items():
        setattr(member, name, value)
    member.deactivated_at = (
        (member.deactivated_at or tx.now) if member.is_deactivated else None
    )
    member.erased_at = None
    member.fetched_at = at or tx.now
    return member


def profile_columns(
    user: Mapping[str, Any], team_id: str, enterprise_id: str | None = None
) -> dict[str, Any]:
    """Return the columns for Slack's user object, by name.

    `is_external` is left out if the object names no workspace.
    """
    profile = user.get("profile") or {}
    is_away = vacation.is_on_vacation(
        str(profile.get("status_emoji") or ""), str(profile.get("status_text") or "")
    )
    # 0 means that the status has no end. The end of another status is not stored.
    status_end = int(profile.get("status_expiration") or 0) if is_away else 0
    return {
        **slack_names(user),
        "tz": user.get("tz") or timezones.name_for_offset(user.get("tz_offset")),
        "is_bot": bool(user.get("is_bot")) or user["id"] == SLACKBOT,
        "is_deactivated": bool(user.get("deleted")),
        "is_guest": bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        **(
            {"is_external": is_external(user, team_id, enterprise_id)}
            if external.names_workspace(user)
            else {}
        ),
        "is_admin": bool(user.get("is_admin") or user.get("is_owner")),
        "is_away": is_away,
        "away_until": EPOCH + timedelta(seconds=status_end) if status_end else None,
    }


def find_row(
    connection: Connection, installation_id: int, slack_id: str
) -> Row[Any] | None:
    """Return a member's row as columns, outside a transaction; None if unknown."""
    members = table(Member)
    return connection.execute(
        select(members).where(
            members.c.installation_id == installation_id, members.c.slack_id == slack_id
        )
    ).first()


def set_names(member: Member, user: Mapping[str, Any]) -> None:
    """Store the names of a member from Slack's user object."""
    for name, value in slack_names(user).items():
        setattr(member, name, value)


def slack_names(user: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns for the names in Slack's user object."""
    profile = user.get("profile") or {}
    real_name = profile.get("real_name") or user.get("real_name")
    name = profile.get("display_name") or real_name or user.get("name")
    return {
        "name": _clean_name(name),
        "first_name": _clean_name(profile.get("first_name")),
        "full_name": _clean_name(real_name),
        "handle": _clean_name(user.get("name")),
    }


def _clean_name(name: str | None) -> str:
    return truncate(one_line(sanitize(name or "")), _MAX_NAME_LENGTH)


# Built once, as it runs several times in most transactions.
_BY_SLACK_ID = select(Member).where(
    Member.installation_id == bindparam("installation_id"),
    Member.slack_id == bindparam("slack_id"),
)


def find(tx: Transaction, slack_id: str) -> Member | None:
    values = {"installation_id": tx.workspace.id, "slack_id": slack_id}
    return tx.session.scalar(_BY_SLACK_ID, values)


def is_before_erasure(tx: Transaction, slack_id: str, *, event_micros: int) -> bool:
    """Return True if an event is from before the member's erasure.

    A later event brings them back: they are treated as a new member.
    """
    member = find(tx, slack_id)
    if member is None or member.erased_before is None:
        return False
    if event_micros <= datetime_to_micros(member.erased_before):
        return True
    member.erased_at = None
    return False


def zone(tx: Transaction, slack_id: str) -> ZoneInfo:
    """Return the time zone of the person's profile, or UTC if it has none."""
    return profile_zone(find(tx, slack_id))


def profile_zone(member: Member | None) -> ZoneInfo:
    return timezones.get_or_utc(member.tz if member else None)


def today(tx: Transaction, slack_id: str) -> date:
    """Return the date of now in the person's time zone."""
    return timezones.local_date(tx.now, zone(tx, slack_id))


def names(tx: Transaction, slack_ids: Iterable[str]) -> dict[str, str]:
    """Return a distinct plain name, which notifies nobody, for each member.

    Pass all the members whom a reader sees together. An unknown one, and the asker of
    an ask without a name, is SOMEONE.
    """
    return _names(tx, slack_ids, Member.name)


def first_names(tx: Transaction, slack_ids: Iterable[str]) -> dict[str, str]:
    """Return the same with first names, where Slack knows them."""
    first_name = func.coalesce(func.nullif(Member.first_name, ""), Member.name)
    return _names(tx, slack_ids, first_name)


def _names(tx: Transaction, slack_ids: Iterable[str], shortest: Any) -> dict[str, str]:
    unique_ids = set(slack_ids)
    if not unique_ids:
        return {}
    rows = tx.session.execute(
        select(
            Member.slack_id, shortest.label("name"), Member.full_name, Member.handle
        ).where(
            Member.installation_id == tx.workspace.id, Member.slack_id.in_(unique_ids)
        )
    )
    distinct = distinct_names(rows)
    return {slack_id: distinct.get(slack_id, SOMEONE) for slack_id in unique_ids}


def names_in_order(tx: Transaction, slack_ids: Sequence[str]) -> list[str]:
    """Return the `names` in the order of the ids."""
    by_id = names(tx, slack_ids)
    return [by_id[slack_id] for slack_id in slack_ids]


def text_with_names(tx: Transaction, text: str) -> str:
    """Label the mentions of people and public channels in mrkdwn with their names."""
    people, channels = mentioned_ids(text)
    if not (people or channels):
        return text
    public = tx.session.execute(
        select(Channel.slack_id, Channel.name).where(
            Channel.installation_id == tx.workspace.id,
            Channel.slack_id.in_(channels),
            Channel.is_private.is_(False),
        )
    )
    by_id = names(tx, people)
    return label_mentions(
        text,
        {slack_id: name for slack_id, name in by_id.items() if name != SOMEONE}
        | {slack_id: name for slack_id, name in public if name},
    )


def distinct_names(rows: Iterable[Any]) -> dict[str, str]:
    """Return distinct names for rows with the columns of names, by Slack's id."""
    return display_names.disambiguate(
        {row.slack_id: Names(row.name, row.full_name, row.handle) for row in rows}
    )


def name(tx: Transaction, slack_id: str) -> str:
    return names(tx, [slack_id])[slack_id]


def is_external(
    user: Mapping[str, Any], team_id: str, enterprise_id: str | None = None
) -> bool:
    """Return True if Slack's `user` object is of an external member."""
    return external.is_external_user(user, team_id, enterprise_id)


def mark_external(tx: Transaction, slack_id: str) -> bool:
    """Mark a person as an external member; return True if that is new.

    A new person's profile is fetched later.
    """
    ensure(tx, [slack_id])
    member = find(tx, slack_id)
    if member is None or member.is_external:
        return False
    member.is_external = True
    tx.session.flush()
    return True


def is_bot(tx: Transaction, slack_id: str) -> bool:
    """Return True for a known bot."""
    member = find(tx, slack_id)
    return member is not None and member.is_bot


def is_bot_or_external(tx: Transaction, slack_id: str) -> bool:
    """Return True for a known bot or external member."""
    member = find(tx, slack_id)
    return member is not None and (member.is_bot or member.is_external)


def is_guest(tx: Transaction, slack_id: str) -> bool:
    """Return True for a known guest."""
    member = find(tx, slack_id)
    return member is not None and member.is_guest
