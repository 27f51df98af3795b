"""Display names that tell apart people of the same name."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """How Slack calls a person: as they like, in full, and uniquely."""

    name: str
    full_name: str = ""
    handle: str = ""


def disambiguate(people: Mapping[str, Names]) -> dict[str, str]:
    """A name for each person who has one, unlike those of the others.

    People of the same name are called by their full names, and where these are the
    same, too, by their handles.
    """
    shown = {person: names.name for person, names in people.items() if names.name}
    for longer in (_full_name, _with_handle):
        counts = Counter(name.casefold() for name in shown.values())
        shown = {
            person: longer(people[person]) if counts[name.casefold()] > 1 else name
            for person, name in shown.items()
        }
    return shown


def _full_name(names: Names) -> str:
    return names.full_name or names.name


def _with_handle(names: Names) -> str:
    name = _full_name(names)
    return f"{name} (@{names.handle})" if names.handle else name
