"""A worker of the outbox, with messages of a test."""

import pytest

from bot.runtime import Runtime
from tests.outbox import OutboxHarness


@pytest.fixture
def harness(rt: Runtime) -> OutboxHarness:
    return OutboxHarness(rt)
