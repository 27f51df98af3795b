"""`app.py doctor`: check everything that the bot needs, with advice."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from bot.clock import Clock, utc_now
from bot.config.sandbox_guard import refuse_accidental_sandbox
from bot.config.settings import Settings
from bot.errors import SettingsError
from bot.slack.client import SlackClient
from cli.doctor import database, files, many_workspaces, process, slack
from cli.doctor.findings import Finding, wrong

# Each row that the report can have, and its check; the reference of the docs has them.
ROWS: Mapping[str, str] = {
    "Tokens": "Slack's tokens are set, and each is of the right kind.",
    "Install page": "Who can install the app (many workspaces only).",
    "Bot token": "Slack accepts the bot token.",
    "Scopes": "The app was installed with the scopes of `manifest.yml`.",
    "Clock": "This machine's clock agrees with Slack's. Signatures depend on it.",
    "App token": (
        "Slack opens a Socket Mode connection with the app token, for the same app."
    ),
    "Signing secret": "The signing secret is set and has the right form (HTTP only).",
    "Process": "The bot is running and ready, and no other program uses its port.",
    "Events": "Slack delivered an event recently.",
    "Signatures": "Requests that Slack did not sign.",
    "Old requests": "Requests that were signed more than five minutes ago.",
    "Load": "Events that came faster than they were committed.",
    "Database": "The database can be read and written, and is not damaged.",
    "Connections": "PostgreSQL has free connections for more replicas.",
    "Database clock": "The clock of PostgreSQL agrees with this machine's.",
    "Version": "This version wrote the database last.",
    "Schema": "The tables match this version.",
    "Workspace": "The database and the token belong to the same workspace.",
    "Channels": (
        "The channels that the bot is in. Private channels are counted, not named."
    ),
    "Time zones": "Every time zone in use is known.",
    "Zone rules": "The package tzdata is as new as the system's time zones.",
    "Deliveries": "Messages that are late, or failed in the last 7 days.",
    "Search": "Every process's search index follows the database.",
    "Anonymity key": (
        "The key of asks without a name is the one that the database was written with."
    ),
    "Token key": (
        "The key of workspaces' tokens is the one that the database was written with,"
        " and opens them (many workspaces only)."
    ),
    "File modes": "Only the owner can read `.env`, files of secrets and the database.",
    "Data directory": "Only the owner can open the data directory.",
    "Disk space": "The disk has free space.",
}


def report(settings: Settings, args: argparse.Namespace) -> int:
    """Print the findings; return 1 if any is wrong, else 0.

    It only reads, and works while the bot runs.
    """
    findings = list(examine(settings))
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        print(format_report(findings))
    return int(any(finding.level == "wrong" for finding in findings))


def examine(settings: Settings, *, clock: Clock = utc_now) -> Iterator[Finding]:
    """Run all checks in turn; one that fails does not stop the others."""
    running = process.probe(settings)
    web = many = None
    try:
        many = settings.many_workspaces
        if many is not None:
            yield from many_workspaces.examine(many)
        elif settings.mode == "sandbox":
            yield _no_tokens(settings)
        else:
            token = settings.slack_bot_token
            web = SlackClient(
                token.get_secret_value() if token else "",
                base_url=settings.slack_api_url,
            )
    except SettingsError as error:
        yield wrong("Tokens", str(error), "Correct it where you set it.")
    if web is not None:
        yield from slack.examine(settings, web, running, clock=clock)
    if web is not None or many is not None:
        yield from process.examine(settings, running, clock=clock)
    yield from database.examine(settings, web, many, clock=clock)
    yield from files.examine(settings)


def _no_tokens(settings: Settings) -> Finding:
    try:
        refuse_accidental_sandbox(settings)
    except SettingsError as error:
        says = f"No tokens are set, so the bot does not start. {error}"
    else:
        says = "No tokens are set, so the bot would run against a pretend Slack."
    return wrong("Tokens", says, "Follow docs/operate/install.md.")


def format_report(findings: Sequence[Finding]) -> str:
    """Format for a terminal: a line for each finding, with the advice under it."""
    width = max(len(finding.about) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.level:<8} {finding.about:<{width}}  {finding.says}")
        if finding.do:
            lines.append(f"{'':<8} {'':<{width}}  → {finding.do}")
    counts = Counter(finding.level for finding in findings)
    levels = ", ".join(
        f"{counts[level]} {level}" for level in ("ok", "warning", "wrong")
    )
    return "\n".join([*lines, "", levels])
