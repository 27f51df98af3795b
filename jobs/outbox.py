"""The safety net under the deliveries, and the clock for those due later."""

from bot.delivery import Deliverer
from bot.runtime import Runtime


def wake(_rt: Runtime, deliverer: Deliverer) -> None:
    deliverer.wake()
