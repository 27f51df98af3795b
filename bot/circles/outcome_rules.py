"""The consequences of members' answers after a meeting. Pure."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

# People can answer for so long after the end of a meeting.
ANSWERED_WITHIN = timedelta(days=14)
# Leads see counts of so many people or more, and changes by the answers of as many.
MIN_RATERS = 5
_TWO = 2


class Outcome(StrEnum):
    """An answer to "Did you meet?", as it is stored."""

    ALL = "all"
    PART = "part"
    NONE = "none"


class Worth(StrEnum):
    """An answer to "Was it worth your time?". Only counts of it are stored."""

    YES = "yes"
    SO_SO = "so_so"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A member's answer that was counted, and a random secret.

    Only the button that takes the answer back has both. Its fingerprint is stored:
    without the secret it does not tell the answer.
    """

    worth: Worth
    secret: str

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.secret}:{self.worth}".encode()).hexdigest()


def people_who_met(
    members: Collection[str], answers: Mapping[str, Outcome], active: Collection[str]
) -> frozenset[str]:
    """Return the members who met each other; nobody, if there are no signs of two.

    1. Two people say that it took place, and nobody says that it was otherwise: all.
    2. Else those who were active in it, or say that they met, less those who say that
       they didn't.
    """
    own = {member: answers[member] for member in answers if member in members}
    met = {member for member, answer in own.items() if answer is not Outcome.NONE}
    if len(met) >= _TWO and set(own.values()) == {Outcome.ALL}:
        return frozenset(members)
    active_here = {member for member in active if member in members}
    there = met | (active_here - (own.keys() - met))
    return frozenset(there) if len(there) >= _TWO else frozenset()
