"""Stream changes to pages as they happen, by server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from starlette.responses import StreamingResponse

from sandbox.workspace.workspace import Workspace

_HEARTBEAT_SECONDS = 15.0
# If a page lags behind by more, it gets one event to reload everything.
_MAX_QUEUED = 500


def stream(workspace: Workspace) -> StreamingResponse:
    return StreamingResponse(
        _changes(workspace),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


def _event(kind: str, ids: dict[str, Any]) -> str:
    return f"data: {json.dumps({'what': kind, **ids})}\n\n"


async def _changes(workspace: Workspace) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[str] = asyncio.Queue(_MAX_QUEUED)

    def put(kind: str, ids: dict[str, Any]) -> None:
        if waiting.full():
            while not waiting.empty():
                waiting.get_nowait()
            kind, ids = "everything", {}
        waiting.put_nowait(_event(kind, ids))

    def on_change(kind: str, ids: dict[str, Any]) -> None:
        # The loop may be closing while a change happens.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(put, kind, ids)

    remove_listener = workspace.add_listener(on_change)
    try:
        yield _event("connected", {})
        while True:
            try:
                yield await asyncio.wait_for(waiting.get(), _HEARTBEAT_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
    finally:
        remove_listener()
