"""Start, remind and close check-in rounds when they are due."""

from datetime import timedelta

from bot.checkins import closing, participants, rounds, schedules, sharing
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace
from jobs.workspace import sync_bot_channels

# Before a round starts, its channel's existence and privacy must be known. All channels
# are fetched together, since a thousand rounds may be due in the same minute.
_CHANNELS_FRESH_FOR = timedelta(hours=1)


@each_workspace
def start_rounds(rt: Runtime, workspace: Workspace) -> None:
    """Start due rounds, skip late ones, and pause schedules of blocked channels."""
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
        # One batch per run, so that other writers get their turn.
        with rt.write(workspace) as tx:
            rounds.start_due(tx)
    if is_late:
        with rt.write(workspace) as tx:
            rounds.skip_late(tx)


@each_workspace
def reschedule(rt: Runtime, workspace: Workspace) -> None:
    """Recompute next dates after changes of zone rules, holidays or the clock."""
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
