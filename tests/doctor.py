"""Settings for the doctor, and its findings."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from bot.config.settings import Settings
from cli.doctor import format_report
from cli.doctor.findings import Finding
from cli.doctor.process import ProcessState
from tests import leak_markers

SIGNING = "0123456789abcdef" * 2
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# A port without a server.
NOBODY = ProcessState("away")


def by(findings: Iterator[Finding]) -> dict[str, Finding]:
    """Return the findings by subject; one for each."""
    found = list(findings)
    by_subject = {finding.about: finding for finding in found}
    assert len(by_subject) == len(found), found
    assert leak_markers.find_in(format_report(found)) == []
    return by_subject


def settings(**given: Any) -> Settings:
    secrets = {
        name: SecretStr(value) for name, value in given.items() if "slack" in name
    }
    url = given.pop("slack_api_url", "http://127.0.0.1:1/api/")
    return Settings(_env_file=None, **given | secrets | {"slack_api_url": url})
