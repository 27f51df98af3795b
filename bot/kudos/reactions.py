"""Kudos by reaction: joining somebody's kudos, and thanking for a message.

Both rest on registers, where the latest action stands whatever the order in which we
hear of them. Whether the allowance lets a reaction count is decided once, when it is
heard of: it counts from the day on which it was made, or never.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from bot.kudos import allowance, reaction_store, rules, store
from bot.kudos import service as kudos_
from bot.kudos.reaction_store import ReactionEvent
from bot.kudos.rules import KudosRequest, Method, Validation
from bot.kudos.store import delete_thanks
from bot.messages import tracked_messages
from bot.outbox import enqueue, home_refresh
from bot.permissions import Action, is_allowed
from bot.runtime import Workspace
from bot.workspace import members
from models import Channel, Kudos, KudosReaction, KudosThanks, Member

# An undo within this time withdraws what the receiver would have been told.
NOTIFICATION_DELAY = timedelta(seconds=60)


def apply_reaction(
    session: Session, workspace: Workspace, event: ReactionEvent, *, now: datetime
) -> None:
    """Record a reaction or its removal, and what it gives or takes back.

    Not one that comes late, when whoever reacted has been forgotten.
    """
    if members.is_before_erasure(
        session, workspace.id, event.member, event_micros=event.event_micros
    ):
        return
    spot = reaction_store.find_target(session, workspace.id, event)
    if spot is None:
        return
    is_waiting = not _are_members_known(session, workspace, event.member, event.author)
    if spot.is_kudos:
        allowance.lock_giver(session, workspace.id, event.member)
        if reaction_store.record(
            session, spot.channel_id, event, is_undecided=is_waiting
        ):
            _recompute_kudos(session, workspace, spot.channel_id, event, now=now)
        return
    if spot.kudos_id is None:
        # Its message is perhaps being recorded at this moment: one of the two waits.
        tracked_messages.lock_channel(session, spot.channel_id)
        spot = reaction_store.find_target(session, workspace.id, event) or spot
    if spot.kudos_id is None:
        reaction_store.record(session, spot.channel_id, event, is_undecided=is_waiting)
        return
    kudos = store.lock(session, workspace, spot.kudos_id)
    allowance.lock_giver(session, workspace.id, event.member)
    if reaction_store.record(session, spot.channel_id, event, is_undecided=is_waiting):
        _recompute_join(
            session, workspace, kudos, event.member, is_new=event.is_present, now=now
        )


def _are_members_known(
    session: Session, workspace: Workspace, member: str, author: str | None
) -> bool:
    """Whether we know enough of these to decide.

    If not, they will be asked about, and `reconsider` decides when the answer is
    there: either it sees what we write, or we see it.
    """
    unknown = _unknown_members(session, workspace.id, member, author)
    for slack_id in sorted(unknown):
        members.lock(session, workspace.id, slack_id)
    return not (unknown and _unknown_members(session, workspace.id, member, author))


def _unknown_members(
    session: Session, installation_id: int, member: str, author: str | None
) -> set[str]:
    wanted = {slack_id for slack_id in (member, author) if slack_id}
    known = session.scalars(
        select(Member.slack_id).where(
            Member.installation_id == installation_id,
            Member.slack_id.in_(wanted),
            Member.looked_up_at.is_not(None),
        )
    )
    return wanted - set(known)


def on_user_loaded(
    session: Session, workspace: Workspace, member: Member, *, now: datetime
) -> None:
    """Facts about a person have arrived: what they reacted to before is decided."""
    waiting = session.execute(
        select(KudosReaction, Channel.slack_id)
        .join(Channel, Channel.id == KudosReaction.channel_id)
        .where(
            Channel.installation_id == workspace.id,
            KudosReaction.is_waiting.is_(True),
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
        if _unknown_members(session, workspace.id, register.member, register.author):
            continue
        seen = ReactionEvent(
            member=register.member,
            channel=slack_channel,
            ts=register.message_ts,
            emoji=register.emoji,
            event_micros=register.at_us,
            is_present=register.is_present,
            author=register.author,
        )
        _decide(session, workspace, register.channel_id, seen, now=now)


def _decide(
    session: Session,
    workspace: Workspace,
    channel_id: int,
    event: ReactionEvent,
    *,
    now: datetime,
) -> None:
    by_message = select(Kudos.id).filter_by(channel_id=channel_id, ts=event.ts)
    kudos_id = session.scalar(by_message) if event.author is None else None
    kudos = store.lock(session, workspace, kudos_id) if kudos_id else None
    allowance.lock_giver(session, workspace.id, event.member)
    session.execute(
        update(KudosReaction)
        .where(
            KudosReaction.channel_id == channel_id,
            KudosReaction.message_ts == event.ts,
            KudosReaction.member == event.member,
        )
        .values(is_waiting=False)
    )
    if kudos is not None:
        _recompute_join(session, workspace, kudos, event.member, is_new=True, now=now)
    elif event.author is not None:
        _recompute_kudos(session, workspace, channel_id, event, now=now)


def attach_reactions(
    session: Session, workspace: Workspace, kudos: Kudos, *, now: datetime
) -> None:
    """Whoever reacted before we knew the message counts from when they did."""
    waiting = session.scalars(
        select(KudosReaction.member)
        .filter_by(channel_id=kudos.channel_id, message_ts=kudos.ts, is_present=True)
        .distinct()
        .order_by(KudosReaction.member)
    ).all()
    for member in waiting:
        allowance.lock_giver(session, workspace.id, member)
        _recompute_join(session, workspace, kudos, member, is_new=True, now=now)


def _recompute_join(
    session: Session,
    workspace: Workspace,
    kudos: Kudos,
    member: str,
    *,
    # Whether the person has just reacted; else they can only lose what they had.
    is_new: bool,
    now: datetime,
) -> None:
    if member == kudos.giver or kudos.channel_id is None or kudos.ts is None:
        return
    since = reaction_store.active_since(session, kudos.channel_id, kudos.ts, member)
    stands = session.scalar(
        select(func.min(KudosThanks.given_at)).filter_by(
            kudos_id=kudos.id, giver=member
        )
    )
    if since == stands:
        return
    if stands is not None:
        delete_thanks(session, kudos.id, member)
    is_asked = since is not None and (is_new or stands is not None)
    if since is not None and is_asked and kudos.taken_back_at is None:
        verdict = _validate(
            session,
            workspace,
            kudos.channel_id,
            member,
            kudos.receivers,
            at=since,
            method="second",
        )
        store.record(session, kudos, member, verdict.recipients, at=since, is_join=True)
        _notify_limit_reached(
            session,
            workspace,
            kudos.channel_id,
            verdict,
            member=member,
            at=since,
            now=now,
        )
    kudos_.update_message(session, kudos, now=now)
    home_refresh.refresh_homes(session, workspace.id, kudos.receivers, now=now)


def _recompute_kudos(
    session: Session,
    workspace: Workspace,
    channel_id: int,
    event: ReactionEvent,
    *,
    now: datetime,
) -> None:
    """Thank the author of a message by an emoji, or take that back."""
    source = f"reaction:{channel_id}:{event.ts}:{event.member}"
    kudos = session.scalar(
        select(Kudos)
        .filter_by(installation_id=workspace.id, source=source)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    since = reaction_store.active_since(session, channel_id, event.ts, event.member)
    stands = kudos.given_at if kudos and kudos.taken_back_at is None else None
    if since == stands:
        return
    if since is None or not (event.is_present or stands):
        if kudos is not None and stands:
            kudos_.revoke(session, kudos, by=event.member, now=now)
        return
    if kudos is not None:
        delete_thanks(session, kudos.id, event.member)
    author = event.author or ""
    verdict = _validate(
        session,
        workspace,
        channel_id,
        event.member,
        [author],
        at=since,
        method="reaction",
    )
    if not verdict.recipients:
        if kudos is not None and stands:
            kudos_.revoke(session, kudos, by=event.member, now=now)
        _notify_limit_reached(
            session,
            workspace,
            channel_id,
            verdict,
            member=event.member,
            at=since,
            now=now,
        )
        return
    if kudos is None:
        kudos = Kudos(
            installation_id=workspace.id,
            source=source,
            channel_id=channel_id,
            about_channel_id=channel_id,
            about_ts=event.ts,
            emoji=event.emoji,
            giver=event.member,
            receivers=[author],
            given_at=since,
        )
        session.add(kudos)
    elif kudos.taken_back_at is not None:
        kudos.taken_back_at = kudos.taken_back_by = None
        kudos_.update_recipient_message(session, kudos, author, now=now)
    kudos.given_at = since
    session.flush()
    store.record(session, kudos, event.member, verdict.recipients, at=since)
    kudos_.notify_recipients(
        session, kudos, verdict.recipients, now=now, send_after=now + NOTIFICATION_DELAY
    )


def _validate(
    session: Session,
    workspace: Workspace,
    channel_id: int,
    giver: str,
    people: Iterable[str],
    *,
    at: datetime,
    method: Method,
) -> Validation:
    wanted = list(people)
    stands = allowance.load(session, workspace.id, giver, wanted, at=at)
    if not is_allowed(Action.GIVE_KUDOS, stands.roles):
        return Validation()
    channel = session.get_one(Channel, channel_id)
    return rules.validate(
        KudosRequest(
            giver=giver,
            people=wanted,
            recipients=stands.recipients,
            remaining=stands.remaining,
            daily_allowance=stands.daily,
            allow_external=channel.strangers_get_kudos,
            method=method,
        )
    )


def _notify_limit_reached(
    session: Session,
    workspace: Workspace,
    channel_id: int,
    validation: Validation,
    *,
    member: str,
    at: datetime,
    now: datetime,
) -> None:
    """Say, once a day and to nobody else, that a reaction gave nothing, and why."""
    why = [problem.text for problem in validation.errors if problem.is_limit]
    if not why:
        return
    channel = session.get_one(Channel, channel_id)
    day = allowance.day_window(
        at, members.find(session, workspace.id, member)
    ).starts_at
    enqueue.enqueue(
        session,
        "kudos.spent",
        channel_id,
        channel.slack_id,
        installation_id=workspace.id,
        now=now,
        payload={"member": member, "why": why},
        occurrence=f"{member}:{day:%Y-%m-%d}",
    )
