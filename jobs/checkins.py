"""Start, remind and close check-in rounds when they are due."""

from datetime import timedelta

from bot.checkins import closing, participants, rounds, schedules, sharing
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import (
    each_workspace_with,
    write_if,
    write_where,
)
from jobs.in_turn import in_turn
from jobs.workspace import sync_bot_channels

# Before a round starts, its channel's existence and privacy must be known. All channels
# are fetched together, since a thousand rounds may be due in the same minute.
_CHANNELS_FRESH_FOR = timedelta(hours=1)


@each_workspace_with(rounds.due_schedules, rounds.late, schedules.blocked)
def start_rounds(rt: Runtime, workspace: Workspace) -> None:
    """Start due rounds, skip late ones, and pause schedules of blocked channels."""
    with rt.read(workspace) as tx:
        now = tx.now
        oldest = rounds.oldest_channel_fetch(tx)
    if oldest is not None and oldest < now - _CHANNELS_FRESH_FOR:
        sync_bot_channels(rt, workspace)
    write_if(rt, workspace, schedules.any_blocked, schedules.pause_blocked)
    if oldest is not None:
        # One batch per run, so that other writers get their turn.
        with rt.write(workspace) as tx:
            rounds.start_due(tx)
    write_if(rt, workspace, rounds.any_late, rounds.skip_late)


@in_turn(
    "reschedule-checkins", every=timedelta(hours=1), rows_of=(schedules.not_yet_due,)
)
def reschedule(rt: Runtime, workspace: Workspace) -> None:
    """Recompute next dates after changes of zone rules, holidays or the clock."""
    with rt.read(workspace) as tx:
        stale = schedules.stale(tx)
    for first in range(0, len(stale), rounds.BATCH_SIZE):
        with rt.write(workspace) as tx:
            schedules.reschedule(tx, stale[first : first + rounds.BATCH_SIZE])


send_reminders = write_where(
    participants.due_reminders, participants.send_due_reminders
)
close_rounds = write_where(closing.overdue, closing.close_due)
update_blockers = write_where(sharing.changed, sharing.update_changed)
