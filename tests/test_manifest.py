"""The manifest and the code name the same things, and no scope too many."""

import ast
import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import yaml
from slack_bolt import App, BoltRequest

import handlers
from bot.features import FEATURES
from bot.runtime import Runtime
from handlers.batching import BATCHED_EVENTS
from handlers.bolt_app import BoltApp
from handlers.http import SlackHttpEndpoint
from tests.contracts import load_contracts
from tests.factories import Clock, Story
from tests.slack_payloads import conversation_object
from tests.view_samples import SAMPLES, render_functions, view_samples

ROOT = Path(__file__).parent.parent
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text())
PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))
BOT_EVENTS = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
SCOPES = MANIFEST["oauth_config"]["scopes"]

Constraint = str | re.Pattern[str] | dict[str, str]


class Registry:
    """Replaces Bolt's app, and records the registered listeners."""

    def __init__(self) -> None:
        self.listeners: list[tuple[str, Constraint]] = []
        # For each command's listeners: whether it matches only some phrases.
        self.commands: list[tuple[str, bool]] = []

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        def register(
            constraint: Constraint | Callable[..., Any], **options: object
        ) -> Any:
            if callable(constraint):
                return constraint  # The error handler has no name.
            self.listeners.append((kind, constraint))
            if kind == "command":
                self.commands.append((str(constraint), bool(options["matchers"])))
            return lambda listener: listener

        return register

    def names(self, kind: str) -> set[str]:
        return {c for k, c in self.listeners if k == kind and isinstance(c, str)}

    def patterns(self) -> list[re.Pattern[str]]:
        return [c for _, c in self.listeners if isinstance(c, re.Pattern)]

    def shortcuts(self) -> set[tuple[str, str]]:
        return {
            (constraint["type"], constraint["callback_id"])
            for kind, constraint in self.listeners
            if kind == "shortcut" and isinstance(constraint, dict)
        }


@pytest.fixture(scope="module")
def registry() -> Registry:
    new_registry = Registry()
    # Registering uses the features only; the listeners use the rest.
    runtime = SimpleNamespace(features=FEATURES)
    handlers.register(cast("App", new_registry), cast("Runtime", runtime))
    return new_registry


# Events and commands


def test_the_manifests_events_and_the_listeners_agree(
    registry: Registry,
):
    types = {event.partition(".")[0] for event in BOT_EVENTS}
    *patterns, _catch_all = registry.patterns()
    by_pattern = {
        event
        for event in types | BATCHED_EVENTS
        if any(pattern.search(event) for pattern in patterns)
    }
    assert registry.names("event") | by_pattern == types


def test_events_without_a_listener_are_acknowledged_by_the_last_one(registry: Registry):
    catch_alls = [
        pattern for pattern in registry.patterns() if pattern.search("unknown_event")
    ]
    assert [pattern.pattern for pattern in catch_alls] == [".*"]
    assert registry.listeners[-1] == ("event", catch_alls[0])


def test_each_listener_is_registered_once(registry: Registry):
    """Bolt runs only the first one, without a warning."""
    registered = [f"{k} {c}" for k, c in registry.listeners if k != "command"]
    assert len(registered) == len(set(registered))


def test_the_last_listener_of_a_command_takes_any_text(registry: Registry):
    """Earlier ones match a few phrases each; otherwise later ones were never called."""
    for command in registry.names("command"):
        takes_phrases = [some for name, some in registry.commands if name == command]
        assert takes_phrases == [True] * (len(takes_phrases) - 1) + [False]


def test_the_manifests_commands_and_the_listeners_agree(
    registry: Registry,
):
    commands = MANIFEST["features"]["slash_commands"]
    assert registry.names("command") == {command["command"] for command in commands}


def test_slack_escapes_the_text_of_commands():
    assert all(c["should_escape"] for c in MANIFEST["features"]["slash_commands"])


def test_the_manifests_shortcuts_and_the_listeners_agree(
    registry: Registry,
):
    slacks_word = {"global": "shortcut", "message": "message_action"}
    assert registry.shortcuts() == {
        (slacks_word[shortcut["type"]], shortcut["callback_id"])
        for shortcut in MANIFEST["features"]["shortcuts"]
    }


# Buttons and forms


def clickable(surface: dict[str, Any]) -> Iterator[str]:
    """Return the action_id of each element whose use Slack sends at once."""
    for block in surface["blocks"]:
        if block["type"] == "input":
            elements = [block["element"]] if block.get("dispatch_action") else []
        elif block["type"] == "actions":
            elements = block["elements"]
        else:
            elements = [block["accessory"]] if "accessory" in block else []
        yield from (element["action_id"] for element in elements)


def test_the_samples_contain_everything_that_the_code_renders():
    assert render_functions() == SAMPLES.keys()


def test_the_buttons_and_the_listeners_agree(registry: Registry):
    rendered = {
        action for _, surface in view_samples() for action in clickable(surface)
    }
    assert registry.names("action") == rendered


def test_the_forms_and_the_listeners_agree(registry: Registry):
    sent = {
        surface["callback_id"] for _, surface in view_samples() if "submit" in surface
    }
    assert registry.names("view") == sent


# Scopes

# From Slack's reference at docs.slack.dev/reference/methods. For a method that
# takes any conversation, the scopes are for the kinds that we pass.
PUBLIC_AND_PRIVATE = {"channels:read", "groups:read"}
HISTORY = {"channels:history", "groups:history", "im:history"}
METHODS: dict[str, set[str]] = {
    # With the app-level token, which has a scope of its own.
    "apps.connections.open": set(),
    "auth.teams.list": set(),
    "auth.test": set(),
    "bots.info": {"users:read"},
    "chat.delete": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    # The metadata shows which posts exist.
    "conversations.create": {"groups:write"},
    "conversations.history": HISTORY | {"metadata.message:read"},
    "conversations.info": PUBLIC_AND_PRIVATE,
    "conversations.invite": {"groups:write"},
    "conversations.kick": {"groups:write"},
    "conversations.members": PUBLIC_AND_PRIVATE,
    "conversations.open": {"im:write", "mpim:write"},
    "conversations.replies": HISTORY | {"metadata.message:read"},
    "files.completeUploadExternal": {"files:write"},
    "files.delete": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "reactions.add": {"reactions:write"},
    "reactions.get": {"reactions:read"},
    "reactions.remove": {"reactions:write"},
    "users.profile.get": {"users.profile:read"},
    "users.conversations": PUBLIC_AND_PRIVATE,
    "team.profile.get": {"users.profile:read"},
    "users.info": {"users:read"},
    "views.open": set(),
    "views.publish": set(),
    "views.push": set(),
    "views.update": set(),
}
# From docs.slack.dev/reference/events.
EVENTS: dict[str, set[str]] = {
    "app_home_opened": set(),
    "app_uninstalled": set(),
    "channel_archive": {"channels:read"},
    "channel_deleted": {"channels:read"},
    "channel_id_changed": PUBLIC_AND_PRIVATE,
    "channel_left": {"channels:read"},
    "channel_rename": {"channels:read"},
    "channel_shared": PUBLIC_AND_PRIVATE,
    "channel_unarchive": {"channels:read"},
    "channel_unshared": PUBLIC_AND_PRIVATE,
    "group_archive": {"groups:read"},
    "group_deleted": {"groups:read"},
    "group_left": {"groups:read"},
    "group_rename": {"groups:read"},
    "group_unarchive": {"groups:read"},
    "member_joined_channel": PUBLIC_AND_PRIVATE,
    "member_left_channel": PUBLIC_AND_PRIVATE,
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "reaction_added": {"reactions:read"},
    "reaction_removed": {"reactions:read"},
    "team_access_granted": set(),
    "team_access_revoked": set(),
    "team_join": {"users:read"},
    "tokens_revoked": set(),
    "user_change": {"users:read"},
}


def called_methods() -> set[str]:
    folder = ROOT / "bot" / "slack"
    return {
        node.value
        for file in ("channel_calls.py", "client.py", "http.py", "paged_reads.py")
        for node in ast.walk(ast.parse((folder / file).read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(\.[a-z]+[A-Za-z]*)+", node.value)
    }


def test_each_web_api_method_in_use_is_in_the_table():
    assert called_methods() == METHODS.keys()


def test_each_event_of_the_manifest_is_in_the_table():
    assert set(BOT_EVENTS) == EVENTS.keys()
    assert len(BOT_EVENTS) == len(set(BOT_EVENTS))


def test_the_scopes_are_exactly_those_needed():
    needed = {"commands"}.union(*METHODS.values(), *EVENTS.values())
    assert set(SCOPES["bot"]) == needed
    optional = {
        scope for scope in needed if scope.startswith(("groups:", "mpim:", "users.p"))
    }
    assert set(SCOPES["bot_optional"]) == optional
    assert "user" not in SCOPES


# Slack's payloads


def read(file: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(file.read_text()))


def test_there_is_a_payload_for_each_event_of_the_manifest():
    assert [file.stem for file in PAYLOADS] == sorted(BOT_EVENTS)
    for file in PAYLOADS:
        assert read(file)["event"]["type"] == file.stem.partition(".")[0]


@pytest.fixture
def peopled(story: Story) -> Story:
    """Return the channels and people of the payloads, as Slack describes them."""
    story.slack.channels["G0HELP"] = conversation_object("G0HELP", "private-help")
    joined = read(ROOT / "tests" / "payloads" / "member_joined_channel.json")
    assert story.event(joined["event"]) == 200
    return story


@pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
def test_each_event_is_acknowledged(file: Path, bolt: BoltApp, peopled: Story):
    body = read(file)
    first = bolt.dispatch(BoltRequest(body=body, mode="socket_mode"))
    again = bolt.dispatch(BoltRequest(body=body, mode="socket_mode"))
    assert (first.status, again.status) == (200, 200)


def test_each_event_is_acknowledged_over_http(
    bolt: BoltApp, peopled: Story, clock: Clock
):
    edge = SlackHttpEndpoint(
        bolt,
        "a-signing-secret",
        now=lambda: clock().timestamp(),
    )

    async def deliver() -> dict[str, int]:
        through = httpx.ASGITransport(edge.app())
        async with httpx.AsyncClient(transport=through) as slack:
            return {
                file.stem: (await slack.send(signed(file, clock))).status_code
                for file in PAYLOADS
            }

    assert asyncio.run(deliver()) == dict.fromkeys(sorted(BOT_EVENTS), 200)


def signed(file: Path, clock: Clock) -> httpx.Request:
    raw, at = file.read_bytes(), str(int(clock().timestamp()))
    signature = hmac.new(
        b"a-signing-secret", f"v0:{at}:".encode() + raw, hashlib.sha256
    ).hexdigest()
    return httpx.Request(
        "POST",
        "http://backswing/slack/events",
        content=raw,
        headers={
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signature}",
        },
    )


# Slack's published contracts


@pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
def test_the_payloads_match_slacks_contract(file: Path):
    assert load_contracts().check_event(read(file)) == []


def test_the_manifest_matches_slacks_contract():
    assert load_contracts().check_manifest(MANIFEST) == []
