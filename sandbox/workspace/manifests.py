"""An app's manifest: commands, shortcuts, events, scopes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True, slots=True)
class Shortcut:
    name: str
    kind: str
    callback_id: str


@dataclass(frozen=True, slots=True)
class Manifest:
    name: str
    commands: dict[str, Command]
    shortcuts: dict[str, Shortcut]
    events: frozenset[str]
    scopes: frozenset[str]
    home_tab: bool
    messages_tab: bool
    messages_tab_read_only: bool
    interactive: bool

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        features = raw.get("features") or {}
        settings = raw.get("settings") or {}
        scopes = (raw.get("oauth_config") or {}).get("scopes") or {}
        home = features.get("app_home") or {}
        bot_user = features.get("bot_user") or {}
        subscriptions = settings.get("event_subscriptions") or {}
        return cls(
            name=str(
                bot_user.get("display_name")
                or (raw.get("display_information") or {}).get("name")
                or "App"
            ),
            commands={
                c["command"]: Command(
                    c["command"],
                    c.get("description", ""),
                    c.get("usage_hint", ""),
                    bool(c.get("should_escape", False)),
                )
                for c in features.get("slash_commands") or []
            },
            shortcuts={
                s["callback_id"]: Shortcut(s["name"], s["type"], s["callback_id"])
                for s in features.get("shortcuts") or []
            },
            events=frozenset(subscriptions.get("bot_events") or []),
            scopes=frozenset(scopes.get("bot") or [])
            | frozenset(scopes.get("bot_optional") or []),
            home_tab=bool(home.get("home_tab_enabled", False)),
            messages_tab=bool(home.get("messages_tab_enabled", False)),
            messages_tab_read_only=bool(
                home.get("messages_tab_read_only_enabled", False)
            ),
            interactive=bool(
                (settings.get("interactivity") or {}).get("is_enabled", False)
            ),
        )
