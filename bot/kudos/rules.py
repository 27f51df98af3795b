"""Rules of kudos: recipients, limits, reasons and tags."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import emoji as unicode_emoji

from bot.errors import UserError
from bot.kudos.permissions import TAKE_BACK_KUDOS
from bot.permissions import Role, require
from bot.slack.text import english_length, tokenize

MAX_RECIPIENTS = 10
MAX_TAGS = 5
# In letters of English, or as much in another script; mentions and emoji do not count.
MIN_REASON_LENGTH = 20
MIN_REASON_TEXT = f"at least {MIN_REASON_LENGTH} characters (7 in Chinese or Japanese)"
DAILY_ALLOWANCE = 5
MAX_DAILY_ALLOWANCE = 100
MAX_PER_RECIPIENT, WINDOW_DAYS = 2, 7
TAKE_BACK_WINDOW = timedelta(minutes=10)
# The same text to the same people within this time is a repeated request.
DUPLICATE_WINDOW = timedelta(minutes=1)

NO_RECIPIENTS = "Who do you want to thank? Type @ and pick them from the list."

Field = Literal["people", "reason", "tags"]
Method = Literal["words", "reaction", "second"]


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem with kudos, in plain words, and its field in the form."""

    text: str
    field: Field = "people"
    # True if the same would be fine on another day.
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """Facts about a person who is named."""

    name: str
    is_known: bool = True
    is_bot: bool = False
    is_deactivated: bool = False
    is_external: bool = False
    # The number of times that the giver thanked them in the last days, and the first
    # day on which they may again, such as "Fri 4 Dec".
    recent_count: int = 0
    next_allowed: str = ""


@dataclass(frozen=True, slots=True)
class KudosRequest:
    """Kudos that a member wants to give. `reason` is mrkdwn."""

    giver: str
    # Ids of everybody named, and facts about each.
    people: Sequence[str]
    recipients: Mapping[str, Recipient]
    # The giver's remaining and whole allowance for the day.
    remaining: int
    daily_allowance: int = DAILY_ALLOWANCE
    reason: str = ""
    tags: Sequence[str] = ()
    has_group: bool = False
    allow_external: bool = False
    # A reaction needs no reason. Joining ("second") costs one, whatever the recipients.
    method: Method = "words"


@dataclass(frozen=True, slots=True)
class Validation:
    """The recipients and the cost; nothing is given if there are `errors`."""

    recipients: tuple[str, ...] = ()
    # Problems with some recipients, if others remain.
    warnings: tuple[Issue, ...] = ()
    errors: tuple[Issue, ...] = ()
    cost: int = 0


def validate(request: KudosRequest) -> Validation:
    """Return all the problems with a request, and the recipients who can get kudos."""
    named = list(dict.fromkeys(request.people))
    others = [person for person in named if person != request.giver]
    receivers, dropped = [], []
    if len(others) < len(named):
        dropped.append(Issue("Kudos are for others. You can't thank yourself."))
    for person in others[:MAX_RECIPIENTS]:
        why = _recipient_issue(
            request.recipients[person], allow_external=request.allow_external
        )
        if why:
            dropped.append(why)
        else:
            receivers.append(person)
    if others[MAX_RECIPIENTS:]:
        dropped.append(Issue(_too_many_text(len(others))))
    if request.has_group:
        dropped.append(
            Issue("Groups and @channel can't get kudos. Pick people instead.")
        )
    cost = 1 if request.method == "second" else len(receivers)
    refused = []
    if not receivers:
        refused += dropped or [Issue(NO_RECIPIENTS)]
        dropped = []
    elif cost > request.remaining:
        refused.append(
            Issue(
                _limit_text(cost, request.remaining, request.daily_allowance),
                is_limit=True,
            )
        )
    if request.method == "words":
        refused += _reason_and_tag_issues(request)
    if refused:
        return Validation(errors=(*dropped, *refused))
    return Validation(tuple(receivers), tuple(dict.fromkeys(dropped)), (), cost)


def is_duplicate(request: KudosRequest, recipients: Sequence[str]) -> bool:
    """Return True if these recipients are all that the request could be for."""
    if not set(recipients) <= set(request.people):
        return False
    others = [person for person in request.people if person not in recipients]
    rest = replace(request, people=others, remaining=MAX_RECIPIENTS, method="reaction")
    return len(recipients) == MAX_RECIPIENTS or not validate(rest).recipients


def _recipient_issue(person: Recipient, *, allow_external: bool) -> Issue | None:
    if not person.is_known:
        return Issue("I don't recognise one of the people you named.")
    if person.is_bot:
        return Issue(f"{person.name} is a bot. Kudos are for people.")
    if person.is_deactivated:
        return Issue(f"{person.name} is no longer here.")
    if person.is_external and not allow_external:
        return Issue(
            f"{person.name} is from another organisation. Kudos go to your own"
            " colleagues here."
        )
    if person.recent_count >= MAX_PER_RECIPIENT:
        return Issue(
            f"You've thanked {person.name} twice in the last {WINDOW_DAYS} days. You"
            f" can again from {person.next_allowed}.",
            is_limit=True,
        )
    return None


def _too_many_text(count: int) -> str:
    rest = count - MAX_RECIPIENTS
    left_out = "the last one" if rest == 1 else f"the last {rest}"
    return f"Kudos go to up to {MAX_RECIPIENTS} people. In yours, {left_out} got none."


def _limit_text(cost: int, remaining: int, daily_allowance: int) -> str:
    if remaining <= 0:
        return (
            f"You've thanked {count_people(daily_allowance)} today, which is the limit."
            " You get more at midnight."
        )
    return (
        f"That's {count_people(cost)}, and you have {remaining} left today. Pick up to"
        f" {remaining}."
    )


def count_people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _reason_and_tag_issues(request: KudosRequest) -> list[Issue]:
    problems = []
    if reason_length(request.reason) < MIN_REASON_LENGTH:
        problems.append(
            Issue(
                f"Say what for, in {MIN_REASON_TEXT}. Mentions and emoji don't count.",
                "reason",
            )
        )
    if len(request.tags) > MAX_TAGS:
        problems.append(
            Issue(
                f"Up to {MAX_TAGS} tags, please. You gave {len(request.tags)}.",
                "tags",
            )
        )
    return problems


def reason_length(reason: str) -> int:
    """Return the length of mrkdwn in letters of English, without mentions and emoji."""
    prose = "".join(
        piece.text
        for piece in tokenize(_GROUP.sub("", reason))
        if piece.kind not in {"person", "emoji"}
    )
    return english_length(unicode_emoji.replace_emoji(_EMOJI.sub("", prose), ""))


# Matches emoji in a row, too, with nothing between them.
_EMOJI = re.compile(
    r":(?:(?:[^\WA-Z]|['+-])*[^\W\dA-Z_](?:[^\WA-Z]|['+-])*|[+-]1|100|1234):"
)
_GROUP = re.compile(r"<!(?:subteam\^|channel|here|everyone)[^<>\n]*>")


def to_user_error(issues: Sequence[Issue]) -> UserError:
    """Combine all issues in one error, with the text for each field of the form."""
    texts: dict[str, list[str]] = {}
    for problem in issues:
        texts.setdefault(problem.field, []).append(problem.text)
    first = issues[0].field
    return UserError(
        "\n".join(dict.fromkeys(problem.text for problem in issues)),
        field=first,
        field_errors={
            field: " ".join(dict.fromkeys(messages))
            for field, messages in texts.items()
        },
    )


def require_take_back(
    roles: frozenset[Role], *, given_at: datetime, now: datetime
) -> None:
    """Require the giver within ten minutes, or an admin at any time; else UserError."""
    require(TAKE_BACK_KUDOS, roles)
    if Role.ADMIN not in roles and now - given_at > TAKE_BACK_WINDOW:
        raise UserError(
            "You can take kudos back for 10 minutes. After that, ask one of the"
            " workspace's admins."
        )
