"""Display names that distinguish people of the same name."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """A person's names in Slack: display name, full name, unique handle."""

    name: str
    full_name: str = ""
    handle: str = ""


def disambiguate(people: Mapping[str, Names]) -> dict[str, str]:
    """Return a distinct name for each person who has a name.

    People with the same name get their full names and, if these are the same, too,
    their handles.
    """
    name_by_person = {
        person: names.name for person, names in people.items() if names.name
    }
    for longer in (_full_name, _with_handle):
        counts = Counter(name.casefold() for name in name_by_person.values())
        name_by_person = {
            person: longer(people[person]) if counts[name.casefold()] > 1 else name
            for person, name in name_by_person.items()
        }
    return name_by_person


def _full_name(names: Names) -> str:
    return names.full_name or names.name


def _with_handle(names: Names) -> str:
    name = _full_name(names)
    return f"{name} (@{names.handle})" if names.handle else name
