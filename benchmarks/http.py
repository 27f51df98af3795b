"""Events per second over signed HTTP, and the bot's memory: see event_rate.py."""

import sys
from pathlib import Path

# A script's own folder comes first, where this file would replace Python's `http`.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import event_rate  # noqa: E402

if __name__ == "__main__":
    event_rate.main()
