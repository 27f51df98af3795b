"""The machine's clock is ahead for a while, and is then set right."""

from datetime import timedelta

from tests.acceptance.conftest import Town
from tests.acceptance.test_health import get


def set_ahead(town: Town, **by: float) -> None:
    """The bot's clock only: Slack's is right, and time goes on in both."""
    object.__setattr__(
        town.backswing.rt, "clock", lambda: town.clock() + timedelta(**by)
    )


def test_a_clock_that_is_set_back_by_hours_stops_nothing(town: Town):
    set_ahead(town, hours=3)
    ask = town.ask()
    town.slack.say(town.ben, town.here, "Have you tried it again?", thread_ts=ask)
    set_ahead(town, hours=0)
    town.shows(ask, "Answered")
    town.told(town.ana, "Ben answered your ask")
    town.ask("How do I fix y, then?")
    town.until(lambda: get(town, "/readyz")[0] == 200)
