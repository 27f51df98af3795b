"""What a workspace's decisions mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """A workspace's decisions, with the default for what it left open."""

    # Days after which what was sent is forgotten, counted from its sending.
    sent_days: int = 30
    # Days that the ids of messages and reactions are kept which belong to no ask.
    sightings_days: int = 7
    # Days after which somebody who was deactivated is forgotten as if they had asked.
    departed_days: int = 90
    # By the name of a channel's setting: with what a channel begins.
    channel_defaults: Mapping[str, Any] = field(default_factory=dict)
