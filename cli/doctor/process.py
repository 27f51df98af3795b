"""Check the running bot: its readiness, and events from Slack."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import Literal

from prometheus_client.parser import text_string_to_metric_families

from bot.clock import Clock
from bot.config.settings import Settings
from cli.doctor.findings import Finding, ok, warning, wrong
from cli.duration import duration

TIMEOUT_SECONDS = 10
# Without events for longer, a bot is probably not connected.
MAX_QUIET_TIME = timedelta(minutes=15)

_WILDCARD_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only a client
_OK = 200


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The bot's answers on its port; `parts` are the lines of /readyz."""

    state: Literal["away", "other", "here", "nowhere"]
    parts: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[tuple[str, ...], float] = field(default_factory=dict)


def probe(settings: Settings) -> ProcessState:
    try:
        status, body = _get(settings, "/healthz")
        if (status, body) != (_OK, "ok"):
            return ProcessState("other")
        _, ready = _get(settings, "/readyz")
        _, page = _get(settings, "/metrics")
    except ConnectionRefusedError:
        return ProcessState("away")
    except (socket.gaierror, UnicodeError):
        return ProcessState("nowhere")
    except (OSError, HTTPException):
        return ProcessState("other")
    parts = (line.partition(": ") for line in ready.splitlines()[1:])
    return ProcessState(
        "here", {name: problem for name, _, problem in parts}, _parse_metrics(page)
    )


def _get(settings: Settings, path: str) -> tuple[int, str]:
    host = _WILDCARD_HOSTS.get(settings.host, settings.host)
    connection = HTTPConnection(host, settings.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


def _parse_metrics(page: str) -> Mapping[tuple[str, ...], float]:
    """Return each sample by its name and its labels' values, by the labels' names."""
    try:
        families = list(text_string_to_metric_families(page))
    except ValueError:
        return {}
    return {
        (
            sample.name,
            *(text for _, text in sorted(sample.labels.items())),
        ): sample.value
        for family in families
        for sample in family.samples
    }


def examine(
    settings: Settings, process: ProcessState, *, clock: Clock
) -> Iterator[Finding]:
    about = "Process"
    address = f"{settings.host}:{settings.port}"
    if process.state == "away":
        yield warning(
            about,
            f"Not running: nothing answers on {address}.",
            (
                "Start it with `uv run app.py`, or set HOST and PORT to those of the"
                " running bot."
            ),
        )
        return
    if process.state == "nowhere":
        yield wrong(
            about,
            f"HOST is “{settings.host}”, which is not an address of this machine.",
            "Set it to the address to listen on, such as 127.0.0.1.",
        )
        return
    if process.state == "other":
        yield wrong(
            about,
            f"Another program uses {address}, or the bot does not answer in time.",
            "End that program, or give the bot another PORT.",
        )
        return
    for part, why in process.parts.items():
        if why != "ok":
            yield wrong(
                about,
                f"Not ready: {part}: {why}.",
                "See “Readiness” in docs/operate/monitor.md, and the log.",
            )
    if all(why == "ok" for why in process.parts.values()):
        yield ok(about, f"The bot is running on {address} and is ready.")
    yield _last_event(settings, process, clock=clock)
    yield from _refused(process)


def _last_event(settings: Settings, process: ProcessState, *, clock: Clock) -> Finding:
    about = "Events"
    now = clock().timestamp()
    at = process.metrics.get(("backswing_last_event_timestamp_seconds",), 0)
    if at:
        return ok(about, f"Slack delivered the last event {duration(now - at)} ago.")
    since = now - process.metrics.get(("process_start_time_seconds",), now)
    if since < MAX_QUIET_TIME.total_seconds():
        return ok(about, f"No events yet. The bot started {duration(since)} ago.")
    address = (
        "In Slack, set the Request URL to this bot's /slack/events under Event"
        " Subscriptions, Interactivity and each command."
        if settings.mode != "socket"
        else "Turn on Socket Mode and Event Subscriptions."
    )
    return warning(
        about,
        f"No events since the bot started {duration(since)} ago.",
        f"Type `/backswing help` in Slack. If that fails: {address}",
    )


def _refused(process: ProcessState) -> Iterator[Finding]:
    counts = {
        reason: int(process.metrics.get((_REFUSED, reason), 0))
        for reason in ("signature", "age", "full", "late")
    }
    if counts["signature"]:
        yield warning(
            "Signatures",
            f"Requests that Slack did not sign: {counts['signature']}.",
            "If no other requests arrive, copy SLACK_SIGNING_SECRET again. Otherwise"
            " someone else is sending requests.",
        )
    if counts["age"]:
        yield warning(
            "Old requests",
            f"Requests signed more than five minutes ago: {counts['age']}.",
            "Check this machine's clock. If it is right, someone is replaying"
            " recorded requests.",
        )
    if late := counts["full"] + counts["late"]:
        yield warning(
            "Load",
            f"Events that Slack had to resend, because they came too fast: {late}.",
            "Check whether the database or the machine is slow.",
        )


_REFUSED = "backswing_requests_refused_total"
