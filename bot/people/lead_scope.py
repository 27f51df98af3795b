"""The people of whom a lead sees who meets whom: those of the programs they lead."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from bot import permissions
from bot.people import presence
from bot.permissions import Permission, Role
from bot.programs import kinds, service
from bot.programs.lead_prompts import led_programs
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.workspace import members, roles

# In place of the name of a person whom the lead does not see.
OTHER = "someone outside your programs"


@dataclass(frozen=True, slots=True)
class LeadScope:
    """The programs with a kind of meetings whose people a lead sees.

    `is_everyone` for those who run all programs, if they may see each that has it.
    """

    program_ids: Collection[int] = ()
    is_everyone: bool = False

    def __bool__(self) -> bool:
        return self.is_everyone or bool(self.program_ids)

    def includes(
        self, tx: Transaction, *columns: InstrumentedAttribute[str]
    ) -> ColumnElement[bool]:
        """Return the condition that one of the columns has a person of the scope."""
        if self.is_everyone:
            return true()
        people = presence.joined_members(tx, self.program_ids)
        return or_(*(column.in_(people) for column in columns))

    def among(self, tx: Transaction, people: Collection[str]) -> set[str]:
        """Return those of the people whom the lead sees."""
        if self.is_everyone:
            return set(people)
        query = presence.joined_members(tx, self.program_ids)
        return set(people) & set(tx.session.scalars(query))

    def names(
        self, tx: Transaction, groups: Collection[Sequence[str]]
    ) -> list[list[str]]:
        """Return the plain names in each group, those of others last."""
        everyone = {member for group in groups for member in group}
        shown = self.among(tx, everyone)
        names = members.names(tx, shown)
        return [
            [
                *sorted(names[member] for member in group if member in shown),
                *(OTHER for member in group if member not in shown),
            ]
            for group in groups
        ]


def find(tx: Transaction, member: str, kind: Kind, permission: Permission) -> LeadScope:
    """Return what a member sees of a kind as a lead; nothing is false.

    1. Admins, and leads of the workspace's own program, run all programs. A program
       that they may not see, since its channels are private, is left out.
    2. Other leads see the programs that they lead.
    """
    own = roles.from_profile(members.find(tx, member))
    led = led_programs(tx, member)
    as_lead = own | {Role.PROGRAM_LEAD} if own and led else own
    runs_all = any(program.is_workspace_wide for program in led)
    if permissions.is_allowed(permission, as_lead if runs_all else own):
        if not kinds.is_offered(tx, kind):
            return LeadScope()
        ids = {program.id for program in kinds.running(tx, kind)}
        visible = service.visible_programs(tx, member, is_exact=False)
        shown = ids.intersection(program.id for program in visible)
        return LeadScope(shown, is_everyone=shown == ids)
    if not permissions.is_allowed(permission, as_lead):
        return LeadScope()
    return LeadScope({program.id for program in kinds.having(tx, led, kind)})


def require(
    tx: Transaction, member: str, kind: Kind, permission: Permission
) -> LeadScope:
    """Return what a lead sees of a kind. Raises UserError for others."""
    scope = find(tx, member, kind, permission)
    if not scope:
        permissions.require(permission, roles.in_workspace(tx, member))
    return scope
