"""The reasons for a circle: who can help whom, and what people share. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from bot.circles.rules import Reason, has_teams
from bot.matching.cost import Kind, help_parts
from bot.matching.people import Person

# Reasons of one kind for a circle.
_MAX_OF_A_KIND = 3
_MAX_TOPICS = 2


def find(people: Sequence[Person]) -> list[Reason]:
    """Return the reasons for a circle: who can help whom, and what they share."""
    return [
        *_helping(people),
        *_shared(people),
        *([Reason("teams")] if has_teams(people) else []),
    ]


def _helping(people: Sequence[Person]) -> list[Reason]:
    """Return the best help for each member, the best first."""
    best = []
    for person in people:
        parts = [
            part
            for other in people
            if other.id != person.id
            for part in help_parts(person, other)
            if part.kind is Kind.WANTS and part.member == person.id and part.topics
        ]
        if parts:
            best.append(min(parts, key=lambda part: (part.cost, part.other)))
    best.sort(key=lambda part: (part.cost, part.member))
    return [
        Reason(
            "helps",
            (part.member, part.other),
            tuple(topic.name for topic in part.topics[:_MAX_TOPICS]),
        )
        for part in best[:_MAX_OF_A_KIND]
    ]


def _shared(people: Iterable[Person]) -> list[Reason]:
    """Return the topics that several want to know more about, the most wanted first."""
    wanting: dict[str, list[str]] = {}
    for person in people:
        for topic, weight in person.wants.items():
            if weight > 0:
                wanting.setdefault(topic, []).append(person.id)
    several = [(topic, ids) for topic, ids in wanting.items() if len(ids) > 1]
    several.sort(key=lambda each: (-len(each[1]), each[0]))
    return [
        Reason("shares", tuple(sorted(ids)), (topic,))
        for topic, ids in several[:_MAX_OF_A_KIND]
    ]


def as_rows(listed: Iterable[Reason]) -> list[dict[str, object]]:
    """Return reasons as they are stored."""
    return [
        {
            "kind": reason.kind,
            "members": list(reason.members),
            "topics": list(reason.topics),
        }
        for reason in listed
    ]


def from_rows(rows: Iterable[Mapping[str, object]]) -> list[Reason]:
    return [
        Reason(str(row["kind"]), _texts(row["members"]), _texts(row["topics"]))
        for row in rows
    ]


def _texts(values: object) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, list) else ()
