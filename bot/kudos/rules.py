"""Rules of kudos: recipients, limits, reasons and tags. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import emoji as unicode_emoji

from bot.errors import UserError
from bot.kudos.permissions import TAKE_BACK_KUDOS
from bot.permissions import Role, require
from bot.slack.text import tokenize
from bot.slack.text_length import english_length

MAX_RECIPIENTS = 10
MAX_TAGS = 5
# English letters, or as much in another script; mentions and emoji do not count.
MIN_REASON_LENGTH = 20
MIN_REASON_TEXT = f"at least {MIN_REASON_LENGTH} characters (7 in Chinese or Japanese)"
DAILY_ALLOWANCE = 5
MAX_DAILY_ALLOWANCE = 100
# A reaction with it to a kudos message joins the kudos.
DEFAULT_JOIN = ("raised_hands",)
MAX_PER_RECIPIENT, WINDOW_DAYS = 2, 7
TAKE_BACK_WINDOW = timedelta(minutes=10)
# The same text to the same people within this time is a repeated request.
DUPLICATE_WINDOW = timedelta(minutes=1)

NO_RECIPIENTS = "Who do you want to thank? Type @ and pick them from the list."

Field = Literal["people", "reason", "tags"]
Method = Literal["words", "reaction", "join"]


def join_emoji(chosen: Sequence[str] | None) -> Sequence[str]:
    """Return a channel's emoji that join kudos; None means the default."""
    return DEFAULT_JOIN if chosen is None else chosen


def kudos_emoji(chosen: Sequence[str] | None) -> Sequence[str]:
    """Return a channel's emoji that give kudos; by default there are none."""
    return chosen or ()


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem with kudos: a sentence for the giver, and its field in the form."""

    text: str
    field: Field = "people"
    # True if the same request would be valid on another day.
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """Facts about a recipient."""

    name: str
    is_known: bool = True
    is_bot: bool = False
    is_deactivated: bool = False
    is_external: bool = False
    # The number of times that the giver thanked them within WINDOW_DAYS, and the first
    # day on which they may do it again, such as "Fri 4 Dec".
    recent_count: int = 0
    next_allowed: str = ""


@dataclass(frozen=True, slots=True)
class KudosRequest:
    """Kudos that a member wants to give. `reason` is mrkdwn."""

    giver: str
    # Slack's ids of the people named, and facts about each.
    people: Sequence[str]
    recipients: Mapping[str, Recipient]
    # The giver's remaining and whole allowance for the day.
    remaining: int
    daily_allowance: int = DAILY_ALLOWANCE
    reason: str = ""
    tags: Sequence[str] = ()
    has_group: bool = False
    allow_external: bool = False
    # "words" need a reason. "join" costs one, for any number of recipients.
    method: Method = "words"


@dataclass(frozen=True, slots=True)
class Validation:
    """The recipients and the cost of a request, or the `errors` that prevent it."""

    recipients: tuple[str, ...] = ()
    # Problems with recipients who are left out.
    warnings: tuple[Issue, ...] = ()
    errors: tuple[Issue, ...] = ()
    cost: int = 0


def validate(request: KudosRequest) -> Validation:
    """Return the recipients who can get kudos, and all problems with the request."""
    people = list(dict.fromkeys(request.people))
    others = [person for person in people if person != request.giver]
    recipients, warnings = [], []
    if len(others) < len(people):
        warnings.append(Issue("Kudos are for others. You can't thank yourself."))
    for person in others[:MAX_RECIPIENTS]:
        issue = _recipient_issue(
            request.recipients[person], allow_external=request.allow_external
        )
        if issue:
            warnings.append(issue)
        else:
            recipients.append(person)
    if others[MAX_RECIPIENTS:]:
        warnings.append(Issue(_too_many_text(len(others))))
    if request.has_group:
        warnings.append(
            Issue("Groups and @channel can't get kudos. Pick people instead.")
        )
    cost = 1 if request.method == "join" else len(recipients)
    errors = []
    if not recipients:
        errors += warnings or [Issue(NO_RECIPIENTS)]
        warnings = []
    elif cost > request.remaining:
        errors.append(
            Issue(
                _limit_text(cost, request.remaining, request.daily_allowance),
                is_limit=True,
            )
        )
    if request.method == "words":
        errors += _reason_and_tag_issues(request)
    if errors:
        return Validation(errors=(*warnings, *errors))
    return Validation(tuple(recipients), tuple(dict.fromkeys(warnings)), (), cost)


def is_duplicate(request: KudosRequest, recipients: Sequence[str]) -> bool:
    """Return True if earlier kudos to `recipients` gave all that the request would."""
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
    issues = []
    if reason_length(request.reason) < MIN_REASON_LENGTH:
        issues.append(
            Issue(
                f"Say what for, in {MIN_REASON_TEXT}. Mentions and emoji don't count.",
                "reason",
            )
        )
    if len(request.tags) > MAX_TAGS:
        issues.append(
            Issue(
                f"Up to {MAX_TAGS} tags, please. You gave {len(request.tags)}.",
                "tags",
            )
        )
    return issues


def reason_length(reason: str) -> int:
    """Return the `english_length` of mrkdwn, without mentions and emoji."""
    prose = "".join(
        token.text
        for token in tokenize(_GROUP.sub("", reason))
        if token.kind not in {"person", "emoji"}
    )
    return english_length(unicode_emoji.replace_emoji(_EMOJI.sub("", prose), ""))


# Unlike `tokenize`, it also matches emoji names that follow a letter.
_EMOJI = re.compile(
    r":(?:(?:[^\WA-Z]|['+-])*[^\W\dA-Z_](?:[^\WA-Z]|['+-])*|[+-]1|100|1234):"
)
_GROUP = re.compile(r"<!(?:subteam\^|channel|here|everyone)[^<>\n]*>")


def to_user_error(issues: Sequence[Issue]) -> UserError:
    """Combine all issues in one error, with a text for each field of the form."""
    texts: dict[str, list[str]] = {}
    for issue in issues:
        texts.setdefault(issue.field, []).append(issue.text)
    return UserError(
        "\n".join(dict.fromkeys(issue.text for issue in issues)),
        field=issues[0].field,
        field_errors={
            field: " ".join(dict.fromkeys(messages))
            for field, messages in texts.items()
        },
    )


def require_take_back(
    roles: frozenset[Role], *, given_at: datetime, now: datetime
) -> None:
    """Raise UserError unless it is the giver, within TAKE_BACK_WINDOW, or an admin."""
    require(TAKE_BACK_KUDOS, roles)
    if Role.ADMIN not in roles and now - given_at > TAKE_BACK_WINDOW:
        raise UserError(
            "You can take kudos back for 10 minutes. After that, ask one of the"
            " workspace's admins."
        )
