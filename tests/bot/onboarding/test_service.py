"""Who came before the bot, along with it, or to it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.onboarding.service import SETUP_PERIOD, is_newcomer

BOT_CAME = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "is_new"),
    [
        (timedelta(days=-30), False),
        (timedelta(0), False),
        (SETUP_PERIOD - timedelta(microseconds=1), False),
        (SETUP_PERIOD, True),
        (timedelta(days=30), True),
    ],
)
def test_whoever_is_invited_along_with_the_bot_is_no_newcomer(
    after: timedelta, is_new: bool
):
    assert is_newcomer(BOT_CAME + after, BOT_CAME) is is_new


def test_where_the_bot_has_always_been_everybody_who_joins_is_new():
    assert is_newcomer(BOT_CAME, None)
