"""Slack's timestamps, and text that only looks like one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import datetime_to_micros, ts_to_datetime, ts_to_micros


def test_a_ts_is_a_time_to_the_microsecond() -> None:
    assert ts_to_datetime("1700000000.000100") == datetime(
        2023, 11, 14, 22, 13, 20, 100, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "ts",
    [
        "",
        ".",
        "x",
        "-1.0",
        "1.-5",
        "1.x",
        "\u0661\u0662.\u0660",
        "1e9",
        "1 .0",
        "999999999999.000000",
    ],
)
def test_text_that_is_no_ts(ts: str) -> None:
    with pytest.raises(ValueError, match="not a Slack ts"):
        ts_to_micros(ts)


@given(st.from_regex(r"\A[0-9]{1,11}(\.[0-9]{1,6})?\Z"))
@pytest.mark.deep
def test_every_valid_ts_is_a_time(ts: str) -> None:
    assert datetime_to_micros(ts_to_datetime(ts)) == ts_to_micros(ts)


def test_the_last_representable_second_is_valid() -> None:
    assert ts_to_datetime("99999999999.999999") + timedelta(microseconds=1) == datetime(
        5138, 11, 16, 9, 46, 40, tzinfo=UTC
    )
