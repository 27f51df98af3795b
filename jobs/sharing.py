"""Nudge whoever has not shared, close rounds, and follow what became of their asks."""

from bot.checkins import blockers, closing, nudges
from bot.delivery import Deliverer
from bot.runtime import Runtime

# Each does some of it at a tick: others have something to write down, too.


def nudge(rt: Runtime, _deliverer: Deliverer) -> None:
    with rt.reads() as session:
        is_due = nudges.is_anything_due(session, rt.workspace, now=rt.clock())
    if is_due:
        with rt.sessions.begin() as session:
            nudges.nudge(session, rt.workspace, now=rt.clock())


def close(rt: Runtime, _deliverer: Deliverer) -> None:
    with rt.reads() as session:
        is_over = closing.is_anything_over(session, rt.workspace, now=rt.clock())
    if is_over:
        with rt.sessions.begin() as session:
            closing.close(session, rt.workspace, now=rt.clock())


def follow(rt: Runtime, _deliverer: Deliverer) -> None:
    with rt.reads() as session:
        is_new = blockers.is_anything_new(session, rt.workspace)
    if is_new:
        with rt.sessions.begin() as session:
            blockers.follow(session, rt.workspace, now=rt.clock())
