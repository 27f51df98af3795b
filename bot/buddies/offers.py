"""The members who would be a buddy, and the pauses of those who are silent."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select

from bot import permissions
from bot.buddies import rules
from bot.buddies.message_kinds import BUDDY_PAUSED
from bot.buddies.permissions import HAVE_BUDDY
from bot.clock import datetime_to_micros, micros_to_datetime
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert_latest
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.people import arrivals, beginnings, opt_outs, presence
from bot.programs import kinds
from bot.programs.rules import Kind, Mode
from bot.runtime import Transaction
from bot.workspace import members, roles, workspace_settings
from models import BuddyOffer, BuddyQuestion, BuddyWish

OFF = "There are no buddies in this workspace now."
TOO_EARLY = "You came so lately that you can have a buddy. You can be one later."
TOO_LATE = "A buddy is someone who came 3 to 24 months ago. Thank you for the offer."

_PUT = upsert_latest(BuddyOffer, ("installation_id", "member"), (), presence="is_in")


def is_offered(tx: Transaction) -> bool:
    """Return True if a program has buddies."""
    return kinds.is_offered(tx, Kind.BUDDIES)


def is_allowed(tx: Transaction, member: str) -> bool:
    """Return True if the member's roles allow it."""
    return permissions.is_allowed(HAVE_BUDDY, roles.in_workspace(tx, member))


def can_take_part(tx: Transaction, member: str) -> bool:
    """Return True if the member may use it, and is in an active program with it."""
    return presence.can_take_part(tx, member, HAVE_BUDDY, Kind.BUDDIES)


def require_offered(tx: Transaction, member: str) -> None:
    """Raise UserError if the member may not have a buddy, or there are none."""
    permissions.require(HAVE_BUDDY, roles.in_workspace(tx, member))
    if not is_offered(tx):
        raise UserError(OFF)


def require(tx: Transaction, member: str) -> None:
    """Raise UserError if the member can't take part now."""
    require_offered(tx, member)
    if not can_take_part(tx, member):
        raise UserError(HAVE_BUDDY.denial)


def is_new(tx: Transaction, member: str) -> bool:
    return rules.is_new(arrivals.came_at(tx, [member]).get(member), tx.now)


def can_be_buddy(tx: Transaction, member: str) -> bool:
    return rules.can_be_buddy(arrivals.came_at(tx, [member]).get(member), tx.now)


def find(tx: Transaction, member: str) -> BuddyOffer | None:
    return tx.session.get(BuddyOffer, (tx.workspace.id, member), populate_existing=True)


def is_in(tx: Transaction, member: str) -> bool:
    """Return True for a member who would be a buddy, also during a pause."""
    row = find(tx, member)
    return row is not None and row.is_in


def join(tx: Transaction, by: str, *, event_micros: int) -> None:
    """Offer to be a buddy. Raises UserError."""
    require(tx, by)
    if is_new(tx, by):
        raise UserError(TOO_EARLY)
    if not can_be_buddy(tx, by):
        raise UserError(TOO_LATE)
    _put(tx, by, event_micros=event_micros, is_in=True)


def stop(tx: Transaction, by: str, *, event_micros: int) -> None:
    """Be asked no longer; someone whose buddy they are keeps them."""
    _put(tx, by, event_micros=event_micros, is_in=False)


def _put(tx: Transaction, member: str, *, event_micros: int, is_in: bool) -> None:
    # Otherwise the row could be written after they were forgotten.
    members.lock(tx, member)
    row = {
        "installation_id": tx.workspace.id,
        "member": member,
        "is_in": is_in,
        "event_micros": event_micros,
    }
    tx.session.execute(_PUT(tx.session), row)
    home_refresh.refresh_homes(tx, [member])


def lock(tx: Transaction, member: str) -> BuddyOffer | None:
    """Let one transaction at a time ask a buddy, or begin to be one."""
    return tx.session.scalar(
        select(BuddyOffer)
        .filter_by(installation_id=tx.workspace.id, member=member)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def active(tx: Transaction) -> list[str]:
    """Return those who would be a buddy and are not paused, by their ids."""
    rows = tx.session.scalars(
        select(BuddyOffer)
        .filter_by(installation_id=tx.workspace.id, is_in=True)
        .order_by(BuddyOffer.member)
    )
    return [row.member for row in rows if not opt_outs.is_paused(row)]


def joined_after(tx: Transaction, time: datetime) -> Sequence[datetime]:
    """Return the times (UTC) of offers after a time."""
    micros = tx.session.scalars(
        select(BuddyOffer.event_micros).where(
            BuddyOffer.installation_id == tx.workspace.id,
            BuddyOffer.is_in.is_(True),
            BuddyOffer.event_micros > datetime_to_micros(time),
        )
    )
    return [micros_to_datetime(each) for each in micros]


def offered(installation_id: InstallationId, _now: Time) -> Select[str]:
    """Select those who would be a buddy, also those who are paused."""
    return select(BuddyOffer.member).where(
        BuddyOffer.installation_id == installation_id, BuddyOffer.is_in.is_(True)
    )


def _wanting(tx: Transaction) -> beginnings.Wanting:
    """Return queries for those who would be a buddy, and those who look for one."""
    return [
        offered(tx.workspace.id, tx.now),
        select(BuddyWish.member).where(
            BuddyWish.installation_id == tx.workspace.id,
            BuddyWish.wanted_at.is_not(None),
        ),
    ]


def begun_ids(tx: Transaction) -> set[int]:
    """Return the ids of the running programs in which buddies have begun."""
    return beginnings.begun_ids(tx, Kind.BUDDIES, _wanting(tx))


def can_be_matched(tx: Transaction) -> list[str]:
    """Return those who could have or be a buddy now, if they want it."""
    return presence.can_be_matched(tx, begun_ids(tx))


def shortage(tx: Transaction, member: str) -> int | None:
    """Return the number of people if they are too few in the member's programs."""
    return beginnings.shortage(tx, member, Kind.BUDDIES, _wanting(tx))


def has_begun_for(tx: Transaction, member: str) -> bool:
    """Return True if buddies have begun in one of the member's programs.

    For someone in no program, any program counts: they may join it.
    """
    if presence.is_in_active_program(tx, member):
        has_them = bool(kinds.of_member(tx, member, Kind.BUDDIES))
        return has_them and shortage(tx, member) is None
    # The workspace's own program may not be stored yet.
    return workspace_settings.get(tx).buddies == Mode.ON or bool(begun_ids(tx))


def silent(tx: Transaction) -> Sequence[str]:
    """Return those who did not answer the last questions in a row since a press."""
    questions: dict[str, list[BuddyQuestion]] = {}
    rows = tx.session.execute(
        select(BuddyQuestion, BuddyOffer)
        .join(
            BuddyOffer,
            (BuddyOffer.installation_id == BuddyQuestion.installation_id)
            & (BuddyOffer.member == BuddyQuestion.buddy),
        )
        .where(
            BuddyOffer.installation_id == tx.workspace.id,
            BuddyOffer.is_in.is_(True),
            BuddyQuestion.sent_at.is_not(None),
        )
        .order_by(BuddyQuestion.id.desc())
    )
    for question, offer in rows:
        is_since = datetime_to_micros(question.asked_at) > offer.event_micros
        if is_since and not opt_outs.is_paused(offer):
            questions.setdefault(offer.member, []).append(question)
    return sorted(
        member
        for member, last in questions.items()
        if len(last) >= rules.SILENT_QUESTIONS
        and all(
            each.answer is None and each.ends_at <= tx.now
            for each in last[: rules.SILENT_QUESTIONS]
        )
    )


def pause(tx: Transaction, member: str) -> None:
    """Ask someone who never answers no longer, and say so."""
    row = lock(tx, member)
    if row is None or member not in silent(tx):
        return
    row.paused_at = tx.now
    tx.enqueue(BUDDY_PAUSED, 0, to=member, occurrence=f"{tx.now:%Y%m%d}")
    home_refresh.refresh_homes(tx, [member])
