"""Find the people who can be matched now."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from bot import permissions, timezones
from bot.permissions import Permission
from bot.programs import membership
from bot.programs import rules as program_rules
from bot.programs import service as programs
from bot.runtime import Transaction
from bot.workspace import roles
from models import (
    Member,
    MemberSettingsRow,
    Program,
    ProgramMember,
)


def joined_members(tx: Transaction) -> Select[str]:
    """Return a query for those who joined a running program, also if they are away.

    Bots, external people, and those who were deactivated or forgotten are not among
    them.
    """
    return (
        select(Member.slack_id)
        .join(ProgramMember, ProgramMember.member == Member.slack_id)
        .where(*_conditions(tx))
    )


def can_take_part(tx: Transaction, member: str, permission: Permission) -> bool:
    """Return True if the member may do it, and is in a program that is active."""
    joined = membership.joined_programs(tx, member)
    if not any(programs.is_active(tx, program) for program, _ in joined):
        return False
    return permissions.is_allowed(permission, roles.in_workspace(tx, member))


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


def can_be_matched(tx: Transaction) -> list[str]:
    """Return the `joined_members` who are not away, by their ids.

    Those who paused the bot, or all of their programs, are not among them.
    """
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
        .where(*_conditions(tx))
    )
    return sorted({row.slack_id for row in rows if not _is_absent(row, tx.now)})


def _conditions(tx: Transaction) -> Sequence[ColumnElement[bool]]:
    running = [
        program
        for program in tx.session.scalars(
            select(Program).filter_by(installation_id=tx.workspace.id)
        )
        if programs.state(tx, program) is program_rules.State.RUNNING
    ]
    ids = {program.id for program in running} - programs.paused_ids(tx, running)
    return [
        Member.installation_id == tx.workspace.id,
        Member.fetched_at.is_not(None),
        Member.is_bot.is_(False),
        Member.is_external.is_(False),
        Member.is_deactivated.is_(False),
        Member.erased_at.is_(None),
        ProgramMember.program_id.in_(ids),
        ProgramMember.is_joined.is_(True),
    ]


def _is_absent(row: Any, now: datetime) -> bool:
    if row.is_away and (row.away_until is None or row.away_until > now):
        return True
    zone = timezones.get_or_utc(row.tz)
    today = timezones.local_date(now, zone)
    pauses = row.paused_until, row.program_paused_until
    return any(until is not None and today < until for until in pauses)
