"""`app.py doctor`: look at all that the bot stands on, and say what to do."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from bot.clock import Clock, utc_now
from bot.config.settings import Settings, refuse_accidental_sandbox
from bot.errors import SettingsError
from bot.slack.client import SlackClient
from cli.doctor import database, files, process, slack
from cli.doctor.findings import Finding, wrong


def report(settings: Settings, args: argparse.Namespace) -> int:
    """0 where nothing is wrong, else 1. Only looks, also while the bot runs."""
    findings = list(examine(settings))
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        print(format_report(findings))
    return int(any(finding.level == "wrong" for finding in findings))


def examine(settings: Settings, *, clock: Clock = utc_now) -> Iterator[Finding]:
    """Everything in turn: what can't be asked now keeps nothing else from it."""
    running = process.probe(settings)
    web = None
    try:
        if settings.mode == "sandbox":
            yield _no_tokens(settings)
        else:
            token = settings.slack_bot_token
            web = SlackClient(
                token.get_secret_value() if token else "",
                base_url=settings.slack_api_url,
            )
    except SettingsError as error:
        yield wrong("Tokens", str(error), "Correct it in `.env` or the environment.")
    if web is not None:
        yield from slack.examine(settings, web, running, clock=clock)
        yield from process.examine(settings, running, clock=clock)
    yield from database.examine(settings, web, clock=clock)
    yield from files.examine(settings)


def _no_tokens(settings: Settings) -> Finding:
    try:
        refuse_accidental_sandbox(settings)
    except SettingsError as error:
        says = f"None are set, so the bot does not start. {error}"
    else:
        says = "None are set: the bot would run against a pretend Slack."
    return wrong("Tokens", says, "Follow “Install it into a workspace” in the README.")


def format_report(findings: Sequence[Finding]) -> str:
    """For a person at a terminal: a line for each, and what to do under it."""
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
