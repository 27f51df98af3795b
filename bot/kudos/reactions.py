"""Kudos by reaction: joining somebody's kudos, and thanking for a message.

Both rest on registers, where the latest action stands whatever the order in which we
hear of them. Whether the allowance lets a reaction count is decided once, when it is
heard of: it counts from the day on which it was made, or never.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from bot.kudos import allowance, reaction_store, rules, service, store
from bot.kudos.message_kinds import KUDOS_LIMIT_REACHED
from bot.kudos.permissions import GIVE_KUDOS
from bot.kudos.rules import KudosRequest, Method, Validation
from bot.kudos.store import delete_thanks
from bot.messages import tracked_messages
from bot.messages.events import ReactionEvent
from bot.outbox import home_refresh
from bot.permissions import is_allowed
from bot.runtime import Transaction
from bot.workspace import members
from models import Channel, Kudos, KudosReaction, KudosThanks, Member

# An undo within this time withdraws what the receiver would have been told.
NOTIFICATION_DELAY = timedelta(seconds=60)


def apply_reaction(tx: Transaction, event: ReactionEvent) -> None:
    """Record a reaction or its removal, and what it gives or takes back.

    Not one that comes late, when whoever reacted has been forgotten.
    """
    if members.is_before_erasure(tx, event.member, event_micros=event.event_micros):
        return
    spot = reaction_store.find_target(tx.session, tx.workspace.id, event)
    if spot is None:
        return
    is_waiting = not _are_members_known(tx, event.member, event.author)
    if spot.is_kudos:
        allowance.lock_giver(tx, event.member)
        if reaction_store.record(
            tx.session, spot.channel_id, event, is_undecided=is_waiting
        ):
            _recompute_kudos(tx, spot.channel_id, event)
        return
    if spot.kudos_id is None:
        # Its message is perhaps being recorded at this moment: one of the two waits.
        tracked_messages.lock_channel(tx.session, spot.channel_id)
        spot = reaction_store.find_target(tx.session, tx.workspace.id, event) or spot
    if spot.kudos_id is None:
        reaction_store.record(
            tx.session, spot.channel_id, event, is_undecided=is_waiting
        )
        return
    kudos = store.lock(tx, spot.kudos_id)
    allowance.lock_giver(tx, event.member)
    if reaction_store.record(
        tx.session, spot.channel_id, event, is_undecided=is_waiting
    ):
        _recompute_join(tx, kudos, event.member, is_new=event.is_present)


def _are_members_known(tx: Transaction, member: str, author: str | None) -> bool:
    """Return True if enough is known about these people to decide.

    If not, their profiles are fetched, and the reaction is decided then: either that
    reads our rows, or we read its.
    """
    unknown = _unknown_members(tx, member, author)
    for slack_id in sorted(unknown):
        members.lock(tx, slack_id)
    return not (unknown and _unknown_members(tx, member, author))


def _unknown_members(tx: Transaction, member: str, author: str | None) -> set[str]:
    wanted = {slack_id for slack_id in (member, author) if slack_id}
    known = tx.session.scalars(
        select(Member.slack_id).where(
            Member.installation_id == tx.workspace.id,
            Member.slack_id.in_(wanted),
            Member.fetched_at.is_not(None),
        )
    )
    return wanted - set(known)


def on_user_loaded(tx: Transaction, member: Member) -> None:
    """Facts about a person have arrived: what they reacted to before is decided."""
    waiting = tx.session.execute(
        select(KudosReaction, Channel.slack_id)
        .join(Channel, Channel.id == KudosReaction.channel_id)
        .where(
            Channel.installation_id == tx.workspace.id,
            KudosReaction.is_undecided.is_(True),
            or_(
                KudosReaction.member == member.slack_id,
                KudosReaction.author == member.slack_id,
            ),
        )
        .order_by(
            KudosReaction.channel_id, KudosReaction.message_ts, KudosReaction.member
        )
    ).all()
    for register, slack_channel in waiting:
        if _unknown_members(tx, register.member, register.author):
            continue
        event = ReactionEvent(
            member=register.member,
            channel=slack_channel,
            ts=register.message_ts,
            emoji=register.emoji,
            event_micros=register.event_micros,
            is_present=register.is_present,
            author=register.author,
        )
        _decide(tx, register.channel_id, event)


def _decide(tx: Transaction, channel_id: int, event: ReactionEvent) -> None:
    by_message = select(Kudos.id).filter_by(channel_id=channel_id, ts=event.ts)
    kudos_id = tx.session.scalar(by_message) if event.author is None else None
    kudos = store.lock(tx, kudos_id) if kudos_id else None
    allowance.lock_giver(tx, event.member)
    tx.session.execute(
        update(KudosReaction)
        .where(
            KudosReaction.channel_id == channel_id,
            KudosReaction.message_ts == event.ts,
            KudosReaction.member == event.member,
        )
        .values(is_undecided=False)
    )
    if kudos is not None:
        _recompute_join(tx, kudos, event.member, is_new=True)
    elif event.author is not None:
        _recompute_kudos(tx, channel_id, event)


def attach_reactions(tx: Transaction, kudos: Kudos) -> None:
    """Count earlier reactions to the message from the time at which they were made."""
    waiting = tx.session.scalars(
        select(KudosReaction.member)
        .filter_by(channel_id=kudos.channel_id, message_ts=kudos.ts, is_present=True)
        .distinct()
        .order_by(KudosReaction.member)
    ).all()
    for member in waiting:
        allowance.lock_giver(tx, member)
        _recompute_join(tx, kudos, member, is_new=True)


def _recompute_join(
    tx: Transaction,
    kudos: Kudos,
    member: str,
    *,
    # Whether the person has just reacted; else they can only lose what they had.
    is_new: bool,
) -> None:
    if member == kudos.giver or kudos.channel_id is None or kudos.ts is None:
        return
    since = reaction_store.active_since(tx.session, kudos.channel_id, kudos.ts, member)
    stands = tx.session.scalar(
        select(func.min(KudosThanks.given_at)).filter_by(
            kudos_id=kudos.id, giver=member
        )
    )
    if since == stands:
        return
    if stands is not None:
        delete_thanks(tx.session, kudos.id, member)
    is_asked = since is not None and (is_new or stands is not None)
    if since is not None and is_asked and kudos.taken_back_at is None:
        verdict = _validate(
            tx, kudos.channel_id, member, kudos.recipients, at=since, method="second"
        )
        store.record(tx, kudos, member, verdict.recipients, at=since, is_join=True)
        _notify_limit_reached(tx, kudos.channel_id, verdict, member=member, at=since)
    service.update_message(tx, kudos)
    home_refresh.refresh_homes(tx, kudos.recipients)


def _recompute_kudos(tx: Transaction, channel_id: int, event: ReactionEvent) -> None:
    """Thank the author of a message by an emoji, or take that back."""
    source = f"reaction:{channel_id}:{event.ts}:{event.member}"
    kudos = tx.session.scalar(
        select(Kudos)
        .filter_by(installation_id=tx.workspace.id, source=source)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    since = reaction_store.active_since(tx.session, channel_id, event.ts, event.member)
    stands = kudos.given_at if kudos and kudos.taken_back_at is None else None
    if since == stands:
        return
    if since is None or not (event.is_present or stands):
        if kudos is not None and stands:
            service.revoke(tx, kudos, by=event.member)
        return
    if kudos is not None:
        delete_thanks(tx.session, kudos.id, event.member)
    author = event.author or ""
    verdict = _validate(
        tx, channel_id, event.member, [author], at=since, method="reaction"
    )
    if not verdict.recipients:
        if kudos is not None and stands:
            service.revoke(tx, kudos, by=event.member)
        _notify_limit_reached(tx, channel_id, verdict, member=event.member, at=since)
        return
    if kudos is None:
        kudos = Kudos(
            installation_id=tx.workspace.id,
            source=source,
            channel_id=channel_id,
            about_channel_id=channel_id,
            about_ts=event.ts,
            emoji=event.emoji,
            giver=event.member,
            recipients=[author],
            given_at=since,
        )
        tx.session.add(kudos)
    elif kudos.taken_back_at is not None:
        kudos.taken_back_at = kudos.taken_back_by = None
        service.update_recipient_message(tx, kudos, author)
    kudos.given_at = since
    tx.session.flush()
    store.record(tx, kudos, event.member, verdict.recipients, at=since)
    service.notify_recipients(
        tx, kudos, verdict.recipients, send_after=tx.now + NOTIFICATION_DELAY
    )


def _validate(
    tx: Transaction,
    channel_id: int,
    giver: str,
    people: Iterable[str],
    *,
    at: datetime,
    method: Method,
) -> Validation:
    wanted = list(people)
    stands = allowance.load(tx, giver, wanted, at=at)
    if not is_allowed(GIVE_KUDOS, stands.roles):
        return Validation()
    channel = tx.session.get_one(Channel, channel_id)
    return rules.validate(
        KudosRequest(
            giver=giver,
            people=wanted,
            recipients=stands.recipients,
            remaining=stands.remaining,
            daily_allowance=stands.daily,
            allow_external=channel.allow_external_kudos,
            method=method,
        )
    )


def _notify_limit_reached(
    tx: Transaction,
    channel_id: int,
    validation: Validation,
    *,
    member: str,
    at: datetime,
) -> None:
    """Say, once a day and to nobody else, that a reaction gave nothing, and why."""
    why = [problem.text for problem in validation.errors if problem.is_limit]
    if not why:
        return
    channel = tx.session.get_one(Channel, channel_id)
    day = allowance.day_window(at, members.find(tx, member)).starts_at
    tx.enqueue(
        KUDOS_LIMIT_REACHED,
        channel_id,
        to=channel.slack_id,
        payload={"member": member, "why": why},
        occurrence=f"{member}:{day:%Y-%m-%d}",
    )
