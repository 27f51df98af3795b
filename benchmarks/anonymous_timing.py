"""Does the time of an answer tell who asked without a name?

Run as `python -m benchmarks.anonymous_timing [rounds [endpoint]]`. The author and
another member, who has done the same, use each endpoint in turn, in two workspaces in
which their parts are swapped. The table has the ratios of their times, within one run.
"""

import logging
import math
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from bot.db import engine, schema
from tests.handlers.anonymity import lives
from tests.handlers.anonymity.lives import FIRST, SECOND, World
from tests.handlers.anonymity.test_same_for_everyone import (
    Way,
    answered,
    target,
    ways,
)

ROUNDS = 40
WARM_UP = 3
RESAMPLES = 6_000
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
# They end the life of the ask or of its people, and so what is compared.
ENDS = ("forget", "delete", "reveal", "uninstall", "leave")
SHOWN = 12


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""  # noqa: PLR2004
    logging.disable(logging.CRITICAL)
    ratios: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.db"
        opened = engine.connect(f"sqlite:///{empty}")
        schema.upgrade(opened)
        opened.close()
        for author, other in ((FIRST, SECOND), (SECOND, FIRST)):
            with lives.world(Path(folder) / author, empty, NOW) as world:
                answered(world, author)
                for name, way in _endpoints(world):
                    if wanted not in name:
                        continue
                    measured = _compare(world, way, author, other, rounds)
                    ratios.setdefault(name, []).extend(measured)
    _print(ratios)


def _endpoints(world: World) -> list[tuple[str, Way]]:
    """Return each endpoint once, with the ask as its value if it takes one."""
    found: dict[str, tuple[str, Way]] = {}
    for name, way in ways(target(world.story), own=False):
        kind, endpoint, *value = name.split(" ", 2)
        is_about_ask = not value or value[0] in {"1", "2", "on the ask"}
        key = name if kind in {"command", "reaction"} else f"{kind} {endpoint}"
        if not any(word in name for word in ENDS) and (
            key not in found or is_about_ask
        ):
            found[key] = (key, way)
    return [*found.values()]


def _compare(
    world: World, way: Way, author: str, other: str, rounds: int
) -> Sequence[float]:
    """Return the logarithms of the author's time as a part of the other's."""
    result = []
    for number in range(-WARM_UP, rounds):
        people = (author, other) if number % 2 else (other, author)
        times = {member: _seconds(world, way, member) for member in people}
        if number >= 0:
            result.append(math.log(times[author] / times[other]))
    return result


def _seconds(world: World, way: Way, member: str) -> float:
    slack = world.story.slack
    for each in (slack.views, slack.responses, slack.ephemeral_messages, slack.calls):
        each.clear()
    world.lines.clear()
    begin = perf_counter()
    way(world.story, member)
    return perf_counter() - begin


def _interval(logs: Sequence[float], share: float) -> tuple[float, float]:
    """Return an interval of the median, from samples with replacement."""
    chance = random.Random(19)  # noqa: S311
    medians = sorted(
        statistics.median(chance.choices(logs, k=len(logs))) for _ in range(RESAMPLES)
    )
    cut = int((1 - share) / 2 * RESAMPLES)
    return math.exp(medians[cut]), math.exp(medians[-1 - cut])


def _print(ratios: dict[str, list[float]]) -> None:
    # All intervals together are to hold, not each.
    share = 1 - 0.05 / len(ratios)
    rows = []
    for name, logs in ratios.items():
        low, high = _interval(logs, 0.95)
        wide = _interval(logs, share)
        rows.append((math.exp(statistics.median(logs)), low, high, wide, name))
    rows.sort(key=lambda row: -abs(math.log(row[0])))
    print(f"{'author / other':>14}  {'95 %':<14}  {'all together':<14}  endpoint")
    for ratio, low, high, (lowest, highest), name in rows[:SHOWN]:
        print(
            f"{ratio:>14.3f}  {low:.3f} to {high:.3f}  {lowest:.3f} to {highest:.3f}"
            f"  {name}"
        )
    every = [log for logs in ratios.values() for log in logs]
    low, high = _interval(every, 0.95)
    middle = math.exp(statistics.median(every))
    print(f"{middle:>14.3f}  {low:.3f} to {high:.3f}  {'':<14}  all {len(rows)}")
    for what, found in (
        ("95 %", [row for row in rows if not row[1] <= 1 <= row[2]]),
        ("all together", [row for row in rows if not row[3][0] <= 1 <= row[3][1]]),
    ):
        print(f"intervals without 1 ({what}): {len(found)} of {len(rows)}")


if __name__ == "__main__":
    main()
