"""Who may thank whom, how often and what for: every rule about kudos is here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import emoji as unicode_emoji

from bot.errors import Refusal
from bot.members.rules import Action, Role, check
from bot.text import pieces, substance

MOST_RECEIVERS = 10
MOST_TAGS = 5
# Letters of English, or as much in another script, without mentions and emoji: enough
# to say what for.
SHORTEST_REASON = 20
AT_LEAST = f"at least {SHORTEST_REASON} characters (7 in Chinese or Japanese)"
A_DAY = 5
MOST_A_DAY = 100
TO_THE_SAME, IN_DAYS = 2, 7
UNDO_FOR = timedelta(minutes=10)
# The same words to the same people within this time were sent twice, not meant twice.
SAME_WITHIN = timedelta(minutes=1)

NOBODY = "Who do you want to thank? Type @ and pick them from the list."

Field = Literal["people", "reason", "tags"]
By = Literal["words", "reaction", "second"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something can't be, in plain words, and the field of the form it is in."""

    text: str
    field: Field = "people"
    # Whether another day it would be all right.
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Receiver:
    """What we know of somebody who is named."""

    name: str
    is_known: bool = True
    is_bot: bool = False
    is_deactivated: bool = False
    is_stranger: bool = False
    # How often the giver has thanked them in the last days, and from when they may
    # again, such as "Fri 4 Dec".
    times: int = 0
    again: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """Kudos that somebody wants to give. `reason` is marked text."""

    giver: str
    # Everybody who is named, and who they are.
    people: Sequence[str]
    known: Mapping[str, Receiver]
    # How many the giver has left today, of how many.
    left: int
    a_day: int = A_DAY
    reason: str = ""
    tags: Sequence[str] = ()
    has_group: bool = False
    strangers_too: bool = False
    # A reaction needs no reason; one that joins in costs one, whoever it is for.
    by: By = "words"


@dataclass(frozen=True, slots=True)
class Verdict:
    """To whom the kudos go; nothing is given where something is `refused`."""

    receivers: tuple[str, ...] = ()
    # What was left out, where something remains.
    dropped: tuple[Problem, ...] = ()
    refused: tuple[Problem, ...] = ()
    cost: int = 0


def weigh(wish: Wish) -> Verdict:
    """Everything that is wrong with the wish, together, and what of it may be given."""
    named = list(dict.fromkeys(wish.people))
    others = [person for person in named if person != wish.giver]
    receivers, dropped = [], []
    if len(others) < len(named):
        dropped.append(Problem("Kudos are for others. You can't thank yourself."))
    for person in others[:MOST_RECEIVERS]:
        why = _why_not(wish.known[person], strangers_too=wish.strangers_too)
        if why:
            dropped.append(why)
        else:
            receivers.append(person)
    if others[MOST_RECEIVERS:]:
        dropped.append(Problem(_too_many(len(others))))
    if wish.has_group:
        dropped.append(
            Problem("Groups and @channel can't get kudos. Name the people instead.")
        )
    cost = 1 if wish.by == "second" else len(receivers)
    refused = []
    if not receivers:
        refused += dropped or [Problem(NOBODY)]
        dropped = []
    elif cost > wish.left:
        refused.append(Problem(_spent(cost, wish.left, wish.a_day), is_limit=True))
    if wish.by == "words":
        refused += _about_words(wish)
    if refused:
        return Verdict(refused=(*dropped, *refused))
    return Verdict(tuple(receivers), tuple(dict.fromkeys(dropped)), (), cost)


def is_again(wish: Wish, receivers: Sequence[str]) -> bool:
    """Whether the wish is for these receivers, and nobody else who could get it."""
    if not set(receivers) <= set(wish.people):
        return False
    others = [person for person in wish.people if person not in receivers]
    rest = replace(wish, people=others, left=MOST_RECEIVERS, by="reaction")
    return len(receivers) == MOST_RECEIVERS or not weigh(rest).receivers


def _why_not(person: Receiver, *, strangers_too: bool) -> Problem | None:
    if not person.is_known:
        return Problem("I don't recognise one of the people you named.")
    if person.is_bot:
        return Problem(f"{person.name} is a bot. Kudos are for people.")
    if person.is_deactivated:
        return Problem(f"{person.name} isn't here any more.")
    if person.is_stranger and not strangers_too:
        return Problem(
            f"{person.name} is from another organisation. Kudos go to your own"
            " colleagues here."
        )
    if person.times >= TO_THE_SAME:
        return Problem(
            f"You've thanked {person.name} twice in the last {IN_DAYS} days. You can"
            f" again from {person.again}.",
            is_limit=True,
        )
    return None


def _too_many(count: int) -> str:
    rest = count - MOST_RECEIVERS
    left_out = "the last one" if rest == 1 else f"the last {rest}"
    return f"Kudos go to up to {MOST_RECEIVERS} people. Of yours, {left_out} got none."


def _spent(cost: int, left: int, a_day: int) -> str:
    if left <= 0:
        return (
            f"You've thanked {count_people(a_day)} today, which is the limit. You get"
            " more at midnight."
        )
    return (
        f"That's {count_people(cost)}, and you have {left} left today. Pick up to"
        f" {left}."
    )


def count_people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _about_words(wish: Wish) -> list[Problem]:
    problems = []
    if length(wish.reason) < SHORTEST_REASON:
        problems.append(
            Problem(
                f"Say what for, in {AT_LEAST}. Mentions and emoji don't count.",
                "reason",
            )
        )
    if len(wish.tags) > MOST_TAGS:
        problems.append(
            Problem(
                f"Up to {MOST_TAGS} tags, please. You gave {len(wish.tags)}.",
                "tags",
            )
        )
    return problems


def length(reason: str) -> int:
    """How much marked text says, in letters of English: no mentions, no emoji."""
    said = "".join(
        piece.shown
        for piece in pieces(_GROUP.sub("", reason))
        if piece.kind not in {"person", "emoji"}
    )
    return substance(unicode_emoji.replace_emoji(_EMOJI.sub("", said), ""))


# A row of them, too, which has nothing between one and the next.
_EMOJI = re.compile(
    r":(?:(?:[^\WA-Z]|['+-])*[^\W\dA-Z_](?:[^\WA-Z]|['+-])*|[+-]1|100|1234):"
)
_GROUP = re.compile(r"<!(?:subteam\^|channel|here|everyone)[^<>\n]*>")


def refuse(problems: Sequence[Problem]) -> Refusal:
    """All that is wrong, as one refusal; beside each field what is about it."""
    texts: dict[str, list[str]] = {}
    for problem in problems:
        texts.setdefault(problem.field, []).append(problem.text)
    first = problems[0].field
    return Refusal(
        "\n".join(dict.fromkeys(problem.text for problem in problems)),
        field=first,
        fields={field: " ".join(dict.fromkeys(said)) for field, said in texts.items()},
    )


def may_take_back(held: frozenset[Role], *, given_at: datetime, now: datetime) -> None:
    """The giver for ten minutes, an admin at any time. Raises Refusal for others."""
    check(Action.TAKE_BACK, held)
    if Role.ADMIN not in held and now - given_at > UNDO_FOR:
        raise Refusal(
            "Kudos can be taken back for 10 minutes; after that an admin of the"
            " workspace can do it."
        )
