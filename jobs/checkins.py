"""Ask channels when they are due to be asked."""

from datetime import timedelta

from bot.checkins import agenda, posting, rounds, stopping
from bot.delivery import Deliverer
from bot.runtime import Runtime
from jobs.facts import see_channels

# Whether a channel is still there and as private as it was is to be known before it is
# asked. All of them are seen at once: a thousand may be due in the same minute.
_FACTS_KEEP = timedelta(hours=1)


def start(rt: Runtime, _deliverer: Deliverer) -> None:
    """Start what is due, and give up what is late or can't go on."""
    with rt.reads() as session:
        now = rt.clock()
        oldest = rounds.facts_of_due(session, rt.workspace, now=now)
        is_late = posting.is_anything_late(session, rt.workspace, now=now)
    if oldest is not None and oldest < now - _FACTS_KEEP:
        see_channels(rt)
    with rt.reads() as session:
        is_lost = stopping.is_anything_lost(session, rt.workspace)
    if is_lost:
        with rt.sessions.begin() as session:
            stopping.pause_unfit(session, rt.workspace, now=rt.clock())
    if oldest is not None:
        # The rest waits for the next tick: others have something to write down, too.
        with rt.sessions.begin() as session:
            rounds.start_due(session, rt.workspace, now=rt.clock())
    if is_late:
        with rt.sessions.begin() as session:
            posting.give_up_late(session, rt.workspace, now=rt.clock())


def plan(rt: Runtime, _deliverer: Deliverer) -> None:
    """Plan anew what has been planned by rules that no longer hold."""
    with rt.reads() as session:
        old = agenda.outdated(session, rt.workspace, now=rt.clock())
    for first in range(0, len(old), rounds.AT_ONCE):
        with rt.sessions.begin() as session:
            agenda.plan_again(
                session,
                rt.workspace,
                old[first : first + rounds.AT_ONCE],
                now=rt.clock(),
            )
