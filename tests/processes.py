"""Processes to be killed, each forked from one that has imported everything."""

import multiprocessing

# That one has no threads, so that to fork it is safe.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["pytest", "tests.acceptance.crash_points"])
