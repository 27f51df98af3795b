"""Would people be asked who know? Walk forward through real asks.

    uv run --group dev python -m benchmarks.routing EXPORT.zip POSTS.jsonl.gz …

For each ask the bot names those who may know, from what had happened by then: earlier
asks, their answers, and the outcome of answers older than 30 days, since no file says
when an answer helped. Similar asks are those that the bot's search finds by the words
of asks alone. An ask without an answer after 4 and 8 working hours (in UTC) gets two
requests each time. Nobody's topics, teams and hours are known.

"names" is the share of asks, of those that others answered, with one of them among the
first three names. "step 1", "step 2" and "both" are the shares of asks, of those that
others answered after the step, with one of them among the requested people. They
answered without a request, so this counts no one who would have answered a request.
"each" is the share of such requests. "most asked" is the share of all requests that the
three most requested people got, "above cap" the number that were above the person's cap
in some seven days.

The bot's choice is compared with the people who answered most in 90 days, as a list of
experts has them, within and without caps; with the answers to similar asks alone; and
with anyone who answered in 90 days.

The least evidence was chosen on the first half of each file's time.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Sequence
from pathlib import Path

from benchmarks.asked_before import PastAsk, find_similar, read
from benchmarks.routing_walk import (
    BOT,
    FEW_SIMILAR,
    POLICIES,
    WEEK,
    Past,
    Request,
    Walk,
    answered_later,
)
from bot.routing import rules

COLUMNS = {
    "names": 7,
    "step 1": 8,
    "step 2": 8,
    "both": 7,
    "each": 7,
    "requests": 10,
    "an ask": 8,
    "people": 8,
    "most asked": 12,
    "above cap": 11,
}


def row(name: str, values: Sequence[str]) -> str:
    widths = zip(values, COLUMNS.values(), strict=True)
    return f"  {name:<16}" + "".join(f"{value:>{width}}" for value, width in widths)


def figures(walk: Walk, asks: Container[int]) -> list[str]:
    """Return the figures for some of the asks."""
    requests = [each for each in walk.requests if each.ask.ask_id in asks]
    people = Counter(each.member for each in requests)
    most = sum(count for _, count in people.most_common(3))
    reached = sum(step == 1 and ask.ask_id in asks for ask, step, _ in walk.steps)
    named = [
        any(answer.author in walk.names[ask.ask_id] for answer in ask.answers)
        for ask in walk.past.asks
        if ask.ask_id in asks and ask.answers
    ]
    return [
        share(named),
        *(share(hits(walk, asks, steps)) for steps in ({1}, {2}, {1, 2})),
        share([each.is_hit for each in requests if answered_later(each.ask, each.at)]),
        str(len(requests)),
        f"{len(requests) / max(reached, 1):.1f}",
        str(len(people)),
        f"{most / max(len(requests), 1):.2f}",
        str(above_cap(requests)),
    ]


def hits(walk: Walk, asks: Container[int], steps: Collection[int]) -> list[bool]:
    """Return True for each ask with a later answer by someone requested, else False."""
    hit = {
        each.ask.ask_id for each in walk.requests if each.step in steps and each.is_hit
    }
    return [
        ask.ask_id in hit
        for ask, step, at in walk.steps
        if step == min(steps) and ask.ask_id in asks and answered_later(ask, at)
    ]


def above_cap(requests: Sequence[Request]) -> int:
    """Return the number of requests that were one too many in the seven days before."""
    times = defaultdict(list)
    for each in requests:
        times[each.member].append(each.at)
    return sum(
        sum(each.at - WEEK < at <= each.at for at in times[each.member]) > each.cap
        for each in requests
    )


def share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.2f}" if values else "-"


def report_bots(walk: Walk, asks: Container[int]) -> None:
    """Print the reasons, and whom the asks reached that nobody ever answered."""
    requests = [each for each in walk.requests if each.ask.ask_id in asks]
    reasons = Counter(each.reason.kind for each in requests)
    shares = [f"{kind} {n / len(requests):.1%}" for kind, n in reasons.most_common()]
    print(f"  reasons: {', '.join(shares)}")
    alone = [ask for ask in walk.past.asks if ask.ask_id in asks and not ask.answers]
    reached = [
        {
            each.ask.ask_id
            for each in requests
            if not each.ask.answers and is_reached(each.similar_rank)
        }
        for is_reached in (
            lambda _: True,
            lambda rank: rank is not None,
            lambda rank: rank is not None and rank < FEW_SIMILAR,
        )
    ]
    print(
        f"  {len(alone)} without an answer: {len(reached[0])} reach someone,"
        f" {len(reached[1])} someone who answered one of the {rules.MAX_SIMILAR} most"
        f" similar, {len(reached[2])} one of the {FEW_SIMILAR} most similar"
    )


def halves(asks: Sequence[PastAsk]) -> dict[str, set[int]]:
    """Return the asks of the first and second half of the time, and all."""
    middle = asks[0].at + (asks[-1].at - asks[0].at) / 2
    first = {ask.ask_id for ask in asks if ask.at < middle}
    everything = {ask.ask_id for ask in asks}
    return {"first half": first, "second half": everything - first, "all": everything}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    for path in parser.parse_args().files:
        asks = read(path)
        past = Past(asks, find_similar(asks))
        walks = {name: Walk(past, policy) for name, policy in POLICIES.items()}
        for walk in walks.values():
            walk.run()
        for part, ids in halves(asks).items():
            print(f"{path.name}, {part}: {len(ids):,} asks")
            print(row("", list(COLUMNS)))
            for name, walk in walks.items():
                print(row(name, figures(walk, ids)))
            report_bots(walks[BOT], ids)


if __name__ == "__main__":
    main()
