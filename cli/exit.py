"""The end of the process, for which no thread of ours can make us wait for ever."""

import os
import threading

# A process that has nothing more to do ends at once.
EXIT_TIMEOUT_SECONDS = 5.0


def exit_soon(code: object, *, seconds: float = EXIT_TIMEOUT_SECONDS) -> None:
    """End the process with the code of a SystemExit, whatever a thread hangs in.

    Python itself waits for the threads of each pool.
    """
    number = code if isinstance(code, int) else int(code is not None)
    timer = threading.Timer(seconds, os._exit, [number])
    timer.daemon = True
    timer.start()
