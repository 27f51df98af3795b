"""The newcomers who were asked whether a buddy would help, and those who look."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select

from bot.buddies import offers, rules, service
from bot.buddies.message_kinds import BUDDY_NONE, BUDDY_OFFER
from bot.clock import datetime_to_micros
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.outbox.enqueue import NOTIFICATION_DELAY
from bot.people import arrivals, presence
from bot.people.lead_scope import LeadScope
from bot.runtime import Transaction
from bot.workspace import members
from models import BuddyWish, Program, ProgramMember

NOT_NEW = "Buddies are for people who came in the last three months."
HAS_BUDDY = "You have a buddy now. You see who on your Home tab, under People."


def find(tx: Transaction, member: str) -> BuddyWish | None:
    return tx.session.get(BuddyWish, (tx.workspace.id, member), populate_existing=True)


def is_looking(tx: Transaction, member: str) -> bool:
    row = find(tx, member)
    return row is not None and row.wanted_at is not None


def count_looking(tx: Transaction, scope: LeadScope) -> int:
    """Return the number of newcomers who look for a buddy and whom a lead sees."""
    looking = (
        select(func.count())
        .select_from(BuddyWish)
        .where(
            BuddyWish.installation_id == tx.workspace.id,
            BuddyWish.wanted_at.is_not(None),
            scope.includes(tx, BuddyWish.member),
        )
    )
    return tx.session.scalar(looking) or 0


def lock(tx: Transaction, member: str) -> BuddyWish | None:
    """Let one transaction at a time find a buddy for a newcomer."""
    return tx.session.scalar(
        select(BuddyWish)
        .filter_by(installation_id=tx.workspace.id, member=member)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def is_open(tx: Transaction, member: str) -> bool:
    """Return True if the bot may offer a buddy to a newcomer, who was not asked yet.

    They may be in no program yet.
    """
    return (
        find(tx, member) is None
        and offers.is_allowed(tx, member)
        and offers.is_new(tx, member)
        and offers.has_begun_for(tx, member)
    )


def _create(tx: Transaction, member: str) -> bool:
    """Create the row of a newcomer; False if there is one."""
    # Otherwise the row could be written after they were forgotten.
    members.lock(tx, member)
    return (
        tx.session.scalar(
            upsert(tx.session, BuddyWish)
            .values(
                installation_id=tx.workspace.id,
                member=member,
                event_micros=0,
                changed_at=tx.now,
            )
            .on_conflict_do_nothing()
            .returning(BuddyWish.member)
        )
        is not None
    )


def on_greeted(tx: Transaction, member: str) -> None:
    """Note that the greeting has asked a newcomer, who is not asked again."""
    if is_open(tx, member) and _create(tx, member):
        row = find(tx, member)
        assert row is not None  # noqa: S101 - it was created
        row.asked_at = tx.now


def joined_lately(installation_id: InstallationId, now: Time) -> Select[str]:
    """Select those who joined some program lately, perhaps not their first."""
    return (
        select(ProgramMember.member)
        .join(Program, Program.id == ProgramMember.program_id)
        .where(
            Program.installation_id == installation_id,
            ProgramMember.joined_at > now - rules.ASK_WITHIN,
        )
    )


def unasked(tx: Transaction) -> Sequence[str]:
    """Return the newcomers to ask: those who joined their first program lately."""
    ids = offers.begun_ids(tx)
    if not ids:
        return []
    known = select(BuddyWish.member).where(BuddyWish.installation_id == tx.workspace.id)
    joined = tx.session.scalars(
        select(ProgramMember.member)
        .join(Program, Program.id == ProgramMember.program_id)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramMember.member.in_(presence.joined_members(tx, ids)),
            ProgramMember.member.not_in(known),
        )
        .group_by(ProgramMember.member)
        .having(func.min(ProgramMember.joined_at) > tx.now - rules.ASK_WITHIN)
        .order_by(ProgramMember.member)
    ).all()
    if not joined:
        return []
    came_at = arrivals.came_at(tx, joined)
    return [each for each in joined if rules.is_new(came_at.get(each), tx.now)]


def ask(tx: Transaction, member: str) -> None:
    """Ask a newcomer, once, whether a buddy would help."""
    if not is_open(tx, member) or not _create(tx, member):
        return
    row = find(tx, member)
    assert row is not None  # noqa: S101 - it was created
    row.asked_at = tx.now
    tx.session.flush()
    tx.enqueue(BUDDY_OFFER, 0, to=member, send_at=tx.now + NOTIFICATION_DELAY)


def want(tx: Transaction, by: str, *, event_micros: int) -> BuddyWish:
    """Look for a buddy; in a program, or as soon as they join one. Raises UserError."""
    offers.require_offered(tx, by)
    if not offers.is_new(tx, by):
        raise UserError(NOT_NEW)
    if service.running(tx, by):
        raise UserError(HAS_BUDDY)
    row = _put(tx, by, event_micros=event_micros)
    if row is None:
        raise UserError("You have chosen otherwise since.")
    if row.wanted_at is None:
        look(tx, row)
    return row


def look(tx: Transaction, row: BuddyWish) -> None:
    """Look for a buddy from now on, for some weeks."""
    row.wanted_at, row.looked_at = tx.now, None
    tx.session.flush()
    micros = datetime_to_micros(tx.now)
    tx.enqueue(
        BUDDY_NONE,
        0,
        to=row.member,
        occurrence=str(micros),
        payload={"wanted": micros},
        send_at=tx.now + rules.LOOK_FOR,
    )


def refuse(tx: Transaction, by: str, *, event_micros: int) -> None:
    """Look for no buddy, or no longer."""
    row = _put(tx, by, event_micros=event_micros)
    if row is not None:
        row.wanted_at = None
        tx.session.flush()


def _put(tx: Transaction, member: str, *, event_micros: int) -> BuddyWish | None:
    """Lock a newcomer's row for a press; None if there was a later one."""
    _create(tx, member)
    row = lock(tx, member)
    if row is None or event_micros < row.event_micros:
        return None
    row.event_micros, row.changed_at = event_micros, tx.now
    home_refresh.refresh_homes(tx, [member])
    return row
