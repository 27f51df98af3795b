"""What became of a round for each member: derived again after each change.

A round's row is held while that is done, after the asks and before the promises, so
that two who change something in it wait for each other.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.checkins import rounds, rules
from bot.checkins.rounds import update_digest
from bot.checkins.rules import Membership, State
from bot.clock import ts_to_micros
from bot.db.statements import upsert
from bot.errors import UserError
from bot.messages.authors import is_by_human
from bot.outbox import enqueue, home_refresh
from bot.outbox.queue import Delivery
from bot.permissions import Action, Role, require
from bot.runtime import Workspace
from bot.workspace import members, roles
from models import Channel, CheckIn, CheckInReply, Participant, Round, Schedule

# Whoever joins at once is not asked whether to; nor who takes their reply back.
INVITE_DELAY = timedelta(minutes=1)


def get_participant(
    session: Session, schedule_id: int, member: str
) -> Participant | None:
    return session.get(Participant, (schedule_id, member), populate_existing=True)


def _counts(session: Session, round_: Round, member: str, before: State | None) -> bool:
    """Return whether a member's part counts; what counted before still does."""
    channel = session.get_one(Channel, round_.channel_id)
    return before == "shared" or is_allowed(session, channel, member)


def get(session: Session, round_id: int, member: str) -> CheckIn | None:
    return session.scalar(
        select(CheckIn)
        .filter_by(round_id=round_id, member=member)
        .execution_options(populate_existing=True)
    )


def get_or_create(session: Session, round_id: int, member: str) -> CheckIn:
    """The member's row in a round that is held, made if it is new."""
    session.execute(
        upsert(session, CheckIn)
        .values(round_id=round_id, member=member)
        .on_conflict_do_nothing()
    )
    found = get(session, round_id, member)
    assert found is not None  # noqa: S101 - it was made the line before
    return found


def first_reply_ts(session: Session, round_id: int, member: str) -> str | None:
    """The `ts` of the first of their replies that are still there."""
    return session.scalar(
        select(CheckInReply.ts)
        .filter_by(round_id=round_id, author=member, is_deleted=False)
        .order_by(CheckInReply.ts)
        .limit(1)
    )


def recompute(
    session: Session, round_: Round, member: str, *, now: datetime
) -> CheckIn | None:
    """Derive what became of a round that we `hold` for a member, and record it.

    None where it does not concern them.
    """
    session.flush()
    found = get(session, round_.id, member)
    reply_ts = first_reply_ts(session, round_.id, member)
    who = get_participant(session, round_.schedule_id, member)
    before = cast("State | None", found.state if found else None)
    membership, has_replied = rules.NOT_A_PARTICIPANT, False
    if (who or reply_ts) and _counts(session, round_, member, before):
        has_replied = reply_ts is not None
        if who:
            membership = Membership(who.is_in, who.joined_at, who.left_at)
    state = rules.derive_state(
        membership,
        has_text=found is not None and found.has_text,
        has_replied=has_replied,
        is_open=round_.state == "open",
        closes_at=round_.closes_at,
        is_away=found is not None and found.was_away,
    )
    if state is None:
        if found is not None:
            session.delete(found)
    else:
        found = found or get_or_create(session, round_.id, member)
        found.state, found.reply_ts = state, reply_ts
        _apply_state(session, round_, found, who, before, now=now)
    session.flush()
    if state != before:
        schedule = session.get_one(Schedule, round_.schedule_id)
        home_refresh.refresh_homes(session, schedule.installation_id, [member], now=now)
    if round_.state == "closed":
        update_digest(session, round_, now=now)
    return found if state else None


def _apply_state(
    session: Session,
    round_: Round,
    checkin: CheckIn,
    participant: Participant | None,
    before: State | None,
    *,
    now: datetime,
) -> None:
    """What comes of somebody's new state for them alone."""
    if checkin.state == "waiting":
        if before != "waiting":
            checkin.nudge_at = first_reminder_at(session, round_, now=now)
        return
    checkin.nudge_at = None
    if checkin.state == "shared" and before != "shared" and participant is not None:
        # Whoever shares again goes on.
        participant.nudges_stopped_at = None
    is_newcomer = participant is None or not (participant.is_in or participant.is_asked)
    if checkin.state == "shared" and is_newcomer:
        invite_to_join(session, round_, checkin.member, now=now)


def invite_to_join(
    session: Session, round_: Round, member: str, *, now: datetime
) -> None:
    """Ask somebody who took part without having joined whether to join, once ever."""
    schedule = session.get_one(Schedule, round_.schedule_id)
    enqueue.enqueue(
        session,
        "checkin.invite",
        schedule.id,
        member,
        installation_id=schedule.installation_id,
        now=now,
        due=now + INVITE_DELAY,
        payload={"round": round_.id},
    )


def first_reminder_at(
    session: Session, round_: Round, *, now: datetime
) -> datetime | None:
    """When to look whether somebody who waits from now on is to be nudged."""
    hours = session.get_one(Schedule, round_.schedule_id).nudge_after
    if hours is None:
        return None
    at = now + timedelta(hours=hours)
    return at if at < round_.closes_at else None


def expect_participants(session: Session, round_: Round, *, now: datetime) -> None:
    """The round has been posted: who joined, and still may, is expected to share.

    Who has replied already has. To be called while the round is held.
    """
    seated = session.scalars(
        select(Participant.member)
        .filter_by(schedule_id=round_.schedule_id, is_in=True)
        .order_by(Participant.member)
    ).all()
    channel = session.get_one(Channel, round_.channel_id)
    joined = [one for one in seated if is_allowed(session, channel, one)]
    heard = set(session.scalars(select(CheckIn.member).filter_by(round_id=round_.id)))
    nudge_at = first_reminder_at(session, round_, now=now)
    waiting = [
        {"round_id": round_.id, "member": member, "nudge_at": nudge_at}
        for member in joined
        if member not in heard
    ]
    if waiting:
        session.execute(upsert(session, CheckIn).on_conflict_do_nothing(), waiting)
        schedule = session.get_one(Schedule, round_.schedule_id)
        home_refresh.refresh_homes(session, schedule.installation_id, joined, now=now)
    for member in joined:
        if member in heard:
            recompute(session, round_, member, now=now)


NO_GUESTS = "In this channel only full members of the workspace take part."


def require_allowed(session: Session, channel: Channel, member: str) -> None:
    """Raises Refusal where the person can't take part in the channel's check-ins."""
    held = roles.in_channel(session, channel, member)
    require(Action.CHECK_IN, held)
    if Role.GUEST in held and not channel.guests_may_ask:
        raise UserError(NO_GUESTS)


def is_allowed(session: Session, channel: Channel, member: str) -> bool:
    try:
        require_allowed(session, channel, member)
    except UserError:
        return False
    return True


def record_reply(
    session: Session,
    workspace: Workspace,
    round_id: int,
    *,
    ts: str,
    author: str,
    now: datetime,
) -> None:
    """Somebody replied. Further replies of theirs are conversation."""
    held = rounds.lock(session, round_id)
    if held is None or members.is_bot(session, workspace.id, author):
        return
    if members.is_before_erasure(
        session, workspace.id, author, event_micros=ts_to_micros(ts)
    ):
        return
    added = session.scalar(
        upsert(session, CheckInReply)
        .values(channel_id=held.channel_id, ts=ts, round_id=held.id, author=author)
        .on_conflict_do_nothing()
        .returning(CheckInReply.author)
    )
    if added is not None:
        members.ensure(session, workspace.id, [author])
        recompute(session, held, author, now=now)


def on_user_loaded(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> None:
    """Count a person's replies that did not count while we knew nothing of them."""
    round_ids = session.scalars(
        select(CheckInReply.round_id)
        .join(Channel, Channel.id == CheckInReply.channel_id)
        .outerjoin(
            CheckIn,
            (CheckIn.round_id == CheckInReply.round_id)
            & (CheckIn.member == CheckInReply.author)
            & (CheckIn.state == "shared"),
        )
        .where(
            Channel.installation_id == workspace.id,
            CheckInReply.author == member,
            CheckInReply.is_deleted.is_(False),
            CheckIn.id.is_(None),
        )
    )
    for round_id in sorted(set(round_ids)):
        held = rounds.lock(session, round_id)
        if held is not None:
            recompute(session, held, member, now=now)


def on_reply_deleted(
    session: Session, round_id: int, *, ts: str, author: str | None, now: datetime
) -> None:
    """A reply was deleted. Heard of before the reply, it leaves a row to find.

    `author` as Slack says it, None where it does not.
    """
    held = rounds.lock(session, round_id)
    if held is None:
        return
    known = session.get(CheckInReply, (held.channel_id, ts), populate_existing=True)
    if known is None:
        if author is not None:
            session.add(
                CheckInReply(
                    channel_id=held.channel_id,
                    ts=ts,
                    round_id=held.id,
                    author=author,
                    is_deleted=True,
                )
            )
            session.flush()
        return
    if not known.is_deleted:
        known.is_deleted = True
        recompute(session, held, known.author, now=now)


def request_thread_sync(session: Session, round_: Round, *, now: datetime) -> None:
    """Ask for a look at the thread, for what was said there unheard."""
    channel = session.get_one(Channel, round_.channel_id)
    enqueue.enqueue_update(
        session,
        "checkin.read",
        round_.id,
        channel.slack_id,
        installation_id=channel.installation_id,
        now=now,
    )


def resync_open_threads(session: Session, channel: Channel, *, now: datetime) -> None:
    """Look at the threads of open rounds: the bot was away, and heard nothing."""
    for one in session.scalars(
        select(Round)
        .filter_by(channel_id=channel.id, state="open")
        .where(Round.ts.is_not(None))
        .order_by(Round.id)
    ):
        request_thread_sync(session, one, now=now)


def import_thread(
    session: Session,
    delivery: Delivery,
    messages: Iterable[Mapping[str, Any]],
    now: datetime,
    workspace: Workspace,
) -> None:
    """Record the replies of a round's thread as Slack shows it."""
    one = session.get_one(Round, delivery.subject_id)
    for message in messages:
        if str(message["ts"]) != one.ts and is_by_human(message, workspace):
            record_reply(
                session,
                workspace,
                one.id,
                ts=str(message["ts"]),
                author=str(message["user"]),
                now=now,
            )
