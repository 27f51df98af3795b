"""What the operator reads when an export has been loaded."""

from collections.abc import Iterator

from bot.history.service import Summary

_STATES = ("open", "answered", "solved", "closed")
# A broken export could name as many files as it has days.
_MOST_NAMED = 20


def report(summary: Summary) -> str:
    return "\n".join(_lines(summary))


def _lines(summary: Summary) -> Iterator[str]:
    yield f"Read {summary.messages:,} messages. The channels hold now:"
    states = [f"{summary.asks.get(s, 0):,} {s}" for s in _STATES if summary.asks.get(s)]
    rows: list[tuple[str, int, str]] = [
        ("channels", summary.channels, ""),
        ("people", summary.people, ""),
        ("asks", sum(summary.asks.values()), ", ".join(states)),
        ("answers", summary.answers, f"{summary.solutions:,} of them solutions"),
        ("helpful marks", summary.helpful, ""),
        ("solved asks", summary.asks.get("solved", 0), ""),
        ("new asks", summary.new_asks, ""),
        ("new answers", summary.new_answers, ""),
    ]
    for name, count, more in rows:
        yield f"  {name:<14}{count:>8,}{f'  ({more})' if more else ''}"
    yield "Left out by rule:" if summary.left_out else "Nothing was left out by rule."
    for why, count in sorted(summary.left_out.items()):
        yield f"  {count:>8,}  {why}"
    skipped = sorted((where, why, n) for (where, why), n in summary.skipped.items())
    yield "Skipped:" if skipped else "Nothing had to be skipped."
    for where, why, count in skipped[:_MOST_NAMED]:
        yield f"  {count:>8,}  {why}, in {where}"
    if len(skipped) > _MOST_NAMED:
        yield f"  … and {len(skipped) - _MOST_NAMED:,} more of this kind"
