"""Processes that tests kill, each forked from one that has imported everything."""

import multiprocessing

# The parent has no threads, so it is safe to fork.
processes = multiprocessing.get_context("forkserver")
# Otherwise each process imports what the program imports only when it is needed.
_LATER = ("alembic.command", "anyio._backends._asyncio", "psycopg", "uvloop")
processes.set_forkserver_preload(["pytest", "tests.acceptance.crash_points", *_LATER])
