"""The mentors feature: detect unexpected mentors, and credit them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.config.mentors import MentorSettings
from bot.feature import Feature
from bot.feature.due_rows import DueCounts, DueRows
from bot.forms.fields import Choice, Switch
from bot.forms.setting import column_setting
from bot.mentors import (
    consent,
    detection,
    home,
    message_counts,
    notifications,
    permissions,
    personal_data,
)
from bot.mentors.message_counter import MessageCounter
from bot.runtime import Transaction
from bot.workspace import member_settings
from models import Credit

NAMING_CHOICES = (
    ("ask", "Ask me each time", "I tell you first, and you decide."),
    ("yes", "Yes, always", "I tell you first, and you can take it back."),
    ("never", "Never", "Also removes what I've already posted about you."),
)


def _summarize_naming(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    labels = {value: label for value, label, _ in NAMING_CHOICES}
    return "Naming you in public", labels[values["public_naming"]].lower()


def _on_naming_saved(tx: Transaction, member: str, choice: str) -> None:
    match choice:
        case "never":
            consent.opt_out(tx, member)
        case "yes":
            consent.consent_all(tx, member)


_NAMING = member_settings.column_setting(
    Choice(
        name="public_naming",
        label="When your answers have helped many, may I name you in public?",
        choices=NAMING_CHOICES,
    ),
    position=60,
    summarize=_summarize_naming,
    on_saved=_on_naming_saved,
)

_NOTICES_MENTORS = column_setting(
    Switch(
        name="detects_mentors",
        label="Unexpected mentors",
        tick_label="Notice quiet people whose answers help",
        hint="They're told first. The channel hears only if they agree.",
    ),
    default=True,
    position=110,
)


def _purge(tx: Transaction, _before: datetime) -> None:
    message_counts.purge_expired(tx)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentors(Feature):
    """The feature, with the state that its jobs and handlers share in a process."""

    # The operator's thresholds and times.
    settings: MentorSettings
    # Counts of messages that no job has stored yet.
    message_counter: MessageCounter


def mentors(settings: MentorSettings) -> Mentors:
    """Return the feature with the operator's settings."""
    message_counter = MessageCounter()

    def due_counts(tx: Transaction) -> Mapping[str, int]:
        return {"detect-mentors": len(detection.due_runs(tx, settings=settings))}

    def next_due(tx: Transaction) -> Sequence[datetime | None]:
        return [detection.next_run_at(tx, settings=settings)]

    unanswered = DueRows(
        "expire-consent",
        Credit.notified_at,
        lambda ids: [Credit.consent == "asked", Credit.installation_id.in_(ids)],
        delay=timedelta(days=settings.consent_days),
    )
    return Mentors(
        name="mentors",
        settings=settings,
        message_counter=message_counter,
        count_message=message_counter.record,
        message_types=notifications.message_types(settings),
        permissions=permissions.PERMISSIONS,
        personal_data=personal_data.PERSONAL_DATA,
        message_policies=personal_data.MESSAGES,
        purge=_purge,
        channel_settings=(_NOTICES_MENTORS,),
        member_settings=(_NAMING,),
        home_sections=(home.PENDING_CREDITS, home.PAST_CREDITS),
        due_rows=(unanswered,),
        due_counts=DueCounts(("detect-mentors",), due_counts, (detection.without_run,)),
        next_due=next_due,
    )
