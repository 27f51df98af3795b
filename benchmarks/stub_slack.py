"""The part of Slack's Web API that a running bot calls, answered at once."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import parse_qs

from benchmarks.events import (
    BOT,
    BOT_USER,
    CHANNELS,
    MESSAGE_TEXT,
    PEOPLE,
    TEAM,
)

_QUIET_SECONDS = 0.3


class StubSlack:
    def __init__(self) -> None:
        self.calls = 0
        self._server: asyncio.Server

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/api/"

    async def stop(self) -> None:
        self._server.close()

    async def wait_until_quiet(self, *, at_most: float = 1) -> None:
        """Wait until the bot has made no calls for a while, up to `at_most` seconds.

        After thousands of events it keeps sending for long, at the pace of Slack's rate
        limits.
        """
        before, waited = -1, 0.0
        while before != self.calls and waited < at_most:
            before = self.calls
            await asyncio.sleep(_QUIET_SECONDS)
            waited += _QUIET_SECONDS

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(
            line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line
        )
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        path = head.split(" ", 2)[1]
        args = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        args["token"] = fields.get("authorization", "").removeprefix("bearer ")
        self.calls += 1
        await self.before_answer(path, args)
        answer = json.dumps({"ok": True, **self._answer(path, args)}).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )
        await writer.drain()
        writer.close()

    async def before_answer(self, path: str, args: dict[str, str]) -> None:
        """Let time pass, as a Slack that is not on this machine would."""

    def _answer(self, path: str, args: dict[str, str]) -> dict[str, Any]:
        match path.rpartition("/")[2].partition("?")[0]:
            case "auth.test":
                return {
                    "url": "https://peers.slack.com/",
                    "team": "Peers",
                    "team_id": TEAM,
                    "user_id": BOT_USER,
                    "bot_id": BOT,
                }
            case "users.conversations":
                return {"channels": [{"id": c, "name": c.lower()} for c in CHANNELS]}
            case "users.info":
                return {"user": {"id": args["user"], "team_id": TEAM, "name": "peer"}}
            case "chat.postMessage":
                return {"channel": args["channel"], "ts": f"{time.time():.6f}"}
            case "conversations.replies":
                ts = args.get("latest", args["ts"])
                message = {"user": PEOPLE[0], "text": MESSAGE_TEXT, "ts": ts}
                return {"messages": [message | {"thread_ts": args["ts"]}]}
            case _:
                return {}
