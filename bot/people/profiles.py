"""Read teams and levels from fields of members' Slack profiles.

An admin names the fields. Those who joined a program are read once a day, a few each
minute. A line in the operator's file counts more than a profile.
"""

import logging
from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import Select, or_, select, update

from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert
from bot.outbox import rate_limits
from bot.people import rules
from bot.people.attributes import delete_empty
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.api import RateLimited, SlackError
from bot.workspace import installations, members, sync, workspace_settings
from models import (
    Member,
    MemberAttributes,
    Program,
    ProgramMember,
    WorkspaceSettingsRow,
)

log = logging.getLogger(__name__)

SCOPE = "users.profile:read"
READ_AGAIN_AFTER = timedelta(days=1)
# users.profile.get allows about a hundred a minute (tier 4).
BATCH_SIZE = 40
_METHOD = "users.profile.get"


def field_names(tx: Transaction) -> dict[str, str]:
    """Return the names of the fields with "team" and "level"; only those set."""
    settings = workspace_settings.get(tx)
    names = {"team": settings.profile_team, "level": settings.profile_level}
    return {attribute: name for attribute, name in names.items() if name}


def with_field_names(installation_id: InstallationId, _now: Time) -> Select[int]:
    """Select the settings of a workspace that names such a field."""
    return select(WorkspaceSettingsRow.installation_id).where(
        WorkspaceSettingsRow.installation_id == installation_id,
        or_(
            WorkspaceSettingsRow.profile_team.is_not(None),
            WorkspaceSettingsRow.profile_level.is_not(None),
        ),
    )


def read_due(rt: Runtime, workspace: Workspace) -> None:
    """Read the profiles of some members, if it is time to."""
    with rt.read(workspace) as tx:
        names = field_names(tx)
        if not names or not installations.has_scope(tx, SCOPE):
            return
        members = due_members(tx)
    with rt.autocommit.connect() as connection:
        if not members or rate_limits.limited_until(
            connection, workspace.id, _METHOD, now=rt.clock()
        ):
            return
    try:
        labels = rt.slack_of(workspace).profile_fields()
    except SlackError as error:
        # The next run tries again; nothing waits for it.
        log.warning("profile fields not fetched", extra={"error": error.code})
        return
    ids = {label.strip().casefold(): field for label, field in labels.items()}
    fields = {
        attribute: ids[name.casefold()]
        for attribute, name in names.items()
        if name.casefold() in ids
    }
    if len(fields) < len(names):
        # It was removed or renamed: what is known stays until an admin looks at it.
        log.warning("a profile field of the workspace's settings is missing")
        return
    _read(rt, workspace, members, fields)


def _read(
    rt: Runtime,
    workspace: Workspace,
    members: Collection[str],
    fields: Mapping[str, str],
) -> None:
    for member in members:
        try:
            values = rt.slack_of(workspace).profile_values(member)
        except RateLimited as error:
            until = rt.clock() + timedelta(seconds=error.retry_after)
            with rt.write(workspace) as tx:
                rate_limits.record(tx.session, tx.workspace.id, _METHOD, until)
            return
        except SlackError as error:
            if error.code not in sync.NOT_FOUND_ERRORS:
                log.warning("profiles not fetched", extra={"error": error.code})
                return
            # Store that, so that we do not ask again at once.
            values = {}
        with rt.write(workspace) as tx:
            if field_names(tx):
                store(
                    tx,
                    member,
                    team=values.get(fields.get("team", ""), ""),
                    level=values.get(fields.get("level", ""), ""),
                )


def due_members(tx: Transaction) -> list[str]:
    """Return some members whose profiles are to be read now, the longest unread first.

    Those in the operator's file are not among them.
    """
    joined = (
        select(ProgramMember.member)
        .join(Program, Program.id == ProgramMember.program_id)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramMember.is_joined.is_(True),
        )
    )
    rows = tx.session.scalars(
        select(Member.slack_id)
        .outerjoin(
            MemberAttributes,
            (MemberAttributes.installation_id == Member.installation_id)
            & (MemberAttributes.member == Member.slack_id),
        )
        .where(
            Member.installation_id == tx.workspace.id,
            Member.slack_id.in_(joined),
            Member.is_deactivated.is_(False),
            Member.is_external.is_(False),
            Member.is_bot.is_(False),
            Member.erased_at.is_(None),
            or_(
                MemberAttributes.source.is_(None), MemberAttributes.source == "profile"
            ),
            or_(
                MemberAttributes.read_at.is_(None),
                MemberAttributes.read_at <= tx.now - READ_AGAIN_AFTER,
                # It was stored before our clock was set back.
                MemberAttributes.read_at > tx.now,
            ),
        )
        .order_by(MemberAttributes.read_at.nulls_first(), Member.id)
        .limit(BATCH_SIZE)
    )
    return list(rows)


def store(tx: Transaction, member: str, *, team: str, level: str) -> None:
    """Store what a profile says, unless the operator's file says something.

    Nothing is stored about someone who was forgotten since the batch began.
    """
    members.lock(tx, member)
    row = members.find(tx, member)
    if row is None or row.erased_at is not None:
        return
    columns = {
        "team": rules.clean_attribute(team),
        "level": rules.clean_attribute(level),
        "source": "profile",
        "read_at": tx.now,
    }
    tx.session.execute(
        upsert(tx.session, MemberAttributes)
        .values(installation_id=tx.workspace.id, member=member, **columns)
        .on_conflict_do_update(
            index_elements=["installation_id", "member"],
            set_=columns,
            where=or_(
                MemberAttributes.source.is_(None), MemberAttributes.source == "profile"
            ),
        )
    )


def fields_changed(tx: Transaction) -> None:
    """Read all profiles again; without any field, delete what they said."""
    of_workspace = MemberAttributes.installation_id == tx.workspace.id
    if field_names(tx):
        tx.session.execute(
            update(MemberAttributes).where(of_workspace).values(read_at=None)
        )
        return
    tx.session.execute(
        update(MemberAttributes)
        .where(of_workspace, MemberAttributes.source == "profile")
        .values(team="", level="", source=None, read_at=None)
    )
    delete_empty(tx)
