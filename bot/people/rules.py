"""Rules on people: when they can meet, what they know, how active they are. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Protocol

from bot import public_holidays
from bot.matching.people import Hours, Person, meeting_times
from bot.slack.text import ELLIPSIS, one_line, sanitize, truncate

# A member can exclude so many people by themselves.
MAX_EXCLUDED = 20
# Teams and levels are names.
MAX_ATTRIBUTE_LENGTH = 60
# Own asks count for so long.
ASKED_WITHIN = timedelta(days=365)
# Answers within this time say how active a person is.
ACTIVE_FOR = timedelta(days=90)
# People are newcomers for so long after they first joined a program.
NEW_FOR = timedelta(days=90)
# Meetings count in rounds of two weeks, as most pairs have them.
ROUND = timedelta(days=14)

_WEEKDAYS = range(5)
_HOURS = range(24)
_DAYS_PER_WEEK = 7
_EARLY_AFTERNOON = 13
_WORD = re.compile(r"\w+")
# C++ and C# are not C.
_WORD_GOES_ON = re.compile(r"\w|\+\+|#")
# A link to GitHub does not say that an ask is about it, nor does a word that was cut.
_NO_WORD = re.compile(rf"https?://\S+|\w+{ELLIPSIS}")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
# A question that begins so invites people, and asks for no help with what follows.
_INVITATION = re.compile(
    r"(?:(?:do|would) you (?:want|like)|(?:are you|is any(?:one|body)) interested"
    r"|are you an?|want|interested in) "
)


def meeting_hours(start: time, end: time) -> Hours:
    """Return the hours of a week in which a person can be contacted, on weekdays.

    Hours that run into the next day belong to the day on which they start; of those
    only whole ones count.
    """
    if start < end or end == time():
        return Hours(start, end, frozenset(_WEEKDAYS))
    first = start.hour + (start > time(start.hour))
    evenings = {(day, hour) for day in _WEEKDAYS for hour in _HOURS[first:]}
    nights = {
        ((day + 1) % _DAYS_PER_WEEK, hour)
        for day in _WEEKDAYS
        for hour in _HOURS[: end.hour]
    }
    weekdays = frozenset(range(_DAYS_PER_WEEK))
    everything = {(day, hour) for day in weekdays for hour in _HOURS}
    never = frozenset(everything - evenings - nights)
    return Hours(time(), time(), weekdays, never)


def rounds_since(met_at: datetime, now: datetime) -> int:
    """Return the number of rounds since a meeting, 1 for the last one."""
    return max(1, round((now - met_at) / ROUND))


def activity(answer_count: int) -> float:
    """Return the chance that a person answers an ask that fits.

    `answer_count` is the number of asks that they answered in ACTIVE_FOR. Someone who
    answered none yet, but says what they know, may well answer.
    """
    return (1 + answer_count) / (4 + answer_count)


def spellings(texts: Iterable[str]) -> dict[str, str]:
    """Return the usual spelling of each text, by its case-folded form."""
    counts = Counter(texts)
    usual: dict[str, str] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        usual.setdefault(text.casefold(), text)
    return usual


# Single letters that are words of a title, and no topics; C and R may be.
_ENGLISH = frozenset({"a", "i"})


class Vocabulary:
    """The topics that people use, to recognize them in titles of asks."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._usual = spellings(topics)
        self._by_word: dict[str, list[str]] = {}
        for topic in self._usual:
            if topic not in _ENGLISH and (match := _WORD.match(topic)):
                self._by_word.setdefault(match[0], []).append(topic)

    def spelled(self, topics: Iterable[str]) -> set[str]:
        """Return topics of the vocabulary in their usual spelling."""
        return {self._usual[topic.casefold()] for topic in topics}

    def topics_of(self, topics: Iterable[str], title: str) -> set[str]:
        """Return an ask's topics: those that it names, and those in its plain title.

        If a title has several sentences, only the questions among them count, if any;
        but not those that invite people, as announcements do.
        """
        sentences = _SENTENCE_END.split(_NO_WORD.sub(" ", title.casefold()))
        questions = [each for each in sentences if each.rstrip().endswith("?")]
        in_title = self._find(
            " ".join(
                each
                for each in questions or sentences
                if not _INVITATION.match(each.lstrip())
            )
        )
        return self.spelled(topics) | set(in_title)

    def _find(self, title: str) -> Iterator[str]:
        for word in _WORD.finditer(title):
            for topic in self._by_word.get(word[0], ()):
                end = word.start() + len(topic)
                is_whole = not _WORD_GOES_ON.match(title, end)
                if is_whole and title.startswith(topic, word.start()):
                    yield self._usual[topic]


class Attributes(Protocol):
    """The columns that a member's team and level derive from."""

    @property
    def team(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def own_team(self) -> str | None: ...
    @property
    def own_level(self) -> str | None: ...
    @property
    def is_team_hidden(self) -> bool: ...
    @property
    def is_level_hidden(self) -> bool: ...


def clean_attribute(typed: str) -> str:
    """Return a team or a level as plain text in one line."""
    return truncate(one_line(sanitize(typed)), MAX_ATTRIBUTE_LENGTH)


def corrected(value: str, own: str | None) -> str:
    return value if own is None else own


def correction(typed: str, value: str) -> str | None:
    """Return what a member corrected; None if they typed what is known anyway."""
    return None if typed == value else typed


def team_of(row: Attributes) -> str | None:
    """Return the team as the member sees it; None if they hide it."""
    if row.is_team_hidden:
        return None
    return corrected(row.team, row.own_team) or None


def level_of(row: Attributes) -> str | None:
    """Return the level as the member sees it; None if they hide it."""
    if row.is_level_hidden:
        return None
    return corrected(row.level, row.own_level) or None


def unknown_to(
    guest: str,
    people: Collection[str],
    groups: Mapping[int | str, Collection[str]],
    known: Collection[str],
) -> frozenset[str]:
    """Return the people whom a guest does not know.

    A guest knows those who are in a group, such as a channel, with them.
    """
    known = {*known, guest}
    for group in groups.values():
        if guest in group:
            known.update(group)
    return frozenset(people) - known


def in_order(member: str, other: str) -> tuple[str, str]:
    """Return two people in the order in which their meetings are stored."""
    return (member, other) if member < other else (other, member)


def own_exclusions(chosen: Sequence[str], member: str) -> list[str]:
    """Return the people that a member chose, each once, without themselves."""
    return [person for person in dict.fromkeys(chosen) if person != member]


def suggested_times(people: Collection[Person], since: datetime) -> list[datetime]:
    """Return up to two times (UTC), on different days, at which all can meet.

    They are full hours in the week that begins the day after `since`, within the hours
    of each, on no one's public holiday, and as near to the early afternoon of all as
    possible. There are none for people whose hours are not known, or who have none in
    common.
    """
    zones = [person.zone for person in people if person.zone and person.hours]
    if len(zones) < len(people):
        return []
    by_day: dict[date, list[tuple[int, datetime]]] = {}
    for start in _common_hours(people, since):
        hours = [start.astimezone(zone).hour for zone in zones]
        distance = max(abs(hour - _EARLY_AFTERNOON) for hour in hours)
        day = start.astimezone(zones[0]).date()
        by_day.setdefault(day, []).append((distance, start))
    return [min(options)[1] for _, options in sorted(by_day.items())][:2]


def _common_hours(people: Collection[Person], since: datetime) -> Iterator[datetime]:
    first = since.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    for ahead in range(7 * 24):
        start = first + timedelta(hours=ahead)
        # The clocks of one of them may change before it.
        quarter = 1 << (start.weekday() * 24 + start.hour) * 4
        if all(
            meeting_times(person, start) & quarter and not _has_holiday(person, start)
            for person in people
        ):
            yield start


def _has_holiday(person: Person, at: datetime) -> bool:
    day = at.astimezone(person.zone).date()
    return public_holidays.is_holiday(day, person.holidays_of)
