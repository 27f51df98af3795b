"""The end of the process, for which no thread of ours can make us wait for ever."""

import os
import threading

# A process that has nothing more to do ends at once.
LAST_SECONDS = 5.0


def end_soon(code: object, *, seconds: float = LAST_SECONDS) -> None:
    """End the process with the code of a SystemExit, whatever a thread hangs in.

    Python itself waits for the threads of each pool.
    """
    number = code if isinstance(code, int) else int(code is not None)
    timer = threading.Timer(seconds, os._exit, [number])
    timer.daemon = True
    timer.start()
