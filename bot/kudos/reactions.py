"""Kudos by reaction: join a member's kudos, or thank the author of a message.

The stored state of each reaction is that of the latest event, in whatever order events
arrive. The allowance is checked once, when a reaction's event arrives: then it counts
from the time at which it was made, or never.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from sqlalchemy import func, or_, select, update

from bot.db.statements import lock_rows
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

# If a reaction is removed within this time, the recipient is not notified of it.
NOTIFICATION_DELAY = timedelta(seconds=60)


def apply_reactions(tx: Transaction, events: Sequence[ReactionEvent]) -> None:
    """Store several reactions or removals; see `apply_reaction`.

    They lock the kudos and then the givers, each in one order, so that transactions of
    several replicas don't deadlock. Reactions of different members are independent.
    """
    if len(events) > 1:
        _lock_kudos(tx, events)
    for event in sorted(events, key=attrgetter("member")):
        apply_reaction(tx, event)
        tx.session.flush()
        # The next one reads its rows again, as if in a transaction of its own.
        tx.session.expunge_all()


def _lock_kudos(tx: Transaction, events: Sequence[ReactionEvent]) -> None:
    targets = [
        reaction_store.find_target(tx.session, tx.workspace.id, event)
        for event in events
    ]
    ids = {target.kudos_id for target in targets if target and target.kudos_id}
    lock_rows(tx.session, Kudos, ids)


def apply_reaction(tx: Transaction, event: ReactionEvent) -> None:
    """Store a reaction or its removal, and give or take back kudos accordingly.

    A late event from before the member's erasure changes nothing.
    """
    if members.is_before_erasure(tx, event.member, event_micros=event.event_micros):
        return
    target = reaction_store.find_target(tx.session, tx.workspace.id, event)
    if target is None:
        return
    is_undecided = not _are_members_known(tx, event.member, event.author)
    if target.is_kudos:
        allowance.lock_giver(tx, event.member)
        if reaction_store.record(
            tx.session, target.channel_id, event, is_undecided=is_undecided
        ):
            _recompute_kudos(tx, target.channel_id, event)
        return
    if target.kudos_id is None:
        # Another transaction may just be storing the `ts` of the kudos' message.
        tracked_messages.lock_channel(tx.session, target.channel_id)
        target = (
            reaction_store.find_target(tx.session, tx.workspace.id, event) or target
        )
    if target.kudos_id is None:
        reaction_store.record(
            tx.session, target.channel_id, event, is_undecided=is_undecided
        )
        return
    kudos = store.lock(tx, target.kudos_id)
    allowance.lock_giver(tx, event.member)
    if reaction_store.record(
        tx.session, target.channel_id, event, is_undecided=is_undecided
    ):
        _recompute_join(tx, kudos, event.member, is_new=event.is_present)


def _are_members_known(tx: Transaction, member: str, author: str | None) -> bool:
    """Return True if the profiles of these people are known, and a decision possible.

    If not, `on_user_loaded` decides later. The lock makes sure that either it reads our
    row of the reaction, or we read the profile that it has stored.
    """
    unknown = _unknown_members(tx, member, author)
    for slack_id in sorted(unknown):
        members.lock(tx, slack_id)
    return not (unknown and _unknown_members(tx, member, author))


def _unknown_members(tx: Transaction, member: str, author: str | None) -> set[str]:
    slack_ids = {slack_id for slack_id in (member, author) if slack_id}
    loaded = tx.session.scalars(
        select(Member.slack_id).where(
            Member.installation_id == tx.workspace.id,
            Member.slack_id.in_(slack_ids),
            Member.fetched_at.is_not(None),
        )
    )
    return slack_ids - set(loaded)


def on_user_loaded(tx: Transaction, member: Member) -> None:
    """Decide on the member's earlier reactions, now that their profile is known."""
    rows = tx.session.execute(
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
    for reaction, slack_channel in rows:
        if _unknown_members(tx, reaction.member, reaction.author):
            continue
        event = ReactionEvent(
            member=reaction.member,
            channel=slack_channel,
            ts=reaction.message_ts,
            emoji=reaction.emoji,
            event_micros=reaction.event_micros,
            is_present=reaction.is_present,
            author=reaction.author,
        )
        _decide(tx, reaction.channel_id, event)


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
    reacting_members = tx.session.scalars(
        select(KudosReaction.member)
        .filter_by(channel_id=kudos.channel_id, message_ts=kudos.ts, is_present=True)
        .distinct()
        .order_by(KudosReaction.member)
    ).all()
    for member in reacting_members:
        allowance.lock_giver(tx, member)
        _recompute_join(tx, kudos, member, is_new=True)


def _recompute_join(
    tx: Transaction,
    kudos: Kudos,
    member: str,
    *,
    # True for an added reaction. After a removal, no new thanks are given.
    is_new: bool,
) -> None:
    """Store or delete the thanks of a member who joined, by their reactions."""
    if member == kudos.giver or kudos.channel_id is None or kudos.ts is None:
        return
    since = reaction_store.active_since(tx.session, kudos.channel_id, kudos.ts, member)
    stored_since = tx.session.scalar(
        select(func.min(KudosThanks.given_at)).filter_by(
            kudos_id=kudos.id, giver=member
        )
    )
    if since == stored_since:
        return
    if stored_since is not None:
        delete_thanks(tx.session, kudos.id, member)
    may_give = is_new or stored_since is not None
    if since is not None and may_give and kudos.taken_back_at is None:
        validation = _validate(
            tx, kudos.channel_id, member, kudos.recipients, at=since, method="join"
        )
        store.record(tx, kudos, member, validation.recipients, at=since, is_join=True)
        _notify_limit_reached(tx, kudos.channel_id, validation, member=member, at=since)
    service.update_message(tx, kudos)
    home_refresh.refresh_homes(tx, kudos.recipients)


def _recompute_kudos(tx: Transaction, channel_id: int, event: ReactionEvent) -> None:
    """Give kudos to a message's author by a reaction, or take them back."""
    source = f"reaction:{channel_id}:{event.ts}:{event.member}"
    kudos = tx.session.scalar(
        select(Kudos)
        .filter_by(installation_id=tx.workspace.id, source=source)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    since = reaction_store.active_since(tx.session, channel_id, event.ts, event.member)
    stored_since = kudos.given_at if kudos and kudos.taken_back_at is None else None
    if since == stored_since:
        return
    if since is None or not (event.is_present or stored_since):
        if kudos is not None and stored_since:
            service.revoke(tx, kudos, by=event.member)
        return
    if kudos is not None:
        delete_thanks(tx.session, kudos.id, event.member)
    author = event.author or ""
    validation = _validate(
        tx, channel_id, event.member, [author], at=since, method="reaction"
    )
    if not validation.recipients:
        if kudos is not None and stored_since:
            service.revoke(tx, kudos, by=event.member)
        _notify_limit_reached(tx, channel_id, validation, member=event.member, at=since)
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
    store.record(tx, kudos, event.member, validation.recipients, at=since)
    service.notify_recipients(
        tx, kudos, validation.recipients, send_at=tx.now + NOTIFICATION_DELAY
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
    recipients = list(people)
    current = allowance.load(tx, giver, recipients, at=at)
    if not is_allowed(GIVE_KUDOS, current.roles):
        return Validation()
    channel = tx.session.get_one(Channel, channel_id)
    return rules.validate(
        KudosRequest(
            giver=giver,
            people=recipients,
            recipients=current.recipients,
            remaining=current.remaining,
            daily_allowance=current.daily,
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
    """Tell the member, once a day, that a reaction gave no kudos, and why."""
    reasons = [issue.text for issue in validation.errors if issue.is_limit]
    if not reasons:
        return
    channel = tx.session.get_one(Channel, channel_id)
    day = allowance.day_window(at, members.find(tx, member)).starts_at
    tx.enqueue(
        KUDOS_LIMIT_REACHED,
        channel_id,
        to=channel.slack_id,
        payload={"member": member, "why": reasons},
        occurrence=f"{member}:{day:%Y-%m-%d}",
    )
