"""The doctor's findings when one thing after the other is broken."""

import json
import re
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import delete, make_url, select, text, update

import app
from bot.clock import utc_now
from bot.config.settings import Settings
from bot.db import schema
from bot.db.engine import Database
from bot.runtime import Runtime, Workspace
from bot.slack.api import NotSent, Rejected
from bot.slack.client import SlackClient
from cli.doctor import (
    ROWS,
    contents,
    database,
    examine,
    files,
    format_report,
    process,
    slack,
)
from cli.doctor.findings import Finding
from cli.doctor.process import ProcessState
from models import Channel, Installation, Member, OutboxItem
from sandbox import Sandbox
from tests import leak_markers
from tests.bot.config.test_settings import APP, BOT
from tests.docs import DOCS
from tests.factories import Clock, Story
from tests.ports import free_port
from tests.slack_payloads import ASKER, PEER, conversation_object
from tests.two_workspaces import serve_two

MANIFEST = yaml.safe_load(slack.MANIFEST.read_text())
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


# Scopes and clocks


WANTED = MANIFEST["oauth_config"]["scopes"]["bot"]
OPTIONAL = MANIFEST["oauth_config"]["scopes"]["bot_optional"]


@pytest.mark.parametrize(
    ("granted", "level", "says"),
    [
        (WANTED, "ok", "Exactly those in the manifest"),
        ([*reversed(WANTED)], "ok", "Exactly those in the manifest"),
        (sorted({*WANTED} - {*OPTIONAL}), "ok", "can't use private channels"),
        (sorted({*WANTED} - {"chat:write"}), "wrong", "Missing: chat:write."),
        ([*WANTED, "admin"], "warning", "Not needed: admin."),
        ([], "warning", "did not say"),
    ],
)
def test_granted_scopes_are_compared_with_the_manifest(
    granted: list[str], level: str, says: str
):
    for separator in (",", ", "):
        found = slack.check_scopes(separator.join(granted), MANIFEST)
        assert (found.level, says in found.says) == (level, True), found


@pytest.mark.parametrize(
    ("seconds_ahead", "level"),
    [(0, "ok"), (25, "ok"), (-25, "ok"), (60, "warning"), (-250, "wrong")],
)
def test_the_clock_is_compared_with_slacks(seconds_ahead: int, level: str):
    at = NOW + timedelta(seconds=seconds_ahead)
    [found] = slack.check_skew("Mon, 02 Mar 2026 09:00:00 GMT", before=at, after=at)
    assert found.level == level
    assert level == "ok" or ("ahead" if seconds_ahead > 0 else "behind") in found.says


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_the_clock_has_no_finding(date: str):
    assert list(slack.check_skew(date, before=NOW, after=NOW)) == []


# Tokens


@pytest.fixture
def pretend() -> Iterator[Sandbox]:
    sandbox = Sandbox(MANIFEST)
    sandbox.start()
    leak_markers.add(sandbox.signing_secret)
    yield sandbox
    sandbox.stop()


def of_slack(given: Settings, running: ProcessState = NOBODY) -> dict[str, Finding]:
    token = given.slack_bot_token
    assert token is not None
    web = SlackClient(token.get_secret_value(), base_url=given.slack_api_url)
    return by(slack.examine(given, web, running, clock=utc_now))


def test_tokens_that_work(pretend: Sandbox):
    given = settings(
        slack_bot_token=pretend.bot_token,
        slack_app_token=pretend.app_token,
        slack_api_url=pretend.api_url,
    )
    found = of_slack(given)
    assert {finding.level for finding in found.values()} == {"ok"}, found
    assert list(found) == ["Bot token", "Scopes", "Clock", "App token"]
    # Slack allows one a minute, so nothing is opened while the bot is connected.
    pretend.faults.add("ratelimited", "apps.connections.open")
    assert of_slack(given)["App token"].level == "warning"
    connected = ProcessState("here", {"socket": "ok"})
    assert of_slack(given, connected)["App token"].level == "ok"


def test_tokens_that_slack_does_not_accept(pretend: Sandbox):
    found = of_slack(
        settings(
            slack_bot_token=BOT, slack_app_token=APP, slack_api_url=pretend.api_url
        )
    )
    assert "invalid_auth" in found["Bot token"].says
    assert found["App token"].level == "wrong"
    assert {finding.level for finding in found.values()} == {"wrong"}


def test_a_signing_secret_is_checked(pretend: Sandbox):
    given = settings(
        slack_bot_token=pretend.bot_token,
        slack_signing_secret=SIGNING,
        slack_api_url=pretend.api_url,
    )
    assert of_slack(given)["Signing secret"].level == "ok"


def test_without_slack_the_rest_is_still_checked(tmp_path: Path):
    found = by(
        examine(
            settings(
                slack_bot_token=BOT,
                slack_signing_secret=SIGNING,
                port=free_port(),
                database_url=f"sqlite:///{tmp_path}/none.db",
            )
        )
    )
    assert "can't be reached" in found["Bot token"].says
    assert found["Process"].level == "warning"
    assert "does not exist yet" in found["Database"].says
    assert not (tmp_path / "none.db").exists()


# The database


def of_database(url: str) -> dict[str, Finding]:
    return by(database.examine(settings(database_url=url), None, clock=lambda: NOW))


@pytest.fixture
def file(tmp_path: Path, migrated_file: Path) -> Path:
    copy = tmp_path / "backswing.db"
    shutil.copy(migrated_file, copy)
    return copy


def test_the_checks_change_nothing(file: Path):
    before = file.read_bytes()
    found = of_database(f"sqlite:///{file}")
    assert found["Database"].level == found["Schema"].level == "ok"
    assert "has no workspace yet" in found["Workspace"].says
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("sql", "level", "says"),
    [
        ("UPDATE alembic_version SET version_num = 'of-tomorrow'", "wrong", "newer"),
        ("DROP TABLE alembic_version", "warning", "no tables yet"),
    ],
)
def test_an_unknown_schema(file: Path, sql: str, level: str, says: str):
    with sqlite3.connect(file) as connection:
        connection.execute(sql)
    connection.close()
    found = of_database(f"sqlite:///{file}")["Schema"]
    assert (found.level, says in found.says) == (level, True)


def test_an_outdated_schema(file: Path):
    [first] = ScriptDirectory.from_config(schema._config()).get_bases()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [first])
    connection.close()
    assert "older" in of_database(f"sqlite:///{file}")["Schema"].says


def test_a_damaged_file(file: Path):
    whole = bytearray(file.read_bytes())
    whole[8192:32768] = b"\x05" * (32768 - 8192)
    file.write_bytes(whole)
    found = of_database(f"sqlite:///{file}")
    assert found["Database"].level == "wrong"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://user:s3cret@host/name", "not a valid address"),
        ("postgresql://user:s3cret@127.0.0.1:1/name", "can't be read"),
        ("sqlite:///{folder}/notes.txt", "can't be read"),
    ],
)
def test_an_invalid_database_url(tmp_path: Path, url: str, says: str):
    (tmp_path / "notes.txt").write_text("Some words that are dear to somebody. " * 99)
    found = of_database(url.format(folder=tmp_path))
    assert (found["Database"].level, says in found["Database"].says) == ("wrong", True)
    assert "s3cret" not in format_report(list(found.values()))


def test_postgresql_is_checked_as_well(
    migrated_postgresql: Database, postgresql_url: str
):
    found = by(
        database.examine(settings(database_url=postgresql_url), None, clock=utc_now)
    )
    assert found["Database"].says.startswith("PostgreSQL ")
    assert found["Database clock"].level == found["Schema"].level == "ok"


def test_a_user_with_read_access_only(
    migrated_postgresql: Database, postgresql_url: str
):
    with migrated_postgresql.engine.begin() as connection:
        for sql in (
            "CREATE ROLE looker LOGIN",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker",
        ):
            connection.execute(text(sql))
    try:
        url = make_url(postgresql_url).set(username="looker")
        found = of_database(url.render_as_string(hide_password=False))
        assert "not allowed to change" in found["Database"].says
        # The server's clock is years from the test's.
        assert found["Database clock"].level == "warning"
    finally:
        with migrated_postgresql.engine.begin() as connection:
            connection.execute(text("DROP OWNED BY looker"))
            connection.execute(text("DROP ROLE looker"))


# The database's contents


def of_contents(rt: Runtime) -> dict[str, Finding]:
    with rt.read_session() as session:
        return by(contents.examine(session, None, clock=rt.clock))


def test_a_healthy_bot(story: Story):
    story.ask()
    found = of_contents(story.rt)
    assert {finding.level for finding in found.values()} == {"ok"}, found
    assert found["Channels"].says == "The bot is in #help."


def test_rejected_and_lost_messages_are_reported_with_the_reasons(
    story: Story,
):
    post = "chat.postMessage"
    story.slack.fail[post] = [Rejected(post, "not_in_channel")] * 3
    story.command(ASKER, "/ask", "How do I fix x?")
    story.deliver()
    found = of_contents(story.rt)["Deliveries"]
    assert found.level == "warning"
    assert "ask.post (not_in_channel)" in found.says
    assert "/invite @Backswing" in found.do
    story.clock.advance(days=8)
    assert of_contents(story.rt)["Deliveries"].level == "ok"


def test_messages_that_wait_too_long_are_wrong(story: Story):
    story.slack.fail["chat.postMessage"] = [
        NotSent("chat.postMessage", "not_connected")
    ]
    story.command(ASKER, "/ask", "How do I fix x?")
    story.deliver()
    assert of_contents(story.rt)["Deliveries"].level == "ok"
    story.clock.advance(minutes=7)
    found = of_contents(story.rt)["Deliveries"]
    assert found.level == "wrong"
    assert "1 ask.post (not_connected)" in found.says


def test_unconfirmed_messages_are_reported(story: Story):
    story.ask()
    with story.rt.write_session.begin() as session:
        session.execute(update(OutboxItem).values(state="lost", error="TimeoutError"))
    found = of_contents(story.rt)["Deliveries"]
    assert (found.level, "Perhaps not received" in found.says) == ("warning", True)


def test_a_disabled_workspace(story: Story):
    story.ask()
    with story.rt.write_session.begin() as session:
        session.execute(update(Installation).values(disabled_reason="token_revoked"))
    assert "token_revoked" in of_contents(story.rt)["Workspace"].says


def test_each_workspace_in_the_database_is_reported_on_by_its_name(
    rt: Runtime, workspace: Workspace, clock: Clock
):
    with rt.write_session.begin() as session:
        session.execute(delete(Installation).filter_by(id=workspace.id))
    pair = serve_two(rt, clock)
    for story in (pair.alpha, pair.beta):
        story.ask()
    post = "chat.postMessage"
    pair.beta.slack.fail[post] = [Rejected(post, "not_in_channel")]
    pair.beta.command(ASKER, "/ask", "How do I fix y?")
    pair.beta.deliver()
    with rt.write_session.begin() as session:
        beta = session.get_one(Installation, pair.beta.workspace.id)
        beta.team_name, beta.disabled_reason = "", "token_revoked"
        of_beta = {"installation_id": beta.id}
        session.execute(update(Channel).filter_by(**of_beta).values(name="ask"))
        session.execute(update(Member).filter_by(**of_beta).values(tz="Mars/Olympus"))
    # The token is Alpha's, and Slack says that its bot is in one channel more.
    client = pair.alpha.slack
    client.bot_identity = {"team_id": "T0ALPHA"}
    client.channels["C0MORE"] = conversation_object("C0MORE", "more")
    with rt.read_session() as session:
        found = list(contents.examine(session, client, clock=rt.clock))
    assert leak_markers.find_in(format_report(found)) == []
    told = [(one.about, one.level, one.says) for one in found]
    several, *rest = told
    assert several[:2] == ("Workspace", "warning")
    assert "has 2 workspaces" in several[2]
    alpha = "Peers (T0ALPHA): "
    assert rest[0] == ("Channels", "ok", f"{alpha}The bot is in #help.")
    assert rest[1][:2] == ("Channels", "warning")
    assert "Slack says that the bot is in 2 channels" in rest[1][2]
    assert [(about, level) for about, level, _ in rest[2:]] == [
        ("Time zones", "ok"),
        ("Deliveries", "ok"),
        ("Workspace", "wrong"),
        ("Channels", "ok"),
        ("Time zones", "warning"),
        ("Deliveries", "warning"),
    ]
    ours, theirs = rest[:4], rest[4:]
    assert all(says.startswith(alpha) for *_, says in ours)
    assert all(says.startswith("T0BETA: ") for *_, says in theirs)
    for (*_, says), words in zip(
        theirs,
        ("said token_revoked", "in #ask", "Mars/Olympus", "1 ask.post"),
        strict=True,
    ):
        assert words in says


def test_zone_rules_are_compared_once_for_all_workspaces(
    rt: Runtime, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "+VERSION").write_text("2999b\n")
    monkeypatch.setattr(contents, "_ZONE_FOLDERS", (tmp_path,))
    serve_two(rt, clock)
    with rt.read_session() as session:
        found = list(contents.examine(session, None, clock=rt.clock))
    [rules] = [one.says for one in found if one.about == "Zone rules"]
    assert rules.startswith("The system has 2999b")


def test_a_bot_in_no_channel_and_people_in_unknown_zones(story: Story):
    story.ask()
    story.react(PEER, story.only_ask().ts or "", "eyes")
    story.advance(seconds=1)
    with story.rt.write_session.begin() as session:
        session.execute(update(Channel).values(is_joined=False))
        session.execute(update(Member).values(tz="Mars/Olympus"))
        count = len(session.scalars(select(Member.id)).all())
    found = of_contents(story.rt)
    assert "in no channels" in found["Channels"].says
    assert f": {count} (" in found["Time zones"].says
    assert "Mars/Olympus" in found["Time zones"].says


@pytest.mark.parametrize(
    ("file", "line", "is_newer"),
    [
        ("tzdata.zi", "# version 2999a\nR d 1916\n", True),
        ("+VERSION", "2999b\n", True),
        ("tzdata.zi", "# version 2007k\n", False),
        ("tzdata.zi", "# redo posix_only\n", False),
        ("+VERSION", "\xff", False),
        ("another", "", False),
    ],
)
def test_the_systems_zones_are_compared_with_the_packages(
    story: Story,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    line: str,
    is_newer: bool,
):
    (tmp_path / file).write_text(line, encoding="latin-1")
    monkeypatch.setattr(contents, "_ZONE_FOLDERS", (tmp_path / "none", tmp_path))
    found = of_contents(story.rt)
    assert found["Time zones"].level == "ok"
    assert ("Zone rules" in found) is is_newer
    if is_newer:
        assert line.strip("\n").split()[2 if "#" in line else 0] in (
            found["Zone rules"].says
        )


def test_only_some_channels_are_named(story: Story):
    story.ask()
    with story.rt.write_session.begin() as session:
        for n in range(8):
            session.add(
                Channel(
                    installation_id=story.rt.workspaces.only.id,
                    slack_id=f"C{n}",
                    name=f"room-{n}",
                    is_private=n == 0,
                    is_joined=True,
                )
            )
        session.add(
            Channel(
                installation_id=story.rt.workspaces.only.id,
                slack_id="C0NAMELESS",
                is_joined=True,
            )
        )
    says = of_contents(story.rt)["Channels"].says
    assert says == (
        "The bot is in #help, #room-1, #room-2, #room-3, #room-4, 4 more, 1 private."
    )


# The running bot


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


# Files


def test_files_that_others_can_read_are_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(file.parent)
    env = file.parent / ".env"
    env.write_text("SLACK_BOT_TOKEN=…")
    journal = Path(f"{file}-wal")
    journal.touch()
    for path in (env, file, journal):
        path.chmod(0o600)
    file.parent.chmod(0o700)
    given = settings(database_url=f"sqlite:///{file}")
    assert {one.level for one in files.examine(given)} == {"ok"}
    for path in (env, file, journal):
        path.chmod(0o640)
        [found] = [one for one in files.examine(given) if one.level == "wrong"]
        assert found.says == f"Other users on this machine can read {path.name}."
        assert found.do.startswith("chmod 600 ")
        assert found.do.endswith(path.name)
        path.chmod(0o600)
    file.parent.chmod(0o755)
    levels = {one.about: one.level for one in files.examine(given)}
    assert levels["Data directory"] == "warning"
    file.parent.chmod(0o777)
    levels = {one.about: one.level for one in files.examine(given)}
    assert levels["Data directory"] == "wrong"
    file.parent.chmod(0o700)


# The command


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)

    def main(*arguments: str, **variables: str) -> tuple[int, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = app.main(["doctor", *arguments])
        output = capsys.readouterr().out
        assert leak_markers.find_in(output) == []
        return code, output

    return main


def test_the_example_in_the_docs_is_up_to_date():
    """Each of its lines is the doctor's, except for names and numbers."""
    example = (DOCS / "operate" / "troubleshoot.md").read_text().split("```")[1]
    lines = re.findall(r"^(ok|warning|wrong) +([A-Z][\w ]+?)  +", example, re.MULTILINE)
    abouts = [about for _, about in lines]
    assert len(abouts) == len(set(abouts)) > 10
    assert set(abouts) <= set(ROWS)
    levels = [level for level, _ in lines]
    summary = ", ".join(
        f"{levels.count(one)} {one}" for one in ("ok", "warning", "wrong")
    )
    assert example.rstrip().endswith(summary)


def test_without_tokens_it_explains_how_to_get_them(run: Run):
    code, output = run(PORT=str(free_port()))
    assert code == 1
    assert "docs/operate/install.md" in output
    assert output.rstrip().endswith("0 ok, 1 warning, 1 wrong")


def test_a_token_of_the_wrong_kind_is_named_and_not_shown(run: Run):
    code, output = run(SLACK_BOT_TOKEN=f"xoxp-{BOT[5:]}", PORT=str(free_port()))
    assert code == 1
    assert "SLACK_BOT_TOKEN is of the wrong kind" in output
    assert BOT[5:] not in output


def test_the_json_output_is_machine_readable(run: Run):
    code, output = run("--json", PORT=str(free_port()))
    found = json.loads(output)
    assert code == 1
    assert [one["level"] for one in found] == ["wrong", "warning"]
    assert all(set(one) == {"level", "about", "says", "do"} for one in found)
