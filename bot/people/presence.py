"""Find the people who can be matched now."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from bot import permissions, timezones
from bot.permissions import Permission
from bot.programs import kinds, membership, service
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.workspace import roles
from models import (
    Member,
    MemberSettingsRow,
    Program,
    ProgramMember,
)


def joined_members(tx: Transaction, program_ids: Collection[int]) -> Select[str]:
    """Return a query for those who joined one of these, also if they are away.

    Bots, external people, and those who were deactivated or forgotten are not among
    them.
    """
    return (
        select(Member.slack_id)
        .join(ProgramMember, ProgramMember.member == Member.slack_id)
        .where(*joined_conditions(tx, program_ids))
    )


def can_take_part(
    tx: Transaction, member: str, permission: Permission, kind: Kind
) -> bool:
    """Return True if the member may do it, and an active program of theirs has it."""
    if not kinds.of_member(tx, member, kind):
        return False
    return permissions.is_allowed(permission, roles.in_workspace(tx, member))


def is_in_active_program(tx: Transaction, member: str) -> bool:
    """Return True if the member is in a program that is active, whatever it has."""
    joined = membership.joined_programs(tx, member)
    return any(service.is_active(tx, program) for program, _ in joined)


def in_a_program(tx: Transaction, people: Collection[str]) -> set[str]:
    """Return those of these people who are in a program, whatever its state.

    Those who were deactivated, or are external, are not among them.
    """
    return set(
        tx.session.scalars(
            select(Member.slack_id)
            .join(ProgramMember, ProgramMember.member == Member.slack_id)
            .join(Program, Program.id == ProgramMember.program_id)
            .where(
                Member.installation_id == tx.workspace.id,
                Program.installation_id == tx.workspace.id,
                Member.slack_id.in_(people),
                ProgramMember.is_joined.is_(True),
                Member.is_deactivated.is_(False),
                Member.is_external.is_(False),
            )
        )
    )


def leavers(
    tx: Transaction, running: Sequence[tuple[int, str]]
) -> list[tuple[int, str]]:
    """Return those of the members of something that runs who are gone.

    They left all programs, or were deactivated. A vacation or a pause is no end.
    """
    present = in_a_program(tx, {member for _, member in running})
    return [(row_id, member) for row_id, member in running if member not in present]


def can_be_matched(
    tx: Transaction, program_ids: Collection[int] | None = None
) -> list[str]:
    """Return the `joined_members` of programs who are not away, by their ids.

    Those who paused the bot, or all of these programs, are not among them. Without
    `program_ids`, all running programs count.
    """
    if program_ids is None:
        program_ids = {program.id for program in kinds.running(tx)}
    rows = tx.session.execute(
        select(
            Member.slack_id,
            Member.tz,
            Member.is_away,
            Member.away_until,
            MemberSettingsRow.paused_until,
            ProgramMember.paused_until.label("program_paused_until"),
        )
        .join(ProgramMember, ProgramMember.member == Member.slack_id)
        .outerjoin(
            MemberSettingsRow,
            (MemberSettingsRow.installation_id == Member.installation_id)
            & (MemberSettingsRow.member == Member.slack_id),
        )
        .where(*joined_conditions(tx, program_ids))
    )
    return sorted({row.slack_id for row in rows if not _is_absent(row, tx.now)})


def joined_conditions(
    tx: Transaction, program_ids: Collection[int]
) -> Sequence[ColumnElement[bool]]:
    """Return the conditions on members, and their rows in these programs."""
    return [
        Member.installation_id == tx.workspace.id,
        Member.fetched_at.is_not(None),
        Member.is_bot.is_(False),
        Member.is_external.is_(False),
        Member.is_deactivated.is_(False),
        Member.erased_at.is_(None),
        ProgramMember.program_id.in_(program_ids),
        ProgramMember.is_joined.is_(True),
    ]


def _is_absent(row: Any, now: datetime) -> bool:
    if row.is_away and (row.away_until is None or row.away_until > now):
        return True
    zone = timezones.get_or_utc(row.tz)
    today = timezones.local_date(now, zone)
    pauses = row.paused_until, row.program_paused_until
    return any(until is not None and today < until for until in pauses)
