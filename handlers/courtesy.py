"""What is shown after the change is made: if it fails, the change stands."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from bot.slack import SlackError

log = logging.getLogger(__name__)


@contextmanager
def courtesy() -> Iterator[None]:
    """An error would say that nothing was saved, and that would not be true."""
    try:
        yield
    except SlackError as error:
        log.warning("not shown", extra={"method": error.method, "error": error.code})
