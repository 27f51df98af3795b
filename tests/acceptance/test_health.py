"""The served bot's health endpoints, over HTTP and over Socket Mode."""

from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.db import engine
from cli import doctor
from cli.doctor.findings import Finding
from tests import leak_markers
from tests.acceptance.conftest import Deployment


def get(deployment: Deployment, path: str) -> tuple[int, str]:
    port = deployment.backswing.settings.port
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.deep
def test_an_operator_sees_the_bots_health(
    deployment: Deployment,
    transport: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment.ask()
    status, body = get(deployment, "/readyz")
    assert status == 200, body
    parts = ["database", "database_writes", "slack", "deliveries", "events", "clock"]
    parts += ["socket"] if transport == "socket" else []
    assert body.splitlines() == ["ready", *(f"{part}: ok" for part in parts)]
    _, page = get(deployment, "/metrics")
    figures = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    assert figures["backswing_events_total", "command", "done"] == 1
    assert figures["backswing_delivery_attempts_total", "sent"] >= 1
    assert figures["backswing_deliveries", "rejected"] == 0
    assert {figures["backswing_ready", part] for part in parts} == {1}
    assert figures["process_resident_memory_bytes",] > 0
    assert leak_markers.find_in(page + body) == []

    findings = examined(deployment, tmp_path, monkeypatch)
    assert {finding.level for finding in findings} == {"ok"}, doctor.format_report(
        findings
    )
    assert leak_markers.find_in(doctor.format_report(findings)) == []

    deployment.slack.uninstall()
    deployment.wait_until(lambda: get(deployment, "/readyz")[0] == 503)
    assert "\nslack: ok\n" not in get(deployment, "/readyz")[1]
    findings = examined(deployment, tmp_path, monkeypatch)
    assert {finding.about for finding in findings if finding.level == "wrong"} == {
        "Bot token",
        "Process",
        "Workspace",
    }


def examined(
    deployment: Deployment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Finding]:
    """Return the doctor's findings, in a folder that nobody else can read."""
    monkeypatch.chdir(folder)
    url = deployment.backswing.database.engine.url
    if file := engine.sqlite_file(url):
        for part in file.parent.glob(f"{file.name}*"):
            part.chmod(0o600)
    settings = deployment.backswing.settings.model_copy(
        update={"database_url": url.render_as_string(hide_password=False)}
    )
    return list(doctor.examine(settings, clock=deployment.clock))
