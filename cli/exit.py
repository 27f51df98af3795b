"""End the process even if one of its threads hangs."""

import os
import threading

# Without running threads the process ends at once.
EXIT_TIMEOUT_SECONDS = 5.0


def exit_soon(code: object, *, seconds: float = EXIT_TIMEOUT_SECONDS) -> None:
    """End the process with the code of a SystemExit after at most `seconds`.

    Python itself waits for the threads of each pool without a limit.
    """
    number = code if isinstance(code, int) else int(code is not None)
    timer = threading.Timer(seconds, os._exit, [number])
    timer.daemon = True
    timer.start()
