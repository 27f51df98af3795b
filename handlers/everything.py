"""Events that mean nothing to us are acknowledged, or Slack delivers them again."""

import re
from typing import Any

from slack_bolt import App


def register_unhandled(bolt: App) -> None:
    """To be called last: Bolt runs the first listener that matches."""

    @bolt.event(re.compile(".*"))
    def ignored(event: dict[str, Any]) -> None:
        """Nothing to do."""
