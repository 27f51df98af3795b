"""A member's own settings: the one list that their form and its changes are made of."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from bot.errors import UserError
from bot.forms.fields import Choice, Day, Field, Switch, TimeOfDay, Topics
from bot.workspace.member_settings import MemberSettings

MAX_PAUSE = timedelta(days=366)

NAMING_CHOICES = (
    ("ask", "Ask me each time", "You hear of it first, and decide."),
    ("yes", "Yes, always", "You hear of it first, and can take it back."),
    ("never", "Never", "Also removes what I've already posted about you."),
)

# Each has the name of what it chooses in `Preferences`.
FIELDS: Sequence[Field[Any]] = (
    Topics(
        name="topics_known",
        label="Topics I know",
        hint="Separated by commas. Asks on these topics come first on your Home tab.",
    ),
    Switch(
        name="wants_nudges",
        label="Reminders",
        tick_label="Remind me once of a check-in that I have joined",
    ),
    Day(
        name="paused_until",
        label="Pause until",
        hint="Until that day I only write about things you do yourself. To end a pause,"
        " pick today.",
    ),
    TimeOfDay(name="hours_from", label="I may write to you from"),
    TimeOfDay(
        name="hours_to",
        label="I may write to you until",
        hint="I won't message you unprompted outside these hours or at weekends.",
    ),
    Choice(
        name="may_be_named",
        label="When your answers have helped many, may I name you in public?",
        choices=NAMING_CHOICES,
    ),
    Switch(
        name="wants_greetings",
        label="Greetings",
        tick_label="Greet me once when I'm new",
    ),
)

_DEFAULTS = MemberSettings()


def validate(values: Mapping[str, Any], *, today: date) -> None:
    """Raises Refusal for what makes sense by itself, but not together.

    `today` is the date in the member's zone.
    """
    if values["hours_from"] == values["hours_to"]:
        raise UserError("Choose an hour later than the first one.", field="hours_to")
    until = values["paused_until"]
    if until is not None and until < today:
        raise UserError(
            "That day is over. Pick a later one, or today to end a pause.",
            field="paused_until",
        )
    if until is not None and until > today + MAX_PAUSE:
        raise UserError("Pick a day within a year from today.", field="paused_until")


def without_defaults(values: Mapping[str, Any], *, today: date) -> dict[str, Any]:
    """What to keep: nothing where it is the default, which may become a better one.

    A pause that has ended is none.
    """
    kept = dict(values)
    for name in ("hours_from", "hours_to", "may_be_named"):
        if kept[name] == getattr(_DEFAULTS, name):
            kept[name] = None
    until = kept["paused_until"]
    if until == today:
        kept["paused_until"] = None
    return kept


def format_day(date_: date) -> str:
    return f"{date_.day} {date_:%B %Y}"


def summary(settings: MemberSettings, zone: str) -> list[tuple[str, str]]:
    """What somebody chose, in words; `zone` is the IANA name of theirs."""
    hours = (
        f"{_format_time(settings.hours_from)} to {_format_time(settings.hours_to)},"
        f" {zone}"
    )
    naming = {value: text for value, text, _ in NAMING_CHOICES}
    return [
        ("Topics you know", ", ".join(settings.topics_known) or "not set"),
        ("Reminders", "on" if settings.wants_nudges else "off"),
        ("Hours in which I may write to you", hours),
        ("Naming you in public", naming[settings.may_be_named].lower()),
        ("Greetings", "on" if settings.wants_greetings else "off"),
    ]


def _format_time(at: time) -> str:
    return at.isoformat("minutes")
