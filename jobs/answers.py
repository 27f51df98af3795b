"""Forget the ids of messages that became part of no ask."""

from datetime import timedelta

from bot.answers import registers
from bot.delivery import Deliverer
from bot.runtime import Runtime

KEPT = timedelta(days=7)


def purge(rt: Runtime, _deliverer: Deliverer) -> None:
    with rt.sessions.begin() as session:
        registers.purge(session, before=rt.clock() - KEPT)
