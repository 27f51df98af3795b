"""Let go of what has served its time, and of people who have left."""

from datetime import timedelta

from bot.delivery import Deliverer
from bot.policies import service as policies
from bot.privacy import service as privacy
from bot.runtime import Runtime


def purge(rt: Runtime, _deliverer: Deliverer) -> None:
    now = rt.clock()
    with rt.sessions.begin() as session:
        keep = policies.of(session, rt.workspace.id)
        privacy.purge(
            session,
            rt.workspace.id,
            sent_before=now - timedelta(days=keep.sent_days),
            seen_before=now - timedelta(days=keep.sightings_days),
            now=now,
        )


def forget_departed(rt: Runtime, _deliverer: Deliverer) -> None:
    now = rt.clock()
    with rt.sessions.begin() as session:
        keep = policies.of(session, rt.workspace.id)
        privacy.forget_departed(
            session,
            rt.workspace.id,
            before=now - timedelta(days=keep.departed_days),
            now=now,
        )
