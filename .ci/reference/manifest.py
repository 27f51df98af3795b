"""Write the pages of commands and scopes from the manifest and its comments."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from reference.markdown import code, page, table

MANIFEST = Path(__file__).parent.parent.parent / "manifest.yml"
# Slack's names of emoji, and the characters that readers know.
EMOJI = {":white_check_mark:": "✅", ":pushpin:": "📌"}


def _manifest() -> str:
    return MANIFEST.read_text(encoding="utf-8")


def _comments(pattern: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each matching line's first group, and the comment lines above it."""
    above: list[str] = []
    for line in _manifest().splitlines():
        stripped = line.strip()
        if stripped.startswith("# "):
            above.append(stripped.removeprefix("# "))
            continue
        if match := re.fullmatch(pattern, stripped):
            yield match[1], above
        above = []


def _shown(text: str) -> str:
    for name, picture in EMOJI.items():
        text = text.replace(name, picture)
    return text


def _uses(lines: Sequence[str]) -> list[tuple[str, str, str]]:
    """Split lines of `usage` | where | effect; other lines continue the one before."""
    joined: list[str] = []
    for line in lines:
        if re.fullmatch(r"`/.*` \| .+ \| .+", line):
            joined.append(line)
        else:
            joined[-1] += f" {line}"
    return [tuple(use.split(" | ")) for use in joined]  # type: ignore[misc]


def slack_commands() -> str:
    features = yaml.safe_load(_manifest())["features"]
    commands = dict(_comments(r"- command: (/\w+)"))
    kinds = {s["name"]: s["type"] for s in features["shortcuts"]}
    locations = {"global": "the shortcuts menu", "message": "a message's menu"}
    notes = {n: _shown(" ".join(lines)) for n, lines in _comments(r"- name: (.+)")}
    return page(
        "Slack commands",
        "manifest.yml",
        "Slash commands don't work in threads: each action there has a reaction, a"
        " shortcut in a message's menu, or a button.\n",
        "## Slash commands\n",
        table(
            ("Type", "Where", "Effect"),
            (
                use
                for c in features["slash_commands"]
                for use in _uses(commands[c["command"]])
            ),
        ),
        "## Shortcuts\n",
        table(
            ("Shortcut", "Where", "Effect"),
            (
                (f"**{name}**", locations[kind], notes[name])
                for name, kind in kinds.items()
            ),
        ),
    )


def scopes() -> str:
    manifest_scopes = yaml.safe_load(_manifest())["oauth_config"]["scopes"]
    reasons: dict[str, str] = {}
    for name, lines in _comments(r"- ([a-z.]+:[a-z]+|commands)"):
        if lines and name in manifest_scopes["bot"]:
            reasons.setdefault(name, " ".join(lines))
    optional = dict.fromkeys(manifest_scopes["bot_optional"], " *Optional.*")
    return page(
        "Scopes",
        "manifest.yml",
        "The fewest that do the job. You can leave out those marked *optional* when you"
        " install the app. Without the two for private channels, Backswing does not"
        " work there.\n",
        table(
            ("Scope", "Needed to"),
            (
                (
                    code(scope),
                    _uncapital(_shown(reasons[scope])) + optional.get(scope, ""),
                )
                for scope in manifest_scopes["bot"]
            ),
        ),
        "The app-level token for Socket Mode has one scope, `connections:write`.\n",
    )


def _uncapital(text: str) -> str:
    return text[0].lower() + text[1:]
