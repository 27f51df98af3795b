"""Check tokens, scopes and the clock with Slack."""

import re
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from bot.clock import Clock, parse_http_date
from bot.config.settings import Settings
from bot.slack.api import Rejected, SlackError
from bot.slack.client import SlackClient
from bot.slack.http import open_socket_url
from cli.doctor.findings import Finding, ok, warning, wrong
from cli.doctor.process import ProcessState
from cli.manifest import manifest

# A signature is valid for five minutes, and lookups search a minute around.
SKEW_WARNING_SECONDS, SKEW_ERROR_SECONDS = 30, 240
_UNREACHABLE_ADVICE = "Check the network, any proxy, and SLACK_API_URL."


def examine(
    settings: Settings, client: SlackClient, process: ProcessState, *, clock: Clock
) -> Iterator[Finding]:
    about = "Bot token"
    before = clock()
    try:
        me = client.auth_test()
    except Rejected as error:
        yield wrong(
            about,
            f"Slack does not accept the token ({error.code}).",
            "Copy SLACK_BOT_TOKEN again from OAuth & Permissions, or reinstall the"
            " app.",
        )
    except SlackError as error:
        yield wrong(
            about, f"Slack can't be reached ({error.code}).", _UNREACHABLE_ADVICE
        )
    else:
        if not me.get("bot_id"):
            yield wrong(
                about,
                "The token belongs to a person, not to a bot.",
                "Copy the *Bot User* OAuth Token from OAuth & Permissions.",
            )
        else:
            yield ok(about, f"Works in the workspace {me.get('team', '')}.")
        yield check_scopes(str(me["scopes"]), manifest())
        yield from check_skew(str(me["date"]), before=before, after=clock())
    yield from _events(settings, client, process)


def check_scopes(granted: str, expected: Mapping[str, Any]) -> Finding:
    """Compare scopes; `granted` is Slack's comma-separated header, "" without one."""
    about = "Scopes"
    scopes = expected["oauth_config"]["scopes"]
    optional = set(scopes["bot_optional"])
    has = {scope.strip() for scope in granted.split(",") if scope.strip()}
    if not has:
        return warning(
            about,
            "Slack did not say which scopes the app has.",
            "Check whether a proxy removes the header X-OAuth-Scopes.",
        )
    wanted = set(scopes["bot"])
    missing = wanted - optional - has
    if missing:
        return wrong(
            about,
            f"Missing: {_list(missing)}.",
            "Update the app's manifest from manifest.yml, and reinstall the app.",
        )
    if has - wanted:
        return warning(
            about,
            f"Not needed: {_list(has - wanted)}.",
            "Remove them under OAuth & Permissions, and reinstall the app.",
        )
    if optional - has:
        return ok(
            about,
            " ".join(
                (
                    f"All except the optional {_list(optional - has)}.",
                    *_effects(optional - has),
                )
            ),
        )
    return ok(about, "Exactly those in the manifest.")


def _effects(missing: AbstractSet[str]) -> Iterator[str]:
    """Yield what the bot does without these optional scopes."""
    if missing & {"groups:history", "groups:read"}:
        yield "The bot can't use private channels."
    if "groups:write" in missing:
        yield "It makes no private channels for circles."
    if "mpim:write" in missing:
        yield "It introduces people one by one, not in a group."
    if "users.profile:read" in missing:
        yield "It reads no teams from profiles."


def check_skew(date: str, *, before: datetime, after: datetime) -> Iterator[Finding]:
    """Compare clocks; `date` is the HTTP header of Slack's response.

    Yields nothing if it is missing.
    """
    about = "Clock"
    at = parse_http_date(date)
    if at is None:
        return
    # The header leaves out fractions of a second: half a second on average.
    off = (before + (after - before) / 2 - at).total_seconds() - 0.5
    if abs(off) < SKEW_WARNING_SECONDS:
        yield ok(about, "The clock agrees with Slack's.")
        return
    says = (
        f"This machine's clock is {abs(off):.0f} s"
        f" {'ahead of' if off > 0 else 'behind'} Slack's."
    )
    do = "Set the machine's time with NTP."
    if abs(off) < SKEW_ERROR_SECONDS:
        yield warning(about, says, do)
    else:
        yield wrong(about, f"{says} Slack's requests look too old or too new.", do)


def _events(
    settings: Settings, client: SlackClient, process: ProcessState
) -> Iterator[Finding]:
    if settings.mode == "http":
        about = "Signing secret"
        yield ok(about, "Set, and in the right form.")
        return
    about = "App token"
    app_token = settings.slack_app_token
    token = app_token.get_secret_value() if app_token else ""
    if process.parts.get("socket") == "ok":
        # Slack allows about one connection per minute, which the bot itself needs.
        yield ok(about, "Works: the bot is connected with it.")
        return
    try:
        open_socket_url(token, settings.slack_api_url)
    except Rejected as error:
        yield wrong(
            about,
            f"Slack does not open a connection ({error.code}).",
            "Set SLACK_APP_TOKEN to an app-level token with the scope"
            " connections:write, and turn on Socket Mode.",
        )
    except SlackError as error:
        yield warning(
            about, f"Slack did not answer ({error.code}).", "Try again in a minute."
        )
    else:
        yield from _same_app(client, token)


def _same_app(client: SlackClient, token: str) -> Iterator[Finding]:
    """Compare the apps of both tokens; an app-level token contains its app's id."""
    about = "App token"
    app_match = re.match(r"xapp-\d+-(A[A-Z0-9]+)-", token)
    try:
        ours = client.app_id() if app_match else ""
    except SlackError:
        # The finding on the bot's token explains Slack's error.
        ours = ""
    if app_match and ours and app_match[1] != ours:
        yield wrong(
            about,
            "It belongs to a different app than the bot token.",
            "Copy both tokens from the same app.",
        )
    else:
        yield ok(about, "Works: Slack opens a connection.")


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
