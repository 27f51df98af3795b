"""Replay detection week by week: who was credited, and whether they helped again.

    uv run --group dev python -m benchmarks.mentors EXPORT.zip POSTS.jsonl.gz …

Each week sees only what had happened by then. A credited person "helps again" if they
earn a mark in the following weeks. The same weeks are judged for five other methods: a
random quiet person who answered; a random person who answered as often in the window
as the credited one (or as nearly so as anybody did); the quiet person with most marks;
a random person above the gate; and a random person who answered, quiet or not. Random
choices are averaged over everybody who could have been chosen. The lead of the
definition over another method is paired, week by week. Intervals are of 95 %, by a
bootstrap that draws people with all of their weeks, since a person's weeks are alike.

With `--attacks` it prints instead how many credits go to people who agreed to mark each
other, in each of the ways of `benchmarks/attacks.py`, added to the same history.
"""

import argparse
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import attacks
from benchmarks.histories import History, Mark, read_history
from bot.config.mentors import MentorSettings
from bot.mentors import rules
from bot.mentors.help_matrix import HelpMatrix
from bot.mentors.rules import DAY

WEEK = 7 * DAY
DRAWS = 2000
MOST_TALKATIVE = 10
METHODS = (
    "the definition",
    "random quiet answerer",
    "answered as often",
    "most marks",
    "above the gate",
    "random answerer",
)


@dataclass(frozen=True, slots=True)
class CreditWeek:
    """One credit, and the share of correct choices by each method, from 0 to 1."""

    credited: str
    is_among_talkative: bool
    hit_rates: tuple[float, ...]


def credited_weeks(
    history: History, numbers: MentorSettings, ahead_days: int
) -> Iterator[CreditWeek]:
    """Yield the weeks with a credit, from the first full window to the last judged."""
    helped = defaultdict(list)
    for helper, _, at in sorted(history.marks, key=lambda mark: mark[2]):
        helped[helper].append(at)
    rests: dict[str, float] = {}
    crowned: dict[str, float] = {}
    # The end of the first full window.
    now = history.start + numbers.windows_days[0] * DAY
    while now + ahead_days * DAY <= history.end:
        marks, messages, answers = _inputs_until(history, numbers, now)

        def again(member: str, now: float = now) -> bool:
            times = helped[member]
            return bisect_right(times, now) < bisect_right(
                times, now + ahead_days * DAY
            )

        resting = {member for member, until in rests.items() if until > now}
        result = rules.detect(
            marks,
            messages,
            partial(_frequent_answerers, answers, numbers.min_answered),
            until=now,
            settings=numbers,
            excluded=resting,
        )
        if result.candidates:
            credited = result.candidates[0].member
            rests[credited] = now + numbers.cooldown_days * DAY
            loud = rules.top_talkers(messages, numbers)
            since = now - result.window_days * DAY
            often = Counter(member for member, _, at in answers if at > since)
            answered = set(often)
            counts = Counter(h for h, _, at in history.marks if since < at <= now)
            free = {w: n for w, n in counts.items() if w not in loud}
            most = min(
                (w for w in free if crowned.get(w, 0) <= now),
                key=lambda w: (-free[w], w),
                default=None,
            )
            if most is not None:
                crowned[most] = now + numbers.cooldown_days * DAY
            top = sorted(messages, key=lambda w: (-messages[w], w))[:MOST_TALKATIVE]
            yield CreditWeek(
                credited,
                credited in top,
                (
                    float(again(credited)),
                    _share(again(member) for member in answered - loud),
                    _share(
                        again(member) for member in _equally_active(often, credited)
                    ),
                    float(most is not None and again(most)),
                    _share(again(s.member) for s in result.candidates),
                    _share(again(member) for member in answered),
                ),
            )
        now += WEEK


def _inputs_until(
    history: History, numbers: MentorSettings, now: float
) -> tuple[HelpMatrix, Counter[str], list[Mark]]:
    marks = HelpMatrix()
    for helper, asker, at in history.marks:
        if now - numbers.ring_days * DAY < at <= now:
            marks.add(helper, asker, at)
    since = now - numbers.visibility_days * DAY
    messages = Counter(author for author, at in history.posts if since < at <= now)
    return marks, messages, [mark for mark in history.answers if mark[2] <= now]


def _frequent_answerers(
    answers: Sequence[Mark],
    least: int,
    people: Mapping[str, Collection[str]],
    since: float,
) -> set[str]:
    met = {
        (author, asker)
        for author, asker, at in answers
        if at > since and asker not in people.get(author, ())
    }
    count = Counter(author for author, _ in met)
    return {author for author in people if count[author] >= least}


def _equally_active(often: Counter[str], credited: str) -> list[str]:
    """Return the others who answered as often, or as nearly so as anybody did."""
    apart = {w: abs(n - often[credited]) for w, n in often.items() if w != credited}
    nearest = min(apart.values(), default=0)
    return [person for person, distance in apart.items() if distance == nearest]


def _share(hits: Iterator[bool]) -> float:
    each = list(hits)
    return sum(each) / len(each) if each else 0.0


def intervals(
    weeks: Sequence[CreditWeek],
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return 95 % intervals per method, and of the definition's lead over each."""
    by_person = defaultdict(list)
    for week in weeks:
        by_person[week.credited].append(week)
    people = list(by_person.values())
    shuffle = random.Random(1)  # noqa: S311 - a draw, no secret
    means: list[list[float]] = [[] for _ in METHODS]
    leads: list[list[float]] = [[] for _ in METHODS]
    for _ in range(DRAWS):
        sample = [w for some in shuffle.choices(people, k=len(people)) for w in some]
        each = [
            sum(w.hit_rates[n] for w in sample) / len(sample)
            for n in range(len(METHODS))
        ]
        for n, mean in enumerate(each):
            means[n].append(mean)
            leads[n].append(each[0] - mean)
    return [_interval(some) for some in means], [_interval(some) for some in leads]


def _interval(draws: list[float]) -> tuple[float, float]:
    draws.sort()
    return draws[int(0.025 * len(draws))], draws[int(0.975 * len(draws)) - 1]


def report(path: Path, numbers: MentorSettings, ahead_days: int) -> None:
    history = read_history(path)
    weeks = list(credited_weeks(history, numbers, ahead_days))
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
    print(
        f"  {'helped again':<24}{'share':>6}  {'95 %':<14}the definition's paired lead"
    )
    for n, method in enumerate(METHODS):
        mean = sum(week.hit_rates[n] for week in weeks) / len(weeks)
        lead = ""
        if n:
            mean_lead = sum(
                week.hit_rates[0] - week.hit_rates[n] for week in weeks
            ) / len(weeks)
            lead = f"{mean_lead:+.2f} ({leads[n][0]:+.2f} to {leads[n][1]:+.2f})"
        low, high = means[n]
        print(f"  {method:<24}{mean:>6.2f}  {f'{low:.2f}-{high:.2f}':<14}{lead}")


def attack(path: Path, numbers: MentorSettings) -> None:
    history = read_history(path)
    honest = len(list(credited_weeks(history, numbers, 0)))
    print(f"{path.name}: {honest} credits without an attack")
    askers = sorted({asker for _, asker, _ in history.marks})
    print(f"  {'':<24}{'among themselves':<20}and help strangers")
    for name in attacks.ATTACKS:
        each = [_attack_result(history, numbers, name, some) for some in ((), askers)]
        print(f"  {name:<24}{each[0]:<20}{each[1]}")


def _attack_result(
    history: History, numbers: MentorSettings, name: str, strangers: Sequence[str]
) -> str:
    span = history.start, history.end
    attack_marks = list(attacks.marks(name, *span, strangers))
    attacked = History(
        [*history.marks, *attack_marks],
        [*history.posts, *attacks.messages(name, *span)],
        [*history.answers, *attack_marks],
    )
    ring = set(attacks.people(name))
    credited = [week.credited for week in credited_weeks(attacked, numbers, 0)]
    return f"{sum(member in ring for member in credited)} of {len(credited)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("history", nargs="+", type=Path)
    parser.add_argument("--window", type=int, nargs="+", default=[28, 56, 84])
    parser.add_argument("--ahead", type=int, default=28, help="days")
    parser.add_argument("--rest", type=int, default=84, help="days after a credit")
    parser.add_argument("--attacks", action="store_true")
    args = parser.parse_args()
    numbers = MentorSettings(windows_days=tuple(args.window), cooldown_days=args.rest)
    for path in args.history:
        if args.attacks:
            attack(path, numbers)
        else:
            report(path, numbers, args.ahead)


if __name__ == "__main__":
    main()
