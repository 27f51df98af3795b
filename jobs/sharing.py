"""Nudge whoever has not shared, close rounds, and follow what became of their asks."""

from bot.checkins import blockers, closing, nudges
from bot.delivery import OutboxWorker
from bot.runtime import Runtime

# Each does some of it at a tick: others have something to write down, too.


def send_reminders(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read_session() as session:
        is_due = nudges.any_due(session, rt.workspace, now=rt.clock())
    if is_due:
        with rt.write_session.begin() as session:
            nudges.send_due(session, rt.workspace, now=rt.clock())


def close_rounds(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read_session() as session:
        is_over = closing.any_to_close(session, rt.workspace, now=rt.clock())
    if is_over:
        with rt.write_session.begin() as session:
            closing.close_due(session, rt.workspace, now=rt.clock())


def update_blockers(rt: Runtime, _deliverer: OutboxWorker) -> None:
    with rt.read_session() as session:
        is_new = blockers.any_changed(session, rt.workspace)
    if is_new:
        with rt.write_session.begin() as session:
            blockers.update_changed(session, rt.workspace, now=rt.clock())
