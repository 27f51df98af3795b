"""Members' teams, levels and managers: from a file, and as members correct them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import delete, select, update

from bot.db.statements import set_columns, upsert
from bot.people import rules
from bot.people.team_file import TeamFile
from bot.runtime import Transaction
from models import Member, MemberAttributes

# Rows in one statement.
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Loaded:
    """The people in a workspace that a file is about, by their ids."""

    stored: frozenset[str]
    # People whose team came from an earlier file, and who are not in this one.
    left_out: frozenset[str]


def load(tx: Transaction, file: TeamFile) -> Loaded:
    """Store a file's teams, levels and managers in place of those of an earlier file.

    Only members whom the bot knows are stored. Members' corrections stay, and what they
    hid stays hidden.
    """
    known = set(
        tx.session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == tx.workspace.id,
                Member.fetched_at.is_not(None),
                Member.is_bot.is_(False),
                Member.is_external.is_(False),
                Member.is_deactivated.is_(False),
                Member.erased_at.is_(None),
            )
        )
    )
    stored = frozenset(known & file.entries.keys())
    from_file = (
        MemberAttributes.installation_id == tx.workspace.id,
        MemberAttributes.source == "file",
    )
    earlier = frozenset(
        tx.session.scalars(select(MemberAttributes.member).where(*from_file))
    )
    tx.session.execute(
        update(MemberAttributes)
        .where(*from_file)
        .values(team="", level="", manager=None, source=None)
    )
    rows = (
        {
            "installation_id": tx.workspace.id,
            "member": member,
            "team": entry.team,
            "level": entry.level,
            "manager": entry.manager,
            "source": "file",
        }
        for member, entry in sorted(file.entries.items())
        if member in stored
    )
    while batch := list(islice(rows, _BATCH)):
        _store(tx, batch)
    delete_empty(tx)
    return Loaded(stored, earlier - stored)


def _store(tx: Transaction, rows: Iterable[Mapping[str, Any]]) -> None:
    insert = upsert(tx.session, MemberAttributes)
    names = ("team", "level", "manager", "source")
    tx.session.execute(
        insert.on_conflict_do_update(
            index_elements=["installation_id", "member"],
            set_={name: insert.excluded[name] for name in names},
        ),
        list(rows),
    )


def delete_empty(tx: Transaction) -> None:
    """Delete rows that say nothing."""
    tx.session.execute(
        delete(MemberAttributes).where(
            MemberAttributes.installation_id == tx.workspace.id,
            MemberAttributes.source.is_(None),
            MemberAttributes.own_team.is_(None),
            MemberAttributes.own_level.is_(None),
            MemberAttributes.is_team_hidden.is_(False),
            MemberAttributes.is_level_hidden.is_(False),
        )
    )


def team(tx: Transaction, member: str) -> str:
    """Return the team as the member sees it, also if they hide it."""
    row = _find(tx, member)
    return "" if row is None else rules.corrected(row.team, row.own_team)


def level(tx: Transaction, member: str) -> str:
    """Return the level as the member sees it, also if they hide it."""
    row = _find(tx, member)
    return "" if row is None else rules.corrected(row.level, row.own_level)


def hidden(tx: Transaction, member: str) -> list[str]:
    """Return those of "team" and "level" that the member hides."""
    row = _find(tx, member)
    if row is None:
        return []
    flags = {"team": row.is_team_hidden, "level": row.is_level_hidden}
    return [name for name, is_hidden in flags.items() if is_hidden]


def correct_team(tx: Transaction, member: str, typed: str) -> None:
    row = _find(tx, member)
    _set(tx, member, own_team=rules.correction(typed, row.team if row else ""))


def correct_level(tx: Transaction, member: str, typed: str) -> None:
    row = _find(tx, member)
    _set(tx, member, own_level=rules.correction(typed, row.level if row else ""))


def hide(tx: Transaction, member: str, names: Iterable[str]) -> None:
    """Hide exactly these of "team" and "level"."""
    hidden_names = set(names)
    _set(
        tx,
        member,
        is_team_hidden="team" in hidden_names,
        is_level_hidden="level" in hidden_names,
    )


def _find(tx: Transaction, member: str) -> MemberAttributes | None:
    return tx.session.get(
        MemberAttributes, (tx.workspace.id, member), populate_existing=True
    )


def _set(tx: Transaction, member: str, **changes: str | bool | None) -> None:
    if _find(tx, member) is None and not any(
        value not in {None, False} for value in changes.values()
    ):
        return
    key = {"installation_id": tx.workspace.id, "member": member}
    set_columns(tx.session, MemberAttributes, key, **changes)
