"""Collect garbage less often, and give memory that is free back to the system."""

import ctypes
import gc
import sys

# Objects between collections: a few megabytes.
_GC_THRESHOLD = 20_000
# glibc's own defaults, in bytes, and its names for them in malloc.h.
_THRESHOLD = 128 * 1024
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def collect_less_often() -> None:
    """Collect garbage after more new objects than by Python's default.

    Imports make only objects that stay: the collector would take a fifth of that time.
    A batch of requests makes thousands at once, and it would look at them all.
    """
    gc.set_threshold(_GC_THRESHOLD)


def return_free_memory() -> None:
    """Let glibc return free memory at once, for the whole process.

    By default it raises its thresholds to the largest block that was ever freed, for
    each of its arenas. Each commit of the search index takes four megabytes for a
    moment, on a thread of its own, after which glibc kept 20 MB and more for good. No
    setting of Python's or tantivy's changes that. Other C libraries have no such
    thresholds, and nothing is done there.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        # Either of them ends the raising; a threshold may have been raised by now.
        library.mallopt(_M_TRIM_THRESHOLD, _THRESHOLD)
        library.mallopt(_M_MMAP_THRESHOLD, _THRESHOLD)
