"""Ask channels when they are due to be asked."""

from datetime import timedelta

from bot.checkins import blockers, reminders, round_outcomes, rounds, schedules
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from jobs.workspace import sync_bot_channels

# Whether a channel is still there and as private as it was is to be known before it is
# asked. All of them are seen at once: a thousand may be due in the same minute.
_CHANNELS_FRESH_FOR = timedelta(hours=1)


def start_rounds(rt: Runtime, _deliverer: OutboxWorker) -> None:
    """Start what is due, and give up what is late or can't go on."""
    with rt.read_session() as session:
        now = rt.clock()
        oldest = rounds.oldest_channel_fetch(session, rt.workspace, now=now)
        is_late = round_outcomes.any_late(session, rt.workspace, now=now)
    if oldest is not None and oldest < now - _CHANNELS_FRESH_FOR:
        sync_bot_channels(rt)
    with rt.read_session() as session:
        is_lost = schedules.any_blocked(session, rt.workspace)
    if is_lost:
        with rt.write_session.begin() as session:
            schedules.pause_blocked(session, rt.workspace, now=rt.clock())
    if oldest is not None:
        # The rest waits for the next tick: others have something to write down, too.
        with rt.write_session.begin() as session:
            rounds.start_due(session, rt.workspace, now=rt.clock())
    if is_late:
        with rt.write_session.begin() as session:
            round_outcomes.skip_late(session, rt.workspace, now=rt.clock())


def reschedule(rt: Runtime, _deliverer: OutboxWorker) -> None:
    """Plan anew what has been planned by rules that no longer hold."""
    with rt.read_session() as session:
        old = schedules.stale(session, rt.workspace, now=rt.clock())
    for first in range(0, len(old), rounds.BATCH_SIZE):
        with rt.write_session.begin() as session:
            schedules.reschedule(
                session,
                rt.workspace,
                old[first : first + rounds.BATCH_SIZE],
                now=rt.clock(),
            )


def send_reminders(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read_session() as session:
        is_due = reminders.any_due(session, rt.workspace, now=rt.clock())
    if is_due:
        with rt.write_session.begin() as session:
            reminders.send_due(session, rt.workspace, now=rt.clock())


def close_rounds(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read_session() as session:
        is_over = round_outcomes.any_to_close(session, rt.workspace, now=rt.clock())
    if is_over:
        with rt.write_session.begin() as session:
            round_outcomes.close_due(session, rt.workspace, now=rt.clock())


def update_blockers(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read_session() as session:
        is_new = blockers.any_changed(session, rt.workspace)
    if is_new:
        with rt.write_session.begin() as session:
            blockers.update_changed(session, rt.workspace, now=rt.clock())
