"""Invite people to a program, by a post in a channel or by messages to them."""

from collections.abc import Sequence
from datetime import timedelta

from slack_sdk.models.views import View
from sqlalchemy import select

from bot import permissions
from bot.db.statements import upsert
from bot.errors import UserError
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import Role
from bot.programs import (
    join_blocks,
    member_blocks,
    membership,
    presentation,
    service,
)
from bot.programs.defaults import program_texts
from bot.programs.join_blocks import MAX_INVITED
from bot.programs.message_kinds import (
    PROGRAM_INVITATION,
    PROGRAM_NOT_POSTED,
    PROGRAM_POST_INVITATION,
    PROGRAM_UPDATE_INVITATION,
)
from bot.programs.permissions import INVITE
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, Reschedule, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from bot.workspace import channels, contact_hours, members, visibility
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import (
    Champion,
    Channel,
    Member,
    OutboxItem,
    Program,
    ProgramInvitation,
    ProgramMember,
)

NOBODY = "Choose a channel, or people."
BY_NAME = "Only people whom you invite by name can join this program."
NOT_ITS_CHANNEL = "That is no channel of this program."
SHARED = (
    "That channel is shared with another organization, whose people can't join. Choose"
    " another one."
)
TOO_MANY = f"Up to {MAX_INVITED} people at a time, please."
# The profile of someone new to the bot is fetched within seconds.
_RECHECK_AFTER = timedelta(minutes=1)
_RECHECK_PAUSED_AFTER = timedelta(hours=1)


def can_invite(tx: Transaction, program: Program, member: str) -> bool:
    """Return True for leads, admins, and champions of the program or its channels."""
    own = _roles(tx, program, member)
    return permissions.is_allowed(INVITE, own)


def _roles(tx: Transaction, program: Program, member: str) -> frozenset[Role]:
    own = service.roles_in(tx, program, member)
    if own and _is_channel_champion(tx, program, member):
        own |= {Role.CHAMPION}
    return own


def _is_channel_champion(tx: Transaction, program: Program, member: str) -> bool:
    channel_ids = [channel.id for channel in service.live_channels(tx, program)]
    champions = select(Champion.member).where(
        Champion.channel_id.in_(channel_ids), Champion.member == member
    )
    return tx.session.scalar(champions.limit(1)) is not None


def _require(tx: Transaction, program: Program, by: str) -> None:
    """Raise UserError, or MembershipUnknown, if the member may not invite now."""
    service.require_visible(tx, program, by)
    permissions.require(INVITE, _roles(tx, program, by))
    if not service.is_active(tx, program):
        raise UserError(membership.ENDED)
    if service.is_paused(tx, program):
        raise UserError(membership.PAUSED)


def form(tx: Transaction, program: Program, *, by: str) -> View:
    """Return the form to invite people. Raises UserError, or MembershipUnknown."""
    _require(tx, program, by)
    return join_blocks.invite_form(
        program.id,
        presentation.invitation(tx, program),
        has_channel=program.joining == "open",
    )


def invite(
    tx: Transaction,
    program: Program,
    *,
    by: str,
    channel: str | None,
    people: Sequence[str],
    occurrence: str,
) -> None:
    """Post the invitation, and send it to those who did not get it yet.

    `channel` is Slack's id; the same `occurrence` posts once. Raises UserError, with
    the field, or MembershipUnknown.
    """
    _require(tx, program, by)
    if not channel and not people:
        raise UserError(
            NOBODY, field="channel" if program.joining == "open" else "people"
        )
    if len(set(people)) > MAX_INVITED:
        raise UserError(TOO_MANY, field="people")
    # A post has a button to join for everyone who reads it.
    if channel and program.joining != "open":
        raise UserError(BY_NAME, field="people")
    if channel:
        tx.enqueue(
            PROGRAM_POST_INVITATION,
            program.id,
            to=_require_channel(tx, program, channel, by),
            payload={"by": by, "leads": service.program_leads(tx, program)},
            occurrence=occurrence,
        )
    _send(tx, program, people, by)


def _require_channel(tx: Transaction, program: Program, channel: str, by: str) -> str:
    row = next(
        (
            each
            for each in service.live_channels(tx, program)
            if each.slack_id == channel
        ),
        None,
    )
    if row is None:
        raise UserError(NOT_ITS_CHANNEL, field="channel")
    visibility.require_visible(tx, row, by, message=NOT_ITS_CHANNEL, field="channel")
    if row.is_shared:
        raise UserError(SHARED, field="channel")
    return row.slack_id


def _send(tx: Transaction, program: Program, people: Sequence[str], by: str) -> None:
    """Enqueue the invitation for each of these people, once in their life."""
    members.ensure(tx, people)
    rows = tx.session.scalars(
        select(Member).where(
            Member.installation_id == tx.workspace.id, Member.slack_id.in_(people)
        )
    )
    # Those who left know the program, too.
    know_it = set(
        tx.session.scalars(
            select(ProgramMember.member).where(
                ProgramMember.program_id == program.id, ProgramMember.member.in_(people)
            )
        )
    )
    invited = sorted(
        row.slack_id
        for row in rows
        if row.slack_id not in {*know_it, by} and _may_get(program, row)
    )
    if not invited:
        return
    new = tx.session.scalars(
        upsert(tx.session, ProgramInvitation)
        .values(
            [
                {
                    "program_id": program.id,
                    "member": member,
                    "invited_by": by,
                    "invited_at": tx.now,
                }
                for member in invited
            ]
        )
        .on_conflict_do_nothing()
        .returning(ProgramInvitation.member)
    ).all()
    # Invitations name the leads.
    leads = service.program_leads(tx, program)
    for member in sorted({*new, *_unsent(tx, program, invited)}):
        tx.enqueue(PROGRAM_INVITATION, program.id, to=member, payload={"leads": leads})


def _unsent(tx: Transaction, program: Program, people: Sequence[str]) -> Sequence[str]:
    """Return those whose invitation was cancelled: they could not see the program."""
    return tx.session.scalars(
        select(OutboxItem.recipient).where(
            OutboxItem.installation_id == tx.workspace.id,
            OutboxItem.kind == PROGRAM_INVITATION,
            OutboxItem.subject_id == program.id,
            OutboxItem.recipient.in_(people),
            OutboxItem.state == "cancelled",
        )
    ).all()


def _may_get(program: Program, row: Member) -> bool:
    """Return False for people who can't join; the profile may not be known yet."""
    if row.erased_at is not None:
        return False
    is_denied = row.is_deactivated or row.is_bot or row.is_external
    return not is_denied and (program.guests_may_join or not row.is_guest)


def _render(tx: Transaction, delivery: Delivery) -> SlackAction | Reschedule | None:
    program = tx.session.get_one(Program, delivery.subject_id)
    row = members.find(tx, delivery.recipient)
    if row is None or not _may_get(program, row):
        return None
    if not service.is_active(tx, program):
        return None
    if row.fetched_at is None:
        return Reschedule(tx.now + _RECHECK_AFTER)
    if service.is_paused(tx, program):
        return Reschedule(tx.now + _RECHECK_PAUSED_AFTER)
    if membership.find(tx, program.id, delivery.recipient) is not None:
        return None
    note = join_blocks.invitation(program.id, presentation.invitation(tx, program))
    return PostMessage(delivery.recipient, *note)


def _can_see(tx: Transaction, delivery: Delivery) -> bool:
    """Return True if the invited person may see the program, or is not known yet."""
    row = members.find(tx, delivery.recipient)
    if row is None or row.fetched_at is None:
        return True
    return _SEES(tx, delivery)


_SEES = service.sees(service.program_itself)


def _render_post(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    program = tx.session.get_one(Program, delivery.subject_id)
    if not service.is_active(tx, program) or program.joining != "open":
        return None
    live = service.live_channels(tx, program)
    places = {channel.slack_id for channel in live if not channel.is_shared}
    if delivery.recipient not in places:
        return None
    note = join_blocks.invitation(program.id, presentation.invitation(tx, program))
    return PostMessage(delivery.recipient, *note)


def _on_sent(tx: Transaction, delivery: Delivery, _sent: object) -> None:
    """Update an invitation that was accepted, or came to its end, meanwhile."""
    program = service.lock(tx, delivery.subject_id)
    is_known = membership.find(tx, program.id, delivery.recipient) is not None
    if is_known or not service.is_active(tx, program):
        tx.enqueue_update(PROGRAM_UPDATE_INVITATION, delivery.id, to=delivery.recipient)


def _render_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render an invitation without its buttons; None while it has them."""
    message = tx.session.get(OutboxItem, delivery.subject_id)
    if message is None or message.slack_channel is None or message.ts is None:
        return None
    note = _closed(tx, message.subject_id, delivery.recipient)
    return note and UpdateMessage(message.slack_channel, message.ts, *note)


def _closed(tx: Transaction, program_id: int, recipient: str) -> Note | None:
    program = tx.session.get_one(Program, program_id)
    if not service.is_active(tx, program):
        return join_blocks.invitation_over()
    own = membership.find(tx, program.id, recipient)
    if own is None:
        return None
    name = membership.visible_name(tx, program, recipient)
    if own.is_joined:
        return join_blocks.accepted(program.id, name)
    return member_blocks.left(program.id, name)


def _on_not_posted(tx: Transaction, delivery: Delivery, _error: str) -> None:
    if by := delivery.payload.get("by"):
        tx.enqueue(
            PROGRAM_NOT_POSTED,
            delivery.subject_id,
            to=by,
            payload={"channel": delivery.recipient},
            occurrence=str(delivery.id),
        )


def _render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    program = tx.session.get_one(Program, delivery.subject_id)
    if not can_invite(tx, program, delivery.recipient):
        return None
    channel = _channel_of(tx, delivery)
    if channel is None:
        return None
    note = join_blocks.not_posted(
        program_texts(program).name, channel.slack_id, channel.name
    )
    return PostMessage(delivery.recipient, *note)


def _channel_of(tx: Transaction, delivery: Delivery) -> Channel | None:
    return channels.find(tx, delivery.payload["channel"])


def _channel_ids(tx: Transaction, delivery: Delivery) -> list[int]:
    channel = _channel_of(tx, delivery)
    return [channel.id] if channel is not None else []


MESSAGE_TYPES = (
    MessageType(
        PROGRAM_INVITATION,
        _render,
        on_sent=_on_sent,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.INVITATION),
        can_see=_can_see,
    ),
    MessageType(
        PROGRAM_POST_INVITATION,
        _render_post,
        on_sent=_on_sent,
        on_rejected=_on_not_posted,
        on_lost=_on_not_posted,
    ),
    # It names no program that its reader may not see.
    MessageType(PROGRAM_UPDATE_INVITATION, _render_update, "resend"),
    MessageType(
        PROGRAM_NOT_POSTED, _render_not_posted, can_see=visibility.sees(_channel_ids)
    ),
)
