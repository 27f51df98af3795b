"""The doctor's rows about the database's contents."""

from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from bot.runtime import Runtime, Workspace
from bot.slack.api import NotSent, Rejected
from cli.doctor import contents, format_report
from cli.doctor.findings import Finding
from models import Channel, Installation, Member, OutboxItem
from tests import leak_markers
from tests.doctor import by
from tests.factories import Clock, Story
from tests.slack_payloads import ASKER, PEER, conversation_object
from tests.two_workspaces import serve_two


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
@pytest.mark.deep_on_postgresql
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
