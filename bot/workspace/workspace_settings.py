"""Workspace settings: read with their defaults, and stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bot.db.statements import set_columns
from bot.runtime import Transaction
from models import WorkspaceSettingsRow


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """A workspace's settings, with a default for each that was not set."""

    # Days after which a sent message is redacted, from its sending.
    sent_retention_days: int = 30
    # Days to keep ids of messages and reactions that belong to no ask.
    unmatched_retention_days: int = 7
    # Days after which a deactivated member's data is erased, as on request.
    deactivated_retention_days: int = 90
    # The most messages in seven days to a member who did not ask for them.
    unasked_per_week: int = 3
    # Days for which a confirmation that an answer is right counts.
    confirmed_for_days: int = 365
    # True if champions may let members ask without their names in their channels.
    anonymous_asks: bool = False
    # Minutes within which an anonymous ask or reply is posted, at a random time.
    anonymous_delay_minutes: int = 5
    # Days after which the link to an anonymous ask's author is cut at the latest.
    anonymous_link_days: int = 90
    # A line that is shown to everyone who asks without their name; "": none.
    anonymous_help_line: str = ""
    # Peer coffee, in the workspace's own program: "off", "on", or "auto", when enough
    # people want it; or in no program: "off_everywhere". Its rounds are every so many
    # weeks, on a weekday (Monday is 1) and at an hour of local time.
    coffee: str = "auto"
    coffee_weeks: int = 2
    coffee_weekday: int = 2
    coffee_hour: int = 10
    # The same for exchanges, and for buddies for newcomers.
    exchange: str = "auto"
    buddies: str = "auto"
    # The names of the fields of members' profiles with their team and level; "": none.
    profile_team: str = ""
    profile_level: str = ""
    # Defaults for new channels, by the name of a channel's setting.
    channel_defaults: Mapping[str, Any] = field(default_factory=dict)


def get(tx: Transaction) -> WorkspaceSettings:
    """Return the workspace's settings; all defaults if none was set."""
    row = tx.session.get(WorkspaceSettingsRow, tx.workspace.id, populate_existing=True)
    if row is None:
        return WorkspaceSettings()
    stored = {
        setting.name: getattr(row, setting.name)
        for setting in fields(WorkspaceSettings)
    }
    return WorkspaceSettings(
        **{name: value for name, value in stored.items() if value is not None}
    )


def update(tx: Transaction, **changes: Any) -> None:
    """Store fields of `WorkspaceSettings`; None sets the default."""
    key = {"installation_id": tx.workspace.id}
    set_columns(tx.session, WorkspaceSettingsRow, key, **changes)
