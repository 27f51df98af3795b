"""The rota of facilitators: the member who facilitated longest ago is next. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from bot.clock import datetime_to_micros


def order(
    positions: Mapping[str, int], facilitated: Mapping[str, datetime]
) -> tuple[str, ...]:
    """Return a circle's members in the order of the rota.

    `positions` has a position for each member, which decides between equals;
    `facilitated` says when each last facilitated. Members who never did come first.
    """

    def key(member: str) -> tuple[int, int, str]:
        last = facilitated.get(member)
        micros = datetime_to_micros(last) if last else -1
        return micros, positions[member], member

    return tuple(sorted(positions, key=key))


def with_last(people: Sequence[str], away: Collection[str]) -> tuple[str, ...]:
    """Return a rota with those who are away last, each in the order of before."""
    return tuple(sorted(people, key=lambda member: member in away))


def present(rota: Sequence[str], members: Iterable[str]) -> tuple[str, ...]:
    """Return a meeting's rota without those who left; who joined since comes last."""
    known = list(members)
    stay = [member for member in rota if member in known]
    return (*stay, *(member for member in known if member not in rota))
