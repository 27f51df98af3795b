"""Start, remind and close check-in rounds when they are due."""

from datetime import timedelta

from bot.checkins import closing, participants, rounds, schedules, sharing
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace
from jobs.workspace import sync_bot_channels

# It must be known that a channel is still there and as private as it was, before it is
# asked. All are fetched at once: a thousand may be due in the same minute.
_CHANNELS_FRESH_FOR = timedelta(hours=1)


@each_workspace
def start_rounds(rt: Runtime, workspace: Workspace) -> None:
    """Start the rounds that are due, and give up those that are late or blocked."""
    with rt.read(workspace) as tx:
        now = tx.now
        oldest = rounds.oldest_channel_fetch(tx)
        is_late = rounds.any_late(tx)
    if oldest is not None and oldest < now - _CHANNELS_FRESH_FOR:
        sync_bot_channels(rt, workspace)
    with rt.read(workspace) as tx:
        is_blocked = schedules.any_blocked(tx)
    if is_blocked:
        with rt.write(workspace) as tx:
            schedules.pause_blocked(tx)
    if oldest is not None:
        # The rest waits for the next run: others have something to write down, too.
        with rt.write(workspace) as tx:
            rounds.start_due(tx)
    if is_late:
        with rt.write(workspace) as tx:
            rounds.skip_late(tx)


@each_workspace
def reschedule(rt: Runtime, workspace: Workspace) -> None:
    """Recompute next dates that have changed: zone rules, holidays, a clock change."""
    with rt.read(workspace) as tx:
        stale = schedules.stale(tx)
    for first in range(0, len(stale), rounds.BATCH_SIZE):
        with rt.write(workspace) as tx:
            schedules.reschedule(tx, stale[first : first + rounds.BATCH_SIZE])


@each_workspace
def send_reminders(rt: Runtime, workspace: Workspace) -> None:
    with rt.read(workspace) as tx:
        is_due = participants.any_reminder_due(tx)
    if is_due:
        with rt.write(workspace) as tx:
            participants.send_due_reminders(tx)


@each_workspace
def close_rounds(rt: Runtime, workspace: Workspace) -> None:
    with rt.read(workspace) as tx:
        is_due = closing.any_due(tx)
    if is_due:
        with rt.write(workspace) as tx:
            closing.close_due(tx)


@each_workspace
def update_blockers(rt: Runtime, workspace: Workspace) -> None:
    with rt.read(workspace) as tx:
        is_changed = sharing.any_changed(tx)
    if is_changed:
        with rt.write(workspace) as tx:
            sharing.update_changed(tx)
