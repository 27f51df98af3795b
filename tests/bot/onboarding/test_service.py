"""People who joined before, with or after the bot."""

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
def test_people_invited_together_with_the_bot_are_no_newcomers(
    after: timedelta, is_new: bool
):
    assert is_newcomer(BOT_CAME + after, BOT_CAME) is is_new


def test_in_a_channel_that_the_bot_was_always_in_all_who_join_are_new():
    assert is_newcomer(BOT_CAME, None)
