"""The machine's clock is ahead for a while, and is then corrected."""

from datetime import timedelta

import pytest

from tests.acceptance.conftest import Deployment
from tests.acceptance.test_health import get


def set_ahead(deployment: Deployment, **by: float) -> None:
    """Set the bot's clock ahead; Slack's clock is right, and time goes on in both."""
    object.__setattr__(
        deployment.backswing.rt, "clock", lambda: deployment.clock() + timedelta(**by)
    )


@pytest.mark.deep
def test_a_clock_set_back_by_hours_stops_nothing(deployment: Deployment):
    set_ahead(deployment, hours=3)
    ask = deployment.ask()
    deployment.slack.say(
        deployment.ben, deployment.channel, "Have you tried it again?", thread_ts=ask
    )
    set_ahead(deployment, hours=0)
    deployment.wait_for_text(ask, "Answered")
    deployment.wait_for_direct_message(deployment.ana, "Ben answered your ask")
    deployment.ask("How do I fix y, then?")
    deployment.wait_until(lambda: get(deployment, "/readyz")[0] == 200)
