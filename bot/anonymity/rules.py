"""Rules of asks without a name: limits, links, and hints about a text. Pure."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

# For each author, counted without their id.
MAX_PER_DAY = 2
MAX_PER_30_DAYS = 5
COUNTED_FOR = timedelta(days=30)
# In the whole workspace.
MAX_PER_WORKSPACE_DAY = 20

# In a smaller channel everyone could guess. So many of the members must be able to ask:
# bots, people without a profile and, in some channels, guests can't.
MIN_MEMBERS = 8
MIN_ASKERS = 5

# The post comes at a random time within so many minutes of the press, as the workspace
# chooses, so that no one can tell from "she typed just then". Beside each, one in how
# many guesses is right from who was there around that time: simulated, see
# docs/decisions/0021.
GUESSED_ONE_IN = {5: 9, 30: 10, 60: 12, 120: 20}

# The link is cut so long after the end of the ask, and at the latest after the days of
# the workspace's setting.
CUT_AFTER_END = timedelta(days=30)
CUT_AFTER_DELETION = timedelta(days=7)
# Its author reads for so long that a draft was refused.
REFUSED_FOR = timedelta(days=7)

# A champion has so many working hours to look at a draft first.
REVIEW_HOURS = 8.0
# So many people's reports hide an ask, and champions can read it for so long.
REPORTS_TO_HIDE = 3
HIDDEN_FOR = timedelta(days=7)
# So long, a stopped author can't ask without their name. Leads can stop them everywhere
# after so many asks for which champions have stopped them.
STOPPED_FOR = timedelta(days=30)
STOPS_TO_OFFER = 2
# Leads are told at a random time within this time, so that no champion can tell for
# which of their presses.
MAX_OFFER_DELAY = timedelta(days=1)
# The daily note that there is news comes at this time in the author's zone, or at the
# beginning of their contact hours if it is outside.
NOTICE_TIME = time(11)
MIN_LINK_DAYS, MAX_LINK_DAYS = 7, 180

# A reply to an ask that is hidden waits so long for the next look.
RETRY_AFTER = timedelta(hours=1)
# An author's replies in the thread of an ask.
MAX_REPLIES = 30
# Slack's limit for a plain-text input.
MAX_REPLY_LENGTH = 3000


def random_delay(longest: timedelta) -> timedelta:
    """Return a random time from nothing to the longest."""
    return longest * random.SystemRandom().random()


def shown_by(due_at: datetime) -> datetime:
    """Return the time by which its author can expect a post, in whole five minutes."""
    whole = due_at.replace(minute=due_at.minute // 5 * 5, second=0, microsecond=0)
    return whole + timedelta(minutes=5)


def may_post(numbers: Mapping[date, int], today: date) -> bool:
    """Return True if the author's numbers of the last days allow another ask."""
    since = today - COUNTED_FOR
    recent = sum(number for day, number in numbers.items() if day > since)
    return numbers.get(today, 0) < MAX_PER_DAY and recent < MAX_PER_30_DAYS


def cut_at(latest: datetime, *, ended_at: datetime | None) -> datetime:
    """Return the time at which a link is cut; `ended_at`: solved or closed then."""
    return latest if ended_at is None else min(latest, ended_at + CUT_AFTER_END)


_FIRST_PERSON = r"\b(?:my|our|mein\w*|unser\w*)\b"
_TEAM = re.compile(
    rf"{_FIRST_PERSON} (?:\w+ )?(?:team|manager|boss|lead|department|squad|chef\w*|"
    r"abteilung)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"\b(?:I|I'm|I've|my|we|ich|wir|mein\w*)\b", re.IGNORECASE)
_DATE = re.compile(
    r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?|"
    r"(?:last|since|on) (?:monday|tuesday|wednesday|thursday|friday)|"
    r"(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december) \d{1,2})\b",
    re.IGNORECASE,
)
_ACCOUNT_LINK = re.compile(
    r"https?://\S*(?:/(?:users?|~|u|people|profile)/|@|[?&](?:user|author|account)=)",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"<#[CG]")
_MENTION = re.compile(r"<@[UW]|<!subteam")


def mentions_people(mrkdwn: str, names: Iterable[str]) -> bool:
    """Return True if a text mentions a person, as Slack does or as "@" with a name."""
    if _MENTION.search(mrkdwn):
        return True
    typed = {word.casefold() for word in re.findall(r"@([\w.-]*\w)", mrkdwn)}
    known = {part.casefold() for name in names for part in (name, *name.split())}
    return bool(typed & known)


def hints(text: str, own_names: Iterable[str]) -> Sequence[str]:
    """Return what in a text could give its author away, each as a short sentence.

    `text` is the title and details in mrkdwn; `own_names` are the author's names and
    handle.
    """
    result: list[str] = []
    lower = text.casefold()
    names = {part.casefold() for name in own_names for part in (name, *name.split())}
    if any(
        len(name) > 2 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", lower)  # noqa: PLR2004
        for name in names
    ):
        result.append("Your own name is in it.")
    if _TEAM.search(text):
        result.append("It speaks of your team or manager.")
    if _CHANNEL.search(text):
        result.append("It names a channel. Perhaps few people know it.")
    if _SPEAKER.search(text) and _DATE.search(text):
        result.append("It says on which day something happened to you.")
    if _ACCOUNT_LINK.search(text):
        result.append("It has a link with an account in it.")
    return result
