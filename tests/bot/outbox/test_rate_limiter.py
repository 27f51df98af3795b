"""A burst at once, then an even rate."""

import pytest

from bot.outbox.rate_limiter import RateLimiter


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_goes_at_once_and_the_rest_at_an_even_rate():
    pace = RateLimiter(10, burst=3, clock=Watch())
    waits = [pace() for _ in range(6)]
    assert waits == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3])


def test_slow_calls_never_wait():
    watch = Watch()
    pace = RateLimiter(10, clock=watch)
    for _ in range(50):
        assert pace() == 0
        watch.now += 0.1001


def test_a_pause_earns_no_more_than_the_burst():
    watch = Watch()
    pace = RateLimiter(10, burst=3, clock=watch)
    for _ in range(20):
        pace()
    watch.now += 3600
    assert [pace() for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.2])


def test_over_a_minute_the_rate_is_never_exceeded():
    watch = Watch()
    pace = RateLimiter(10, burst=10, clock=watch)
    began, call_count = watch.now, 0
    while watch.now < began + 60:
        watch.now += pace()
        call_count += 1
    assert call_count == pytest.approx(610, abs=2)
