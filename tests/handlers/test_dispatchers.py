"""A workspace whose commands take long leaves threads to the others."""

import asyncio
import threading
from functools import partial

import pytest

from handlers.dispatchers import MAX_DISPATCHERS, MAX_OF_A_TEAM, Dispatchers


class SlowListener:
    """Waits in each call until it is let go."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.started: list[str] = []

    def __call__(self, team: str) -> str:
        self.started.append(team)
        if team == "T0BUSY":
            assert self.release.wait(60)
        return team


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_busy_workspace_leaves_threads_to_others(is_shared: bool):
    """If a workspace has the process for itself, it may use all threads."""

    async def story() -> None:
        dispatchers, listener = Dispatchers(lambda: is_shared), SlowListener()
        limit = MAX_OF_A_TEAM if is_shared else MAX_DISPATCHERS

        def send(team: str) -> asyncio.Task[str]:
            return asyncio.create_task(dispatchers.run(team, partial(listener, team)))

        busy = [send("T0BUSY") for _ in range(3 * MAX_DISPATCHERS)]
        while len(listener.started) < limit:  # noqa: ASYNC110 - threads count them
            await asyncio.sleep(0)
        if is_shared:
            quiet = [send("T0QUIET") for _ in range(MAX_DISPATCHERS)]
            assert {*await asyncio.gather(*quiet)} == {"T0QUIET"}
        assert listener.started.count("T0BUSY") == limit
        # A client that hangs up takes no place.
        busy.pop().cancel()
        listener.release.set()
        assert len(await asyncio.gather(*busy)) == 3 * MAX_DISPATCHERS - 1

    asyncio.run(story())
