"""An ask and its answer."""

import pytest

from tests.factories import Story
from tests.slack_payloads import HELPER


@pytest.fixture
def thread(story: Story) -> tuple[str, str]:
    """Return an ask and its answer."""
    ask = story.ask("How do I fix x?")
    return ask.ts, story.say(HELPER, "So.", thread_ts=ask.ts)
