"""Kudos by reaction: joining somebody's kudos, and thanking for a message.

Both rest on registers, where the latest action stands whatever the order in which we
hear of them. Whether the allowance lets a reaction count is decided once, when it is
heard of: it counts from the day on which it was made, or never.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot import homes, outbox
from bot.answers import registers as answers
from bot.kudos import allowance, registers, rules
from bot.kudos import service as kudos_
from bot.kudos.registers import Reacted
from bot.kudos.rules import By, Verdict, Wish
from bot.members import service as members
from bot.members.rules import Action, may
from bot.runtime import Workspace
from models import Channel, Kudos, KudosReaction, Member, Thanks

# An undo within this time withdraws what the receiver would have been told.
UNDO_FOR = timedelta(seconds=60)


def react(
    session: Session, workspace: Workspace, seen: Reacted, *, now: datetime
) -> None:
    """Record a reaction or its removal, and what it gives or takes back.

    Not one that comes late, when whoever reacted has been forgotten.
    """
    if members.was_forgotten(session, workspace.id, seen.member, at_us=seen.at_us):
        return
    spot = registers.find(session, workspace.id, seen)
    if spot is None:
        return
    is_waiting = not _are_known(session, workspace, seen.member, seen.author)
    if spot.is_kudos:
        allowance.hold(session, workspace.id, seen.member)
        if registers.record(session, spot.channel_id, seen, is_waiting=is_waiting):
            _settle_thanks(session, workspace, spot.channel_id, seen, now=now)
        return
    if spot.kudos_id is None:
        # Its message is perhaps being recorded at this moment: one of the two waits.
        answers.hold_channel(session, spot.channel_id)
        spot = registers.find(session, workspace.id, seen) or spot
    if spot.kudos_id is None:
        registers.record(session, spot.channel_id, seen, is_waiting=is_waiting)
        return
    kudos = kudos_.hold(session, workspace, spot.kudos_id)
    allowance.hold(session, workspace.id, seen.member)
    if registers.record(session, spot.channel_id, seen, is_waiting=is_waiting):
        _settle_second(
            session, workspace, kudos, seen.member, is_new=seen.is_present, now=now
        )


def _are_known(
    session: Session, workspace: Workspace, member: str, author: str | None
) -> bool:
    """Whether we know enough of these to decide.

    If not, they will be asked about, and `reconsider` decides when the answer is
    there: either it sees what we write, or we see it.
    """
    unknown = _unknown(session, workspace.id, member, author)
    for slack_id in sorted(unknown):
        members.hold(session, workspace.id, slack_id)
    return not (unknown and _unknown(session, workspace.id, member, author))


def _unknown(
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


def reconsider(
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
        if _unknown(session, workspace.id, register.member, register.author):
            continue
        seen = Reacted(
            member=register.member,
            channel=slack_channel,
            ts=register.message_ts,
            emoji=register.emoji,
            at_us=register.at_us,
            is_present=register.is_present,
            author=register.author,
        )
        _decide(session, workspace, register.channel_id, seen, now=now)


def _decide(
    session: Session,
    workspace: Workspace,
    channel_id: int,
    seen: Reacted,
    *,
    now: datetime,
) -> None:
    by_message = select(Kudos.id).filter_by(channel_id=channel_id, ts=seen.ts)
    kudos_id = session.scalar(by_message) if seen.author is None else None
    kudos = kudos_.hold(session, workspace, kudos_id) if kudos_id else None
    allowance.hold(session, workspace.id, seen.member)
    session.execute(
        update(KudosReaction)
        .where(
            KudosReaction.channel_id == channel_id,
            KudosReaction.message_ts == seen.ts,
            KudosReaction.member == seen.member,
        )
        .values(is_waiting=False)
    )
    if kudos is not None:
        _settle_second(session, workspace, kudos, seen.member, is_new=True, now=now)
    elif seen.author is not None:
        _settle_thanks(session, workspace, channel_id, seen, now=now)


def adopt(
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
        allowance.hold(session, workspace.id, member)
        _settle_second(session, workspace, kudos, member, is_new=True, now=now)


def _settle_second(
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
    since = registers.since(session, kudos.channel_id, kudos.ts, member)
    stands = session.scalar(
        select(func.min(Thanks.given_at)).filter_by(kudos_id=kudos.id, giver=member)
    )
    if since == stands:
        return
    if stands is not None:
        _drop(session, kudos.id, member)
    is_asked = since is not None and (is_new or stands is not None)
    if since is not None and is_asked and kudos.taken_back_at is None:
        verdict = _weigh(
            session,
            workspace,
            kudos.channel_id,
            member,
            kudos.receivers,
            at=since,
            by="second",
        )
        kudos_.credit(
            session, kudos, member, verdict.receivers, at=since, is_second=True
        )
        _explain(
            session,
            workspace,
            kudos.channel_id,
            verdict,
            member=member,
            at=since,
            now=now,
        )
    kudos_.show_again(session, kudos, now=now)
    homes.refresh(session, workspace.id, kudos.receivers, now=now)


def _settle_thanks(
    session: Session,
    workspace: Workspace,
    channel_id: int,
    seen: Reacted,
    *,
    now: datetime,
) -> None:
    """Thank the author of a message by an emoji, or take that back."""
    source = f"reaction:{channel_id}:{seen.ts}:{seen.member}"
    kudos = session.scalar(
        select(Kudos)
        .filter_by(installation_id=workspace.id, source=source)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    since = registers.since(session, channel_id, seen.ts, seen.member)
    stands = kudos.given_at if kudos and kudos.taken_back_at is None else None
    if since == stands:
        return
    if since is None or not (seen.is_present or stands):
        if kudos is not None and stands:
            kudos_.withdraw(session, kudos, by=seen.member, now=now)
        return
    if kudos is not None:
        _drop(session, kudos.id, seen.member)
    author = seen.author or ""
    verdict = _weigh(
        session, workspace, channel_id, seen.member, [author], at=since, by="reaction"
    )
    if not verdict.receivers:
        if kudos is not None and stands:
            kudos_.withdraw(session, kudos, by=seen.member, now=now)
        _explain(
            session,
            workspace,
            channel_id,
            verdict,
            member=seen.member,
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
            about_ts=seen.ts,
            emoji=seen.emoji,
            giver=seen.member,
            receivers=[author],
            given_at=since,
        )
        session.add(kudos)
    elif kudos.taken_back_at is not None:
        kudos.taken_back_at = kudos.taken_back_by = None
        kudos_.retell(session, kudos, author, now=now)
    kudos.given_at = since
    session.flush()
    kudos_.credit(session, kudos, seen.member, verdict.receivers, at=since)
    kudos_.tell_receivers(
        session, kudos, verdict.receivers, now=now, due=now + UNDO_FOR
    )


def message_gone(
    session: Session,
    workspace: Workspace,
    slack_channel: str,
    ts: str,
    *,
    now: datetime,
) -> None:
    """A message was deleted in Slack.

    Kudos whose message it was are taken back; those that are about it stand, without
    a link to where nothing is.
    """
    channel = session.scalar(
        select(Channel.id).filter_by(
            installation_id=workspace.id, slack_id=slack_channel
        )
    )
    if channel is None:
        return
    for kudos in _by_message(session, channel, ts):
        if kudos.ts == ts and kudos.channel_id == channel:
            if kudos.taken_back_at is None:
                kudos_.withdraw(session, kudos, by=None, now=now)
        else:
            kudos.about_ts = None
            session.flush()
            kudos_.show_again(session, kudos, now=now)


def _by_message(session: Session, channel_id: int, ts: str) -> Sequence[Kudos]:
    ids = session.scalars(
        select(Kudos.id)
        .where(Kudos.channel_id == channel_id, Kudos.ts == ts)
        .union(
            select(Kudos.id).where(
                Kudos.about_channel_id == channel_id, Kudos.about_ts == ts
            )
        )
    ).all()
    return session.scalars(
        select(Kudos)
        .where(Kudos.id.in_(ids))
        .order_by(Kudos.id)
        .with_for_update(key_share=True)
    ).all()


def _drop(session: Session, kudos_id: int, giver: str) -> None:
    session.execute(
        delete(Thanks).where(Thanks.kudos_id == kudos_id, Thanks.giver == giver)
    )


def _weigh(
    session: Session,
    workspace: Workspace,
    channel_id: int,
    giver: str,
    people: Iterable[str],
    *,
    at: datetime,
    by: By,
) -> Verdict:
    wanted = list(people)
    stands = allowance.standing(session, workspace.id, giver, wanted, at=at)
    if not may(Action.THANK, stands.roles):
        return Verdict()
    channel = session.get_one(Channel, channel_id)
    return rules.weigh(
        Wish(
            giver=giver,
            people=wanted,
            known=stands.receivers,
            left=stands.left,
            a_day=stands.a_day,
            strangers_too=channel.strangers_get_kudos,
            by=by,
        )
    )


def _explain(
    session: Session,
    workspace: Workspace,
    channel_id: int,
    verdict: Verdict,
    *,
    member: str,
    at: datetime,
    now: datetime,
) -> None:
    """Say, once a day and to nobody else, that a reaction gave nothing, and why."""
    why = [problem.text for problem in verdict.refused if problem.is_limit]
    if not why:
        return
    channel = session.get_one(Channel, channel_id)
    day = allowance.days(at, members.find(session, workspace.id, member)).starts
    outbox.promise(
        session,
        "kudos.spent",
        channel_id,
        channel.slack_id,
        installation_id=workspace.id,
        now=now,
        detail={"member": member, "why": why},
        occasion=f"{member}:{day:%Y-%m-%d}",
    )
