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
    with rt.read(rt.workspace) as tx:
        now = tx.now
        oldest = rounds.oldest_channel_fetch(tx)
        is_late = round_outcomes.any_late(tx)
    if oldest is not None and oldest < now - _CHANNELS_FRESH_FOR:
        sync_bot_channels(rt)
    with rt.read(rt.workspace) as tx:
        is_lost = schedules.any_blocked(tx)
    if is_lost:
        with rt.write(rt.workspace) as tx:
            schedules.pause_blocked(tx)
    if oldest is not None:
        # The rest waits for the next tick: others have something to write down, too.
        with rt.write(rt.workspace) as tx:
            rounds.start_due(tx)
    if is_late:
        with rt.write(rt.workspace) as tx:
            round_outcomes.skip_late(tx)


def reschedule(rt: Runtime, _deliverer: OutboxWorker) -> None:
    """Plan anew what has been planned by rules that no longer hold."""
    with rt.read(rt.workspace) as tx:
        old = schedules.stale(tx)
    for first in range(0, len(old), rounds.BATCH_SIZE):
        with rt.write(rt.workspace) as tx:
            schedules.reschedule(tx, old[first : first + rounds.BATCH_SIZE])


def send_reminders(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read(rt.workspace) as tx:
        is_due = reminders.any_due(tx)
    if is_due:
        with rt.write(rt.workspace) as tx:
            reminders.send_due(tx)


def close_rounds(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read(rt.workspace) as tx:
        is_over = round_outcomes.any_to_close(tx)
    if is_over:
        with rt.write(rt.workspace) as tx:
            round_outcomes.close_due(tx)


def update_blockers(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read(rt.workspace) as tx:
        is_new = blockers.any_changed(tx)
    if is_new:
        with rt.write(rt.workspace) as tx:
            blockers.update_changed(tx)
