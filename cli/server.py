"""The HTTP server of the process."""

import gc

import uvicorn
from starlette.applications import Starlette

from cli.memory import collect_less_often, return_free_memory
from handlers.http_protocol import BACKLOG, LimitedHttpProtocol

# Seconds after SIGTERM: for requests in flight, and then for deliveries.
GRACE_SECONDS = 4


def create_server(asgi: Starlette, host: str, port: int) -> uvicorn.Server:
    # Objects loaded by now stay: the collector never needs to look at them again.
    gc.freeze()
    collect_less_often()
    return_free_memory()
    return new_server(asgi, host, port)


def new_server(asgi: Starlette, host: str, port: int) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            asgi,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            http=LimitedHttpProtocol,
            backlog=BACKLOG,
            # Nobody opens a web socket to us; Slack's Socket Mode is a client's.
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
