"""Whom the bot would have credited, week by week, and whether they helped again.

    uv run --group dev python -m benchmarks.mentors EXPORT.zip POSTS.jsonl.gz …

Each week sees only what had happened by then. A credited person "helps again" if they
earn a mark in the time ahead. The same weeks are judged for four other ways to
choose: a random quiet person who answered, the quiet person with most marks, a random
one of those above the gate, and anybody who answered, quiet or not. What is random is
averaged over everybody who could have been drawn. Intervals are of 95 %, by a bootstrap
that draws people, with all of their weeks, since a person's weeks are alike.
"""

import argparse
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.histories import History, read
from bot.config import MentorNumbers
from bot.mentors import rules
from bot.mentors.rules import DAY, Marks

WEEK = 7 * DAY
DRAWS = 2000
MOST_TALKATIVE = 10
METHODS = (
    "the definition",
    "random quiet answerer",
    "most marks",
    "above the gate",
    "random answerer",
)


@dataclass(frozen=True, slots=True)
class Week:
    """One credit, and how often each way of choosing was right, from 0 to 1."""

    credited: str
    is_among_talkative: bool
    right: tuple[float, ...]


def walk(history: History, numbers: MentorNumbers, ahead_days: int) -> Iterator[Week]:
    """The weeks with a credit, from the first full view on, to the last one judged."""
    helped = defaultdict(list)
    for helper, _, at in sorted(history.marks, key=lambda mark: mark[2]):
        helped[helper].append(at)
    rests: dict[str, float] = {}
    crowned: dict[str, float] = {}
    now = history.start + numbers.visibility_days * DAY
    while now + ahead_days * DAY <= history.end:
        marks, messages, answerers = _seen(history, numbers, now)

        def again(who: str, now: float = now) -> bool:
            times = helped[who]
            return bisect_right(times, now) < bisect_right(
                times, now + ahead_days * DAY
            )

        resting = {who for who, until in rests.items() if until > now}
        found = rules.find(marks, messages, until=now, numbers=numbers, barred=resting)
        if found.standings:
            credited = found.standings[0].member
            rests[credited] = now + numbers.rest_days * DAY
            loud = rules.talkative(messages, numbers)
            since = now - found.window_days * DAY
            answered = {w for w, at in answerers if at > since}
            counts = Counter(h for h, _, at in history.marks if since < at <= now)
            free = {w: n for w, n in counts.items() if w not in loud}
            most = min(
                (w for w in free if crowned.get(w, 0) <= now),
                key=lambda w: (-free[w], w),
                default=None,
            )
            if most is not None:
                crowned[most] = now + numbers.rest_days * DAY
            top = sorted(messages, key=lambda w: (-messages[w], w))[:MOST_TALKATIVE]
            yield Week(
                credited,
                credited in top,
                (
                    float(again(credited)),
                    _share(again(who) for who in answered - loud),
                    float(most is not None and again(most)),
                    _share(again(s.member) for s in found.standings),
                    _share(again(who) for who in answered),
                ),
            )
        now += WEEK


def _seen(
    history: History, numbers: MentorNumbers, now: float
) -> tuple[Marks, Counter[str], list[tuple[str, float]]]:
    since = now - numbers.visibility_days * DAY
    marks = Marks()
    for helper, asker, at in history.marks:
        if since < at <= now:
            marks.add(helper, asker, at)
    messages = Counter(who for who, at in history.posts if since < at <= now)
    return marks, messages, [(w, at) for w, at in history.answers if at <= now]


def _share(hits: Iterator[bool]) -> float:
    each = list(hits)
    return sum(each) / len(each) if each else 0.0


def intervals(
    weeks: Sequence[Week],
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Of each method, and of the definition's lead over each."""
    by_person = defaultdict(list)
    for week in weeks:
        by_person[week.credited].append(week)
    people = list(by_person.values())
    shuffle = random.Random(1)  # noqa: S311 - a draw, no secret
    means: list[list[float]] = [[] for _ in METHODS]
    leads: list[list[float]] = [[] for _ in METHODS]
    for _ in range(DRAWS):
        drawn = [w for some in shuffle.choices(people, k=len(people)) for w in some]
        each = [
            sum(w.right[n] for w in drawn) / len(drawn) for n in range(len(METHODS))
        ]
        for n, mean in enumerate(each):
            means[n].append(mean)
            leads[n].append(each[0] - mean)
    return [_middle(some) for some in means], [_middle(some) for some in leads]


def _middle(draws: list[float]) -> tuple[float, float]:
    draws.sort()
    return draws[int(0.025 * len(draws))], draws[int(0.975 * len(draws)) - 1]


def report(path: Path, numbers: MentorNumbers, ahead_days: int) -> None:
    history = read(path)
    weeks = list(walk(history, numbers, ahead_days))
    judged = (history.end - history.start) / WEEK
    span = "/".join(map(str, numbers.windows_days))
    print(f"{path.name}: windows of {span} days, {ahead_days} days ahead")
    print(
        f"  {len(history.posts):,} posts, {len(history.marks):,} marks,"
        f" {judged:.0f} weeks; {len(weeks)} credits to"
        f" {len({w.credited for w in weeks})} people,"
        f" {sum(w.is_among_talkative for w in weeks)} of them among the ten most"
        " talkative"
    )
    if not weeks:
        return
    means, leads = intervals(weeks)
    print(f"  {'helped again':<24}{'share':>6}  {'95 %':<14}the definition's lead")
    for n, method in enumerate(METHODS):
        mean = sum(week.right[n] for week in weeks) / len(weeks)
        lead = ""
        if n:
            overlaps = means[0][0] <= means[n][1] and means[n][0] <= means[0][1]
            lead = (
                f"{leads[n][0]:+.2f} to {leads[n][1]:+.2f},"
                f" intervals {'overlap' if overlaps else 'do not overlap'}"
            )
        low, high = means[n]
        print(f"  {method:<24}{mean:>6.2f}  {f'{low:.2f}-{high:.2f}':<14}{lead}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("history", nargs="+", type=Path)
    parser.add_argument("--window", type=int, nargs="+", default=[28, 56, 84])
    parser.add_argument("--ahead", type=int, default=28, help="days")
    parser.add_argument("--rest", type=int, default=84, help="days after a credit")
    args = parser.parse_args()
    numbers = MentorNumbers(windows_days=tuple(args.window), rest_days=args.rest)
    for path in args.history:
        report(path, numbers, args.ahead)


if __name__ == "__main__":
    main()
