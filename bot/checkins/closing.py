"""Close rounds: record misses, stop useless reminders, and compose the digest."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.checkins import blocks, rounds, rules, sharing
from bot.checkins.blocks import DigestEntry
from bot.checkins.message_kinds import CHECKIN_REMINDER, CHECKIN_REMINDERS_STOPPED
from bot.checkins.rules import State
from bot.checkins.schedules import pause_reason
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.outbox import home_refresh
from bot.outbox.enqueue import dedup_key
from bot.runtime import Transaction, Workspace
from bot.slack.blocks import Note
from bot.slack.text import is_erased, permalink
from bot.workspace import contact_hours, member_settings, members
from models import (
    Answer,
    Ask,
    Channel,
    CheckIn,
    Member,
    OutboxItem,
    Participant,
    Round,
    Schedule,
)

# Rounds that are closed in one transaction.
CLOSE_BATCH_SIZE = 10
# Misses count within this time. It is long, because rounds in which a member was away
# do not end a row of misses.
LOOKBACK = timedelta(days=366)


def overdue(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of the rounds whose time is over."""
    return (
        rounds.select_open(installation_id)
        .where(Round.ts.is_not(None), Round.closes_at <= now)
        .order_by(Round.closes_at, Round.id)
    )


def close_due(tx: Transaction) -> int:
    """Close up to CLOSE_BATCH_SIZE rounds whose time is over; return their number.

    Several replicas may run it at once: the first to lock a round closes it.
    """
    ids = tx.session.scalars(
        overdue(tx.workspace.id, tx.now).limit(CLOSE_BATCH_SIZE)
    ).all()
    for round_id in sorted(ids):
        round_ = rounds.lock(tx.session, round_id)
        if round_ is not None and round_.state == "open":
            _close(tx, round_)
    return len(ids)


def _close(tx: Transaction, round_: Round) -> None:
    round_.state = "closed"
    pending = tx.session.scalars(
        select(CheckIn)
        .filter_by(round_id=round_.id, state="pending")
        .order_by(CheckIn.member)
    ).all()
    away = contact_hours.away_members(tx, [checkin.member for checkin in pending])
    for checkin in pending:
        checkin.was_away = checkin.was_away or checkin.member in away
        checkin.state = "away" if checkin.was_away else "missed"
        checkin.remind_at = None
    tx.session.flush()
    home_refresh.refresh_homes(tx, [checkin.member for checkin in pending])
    _stop_reminders(tx, round_)
    rounds.update_digest(tx, round_)


def _stop_reminders(tx: Transaction, round_: Round) -> None:
    """Stop the reminders of members who missed MISSES_BEFORE_STOP rounds in a row.

    It concerns only members who got a reminder for this round, and who still want
    reminders. They get a message about it.
    """
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    channel = tx.session.get_one(Channel, round_.channel_id)
    has_ended = schedule.state != "on" or pause_reason(schedule, channel) is not None
    if has_ended or schedule.remind_after is None:
        return
    candidates = tx.session.scalars(
        select(Participant)
        .where(
            Participant.schedule_id == schedule.id,
            Participant.is_active.is_(True),
            Participant.reminders_stopped_at.is_(None),
            Participant.member.in_(
                select(CheckIn.member).filter_by(round_id=round_.id, state="missed")
            ),
        )
        .order_by(Participant.member)
        .execution_options(populate_existing=True)
    ).all()
    people = [participant.member for participant in candidates]
    reminded_members = _reminded(tx, round_, people)
    latest = _recent_states(tx.session, round_, candidates)
    settings = member_settings.get_many(tx, people)
    deactivated = _deactivated(tx, people)
    for participant in candidates:
        if (
            participant.member not in reminded_members
            or not rules.should_stop_reminders(latest[participant.member])
        ):
            continue
        if (
            participant.member in deactivated
            or not settings[participant.member].wants_reminders
        ):
            continue
        participant.reminders_stopped_at = tx.now
        tx.enqueue(
            CHECKIN_REMINDERS_STOPPED,
            schedule.id,
            to=participant.member,
            occurrence=str(round_.id),
        )


def _reminded(tx: Transaction, round_: Round, people: Collection[str]) -> set[str]:
    """Return the members who got a reminder for the round, or may have got one."""
    keys = [dedup_key(CHECKIN_REMINDER, round_.id, member) for member in people]
    return set(
        tx.session.scalars(
            select(OutboxItem.recipient).where(
                OutboxItem.installation_id == tx.workspace.id,
                OutboxItem.dedup_key.in_(keys),
                OutboxItem.state.in_(("sent", "sending", "unconfirmed", "lost")),
            )
        )
    )


def _recent_states(
    session: Session, round_: Round, candidates: Collection[Participant]
) -> Mapping[str, Sequence[State]]:
    """Return each candidate's states up to this round, the latest first.

    Rounds from before they joined, or resumed reminders, are left out.
    """
    since = {participant.member: participant.streak_from for participant in candidates}
    rows = session.execute(
        select(CheckIn.member, CheckIn.state, Round.closes_at)
        .join(Round, Round.id == CheckIn.round_id)
        .where(
            Round.schedule_id == round_.schedule_id,
            Round.due_at <= round_.due_at,
            Round.due_at > round_.due_at - LOOKBACK,
            CheckIn.member.in_(since),
        )
        .order_by(Round.due_at.desc())
    )
    states: dict[str, list[State]] = {member: [] for member in since}
    for member, state, closes_at in rows:
        if closes_at > since[member]:
            states[member].append(cast("State", state))
    return states


def _deactivated(tx: Transaction, people: Collection[str]) -> set[str]:
    return set(
        tx.session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == tx.workspace.id,
                Member.slack_id.in_(people),
                Member.is_deactivated.is_(True),
            )
        )
    )


def cancel(tx: Transaction, round_id: int) -> None:
    """Cancel an open round whose post was deleted; nobody has to share in it."""
    round_ = rounds.lock(tx.session, round_id)
    if round_ is None:
        return
    round_.ts = None
    if round_.state != "open":
        return
    round_.state, round_.reason = "failed", "removed"
    pending = tx.session.scalars(
        select(CheckIn).filter_by(round_id=round_.id, state="pending")
    ).all()
    for checkin in pending:
        tx.session.delete(checkin)
    home_refresh.refresh_homes(tx, [checkin.member for checkin in pending])


def compose_digest(tx: Transaction, round_: Round) -> Note:
    """Return a round's digest, for the members of its channel."""
    checkins = [
        checkin
        for checkin in tx.session.scalars(
            select(CheckIn)
            .filter_by(round_id=round_.id, state="shared")
            .order_by(CheckIn.id)
        )
        if not is_erased(checkin.member)
    ]
    people = [checkin.member for checkin in checkins]
    names = members.names(tx, people)
    past = _past_states(tx.session, round_, people)
    channel = tx.session.get_one(Channel, round_.channel_id)
    entries = [
        _entry(
            tx,
            checkin,
            name=names[checkin.member],
            url=_response_url(tx.workspace, channel, round_, checkin),
            past=past[checkin.member],
        )
        for checkin in checkins
    ]
    return blocks.digest(round_.question, entries)


def _entry(
    tx: Transaction,
    checkin: CheckIn,
    *,
    name: str,
    url: str,
    past: Sequence[State | None],
) -> DigestEntry:
    count = rules.streak(past)
    blocker = sharing.visible_blocker(tx, checkin)
    # Readers who may not see the ask may not see its solver either.
    is_visible = blocker is not None and bool(blocker.url)
    return DigestEntry(
        name=name,
        url=url,
        proud_of=checkin.proud_of,
        stuck_on=checkin.stuck_on,
        blocker=blocker,
        solved_by=_solver(tx, checkin) if is_visible else "",
        is_first=past.count("shared") == 1,
        streak=count if rules.is_milestone(count) else 0,
    )


def _response_url(
    workspace: Workspace, channel: Channel, round_: Round, checkin: CheckIn
) -> str:
    ts = checkin.ts or checkin.reply_ts
    if ts is None:
        return ""
    return permalink(workspace.team_url, channel.slack_id, ts, round_.ts)


def _solver(tx: Transaction, checkin: CheckIn) -> str:
    """Return the name of the member whose answer solved the blocker, or ""."""
    if checkin.ask_id is None:
        return ""
    author = tx.session.scalar(
        select(Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Ask.id == checkin.ask_id,
            Ask.state == "solved",
            Answer.is_solution.is_(True),
            Answer.is_deleted.is_(False),
        )
        .order_by(Answer.ts)
        .limit(1)
    )
    if author is None or is_erased(author):
        return ""
    return members.name(tx, author)


def _past_states(
    session: Session, round_: Round, people: Sequence[str]
) -> dict[str, list[State | None]]:
    """Return each member's states up to this round, the latest first.

    None is a round without a state: they were no participant, and
    shared nothing.
    """
    round_ids = session.scalars(
        select(Round.id)
        .where(
            Round.schedule_id == round_.schedule_id,
            Round.due_at <= round_.due_at,
            Round.state.in_(("open", "closed")),
        )
        .order_by(Round.due_at.desc())
    ).all()
    rows = session.execute(
        select(CheckIn.round_id, CheckIn.member, CheckIn.state).where(
            CheckIn.round_id.in_(round_ids), CheckIn.member.in_(people)
        )
    )
    states = {(row.round_id, row.member): cast("State", row.state) for row in rows}
    return {
        member: [states.get((round_id, member)) for round_id in round_ids]
        for member in people
    }
