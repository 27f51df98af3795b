"""The doctor's rows about the running bot."""

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest

from cli.doctor import process
from cli.doctor.findings import Finding
from cli.doctor.process import ProcessState
from tests.bot.config.test_settings import BOT
from tests.doctor import NOBODY, NOW, SIGNING, by, settings
from tests.ports import free_port


def of_bot(running: ProcessState, **given: Any) -> dict[str, Finding]:
    tokens = {"slack_bot_token": BOT, "slack_signing_secret": SIGNING}
    return by(process.examine(settings(**tokens, **given), running, clock=lambda: NOW))


def figures(**more: float) -> dict[tuple[str, ...], float]:
    started = (NOW - timedelta(hours=5)).timestamp()
    metric_values = {("process_start_time_seconds",): started}
    refused = "backswing_requests_refused_total"
    last = more.pop("last_event", None)
    if last is not None:
        metric_values["backswing_last_event_timestamp_seconds",] = last
    return metric_values | {(refused, reason): count for reason, count in more.items()}


def test_a_bot_that_is_not_running():
    assert process.probe(settings(port=free_port())) == NOBODY
    assert of_bot(NOBODY)["Process"].level == "warning"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a..b"])
def test_an_invalid_host(host: str):
    running = process.probe(settings(host=host, port=free_port()))
    found = by(process.examine(settings(host=host), running, clock=lambda: NOW))
    assert found["Process"].level == "wrong"
    assert found["Process"].says.startswith("HOST is “")


def test_another_program_on_its_port():
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        taken, _ = listener.accept()
        taken.recv(1000)
        taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        taken.close()

    thread = threading.Thread(target=answer)
    thread.start()
    found = process.probe(settings(port=listener.getsockname()[1]))
    thread.join()
    listener.close()
    assert found == ProcessState("other")
    assert of_bot(found)["Process"].level == "wrong"


def test_a_bot_that_is_not_ready():
    running = ProcessState(
        "here", {"database": "ok", "slack": "token_revoked"}, figures()
    )
    found = of_bot(running)["Process"]
    assert (found.level, "slack: token_revoked" in found.says) == ("wrong", True)


@pytest.mark.parametrize(
    ("metric_values", "level", "says"),
    [
        (figures(last_event=NOW.timestamp() - 7200), "ok", "2 hours ago"),
        (figures(last_event=0), "warning", "No events since"),
        (
            {("process_start_time_seconds",): NOW.timestamp() - 30},
            "ok",
            "No events yet",
        ),
    ],
)
def test_recent_events_from_slack(
    metric_values: dict[tuple[str, ...], float], level: str, says: str
):
    found = of_bot(ProcessState("here", {"database": "ok"}, metric_values))["Events"]
    assert (found.level, says in found.says) == (level, True), found


def test_refused_requests_are_reported():
    metric_values = figures(
        last_event=NOW.timestamp(), signature=3, age=2, full=2, late=1
    )
    found = of_bot(ProcessState("here", {}, metric_values))
    assert found["Signatures"].says == "Requests that Slack did not sign: 3."
    assert found["Old requests"].says.endswith(": 2.")
    assert found["Load"].says.endswith(": 3.")
