"""A member's received and given kudos, the newest first, page by page."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.kudos import history as kudos_history
from bot.workspace import channels
from models import Kudos, KudosThanks
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, conversation_object


def rows(shown: list[dict[str, Any]]) -> list[str]:
    """Return each line of rich text without its styles."""
    found = []
    for block in shown:
        if block["type"] == "rich_text":
            elements = block["elements"][0]["elements"]
            found.append(
                "".join(e.get("text") or f":{e.get('name')}:" for e in elements)
            )
    return found


def history(story: Story, count: int, *, giver: str = ASKER) -> None:
    """Give kudos to Ben and Chi, one a day."""
    with story.rt.write(story.rt.workspaces.only) as tx:
        channel = channels.get_or_create(tx, HELP_CHANNEL)
        for n in range(count):
            at = story.clock() - timedelta(days=count - n)
            one = Kudos(
                installation_id=tx.workspace.id,
                source=f"test:{giver}:{n}",
                channel_id=channel.id,
                ts=f"17724420{n:02d}.{giver.encode().hex()[:6]}",
                giver=giver,
                recipients=[HELPER, PEER],
                reason=f"reason number {n}",
                tags=["ops"],
                given_at=at,
            )
            tx.session.add(one)
            tx.session.flush()
            for receiver in (HELPER, PEER):
                tx.session.add(
                    KudosThanks(
                        kudos_id=one.id,
                        giver=giver,
                        recipient=receiver,
                        installation_id=tx.workspace.id,
                        given_at=at,
                    )
                )


def me(story: Story, who: str) -> list[dict[str, Any]]:
    response = story.command(who, "/kudos", "me")
    return list(json.loads(response.body)["blocks"])


def button(shown: list[dict[str, Any]], action_id: str) -> str | None:
    for block in shown:
        for element in block.get("elements", []):
            if element.get("action_id") == action_id:
                return str(element["value"])
    return None


@pytest.fixture
def known(story: Story) -> Story:
    for who in (ASKER, HELPER, PEER):
        story.command(who, "/kudos", "thx")
    return story


def test_an_empty_history(story: Story) -> None:
    said = json.dumps(me(story, HELPER))
    assert "Help someone" in said
    assert "5 of 5 left today" in said


def test_reasons_links_and_tags_are_shown_to_both(known: Story) -> None:
    history(known, 1)
    [received] = rows(me(known, HELPER))
    assert received == "Ana, 1 Mar: reason number 0  #ops"
    assert "p177244200" in json.dumps(me(known, HELPER))
    [given] = rows(me(known, ASKER))
    assert given == "To Ben and Chi, 1 Mar: reason number 0  #ops"


def test_a_long_list_has_pages(known: Story) -> None:
    history(known, 20)
    for who, action in ((HELPER, "kudos_received"), (ASKER, "kudos_given")):
        shown, seen = me(known, who), []
        seen += rows(shown)
        while cursor := button(shown, action):
            known.click(who, action, cursor)
            shown = known.slack.responses[-1][2]
            seen += rows(shown)
        numbers = [int(line.split("number ")[1].split()[0]) for line in seen]
        assert numbers == list(range(19, -1, -1))
        known.click(who, "kudos_newest", "newest")
        assert rows(known.slack.responses[-1][2]) == seen[:8]


def test_simultaneous_kudos_are_on_one_page_each(known: Story) -> None:
    """Two givers give at the same time, many times."""
    history(known, 10)
    history(known, 10, giver=PEER)
    shown = me(known, HELPER)
    seen = rows(shown)
    while cursor := button(shown, "kudos_received"):
        known.click(HELPER, "kudos_received", cursor)
        shown = known.slack.responses[-1][2]
        seen += rows(shown)
    assert len(seen) == len(set(seen)) == 20


@pytest.mark.parametrize("cursor", ["", "x", "1", "1:", ":1", "9" * 40 + ":1", "-1:1"])
def test_a_forged_cursor_shows_nothing(known: Story, cursor: str) -> None:
    history(known, 1)
    assert known.click(HELPER, "kudos_received", cursor).status == 200
    assert "are gone" in known.slack.responses[-1][1]


def test_nobody_can_read_another_members_pages(known: Story) -> None:
    history(known, 20)
    cursor = button(me(known, HELPER), "kudos_received")
    known.click(ASKER, "kudos_received", cursor or "")
    assert rows(known.slack.responses[-1][2]) == []


def test_joining_is_listed_as_given(known: Story) -> None:
    history(known, 1)
    with known.rt.write_session.begin() as session:
        one = session.query(Kudos).one()
        session.add(
            KudosThanks(
                kudos_id=one.id,
                giver=PEER,
                recipient=HELPER,
                installation_id=one.installation_id,
                given_at=known.clock(),
                is_join=True,
            )
        )
    assert rows(me(known, HELPER)) == ["Ana and 1 other, 1 Mar: reason number 0  #ops"]
    given = "To Ben and Chi, with Ana, 2 Mar: reason number 0  #ops"
    assert given in rows(me(known, PEER))


def test_home_shows_the_latest_of_a_month(known: Story) -> None:
    history(known, 40)
    with known.rt.read(known.rt.workspaces.only) as tx:
        drawn = kudos_history.recent(tx, HELPER)
    assert len(rows([block.to_dict() for block in drawn])) == kudos_history.HOME_LIMIT
    known.clock.advance(days=40)
    with known.rt.read(known.rt.workspaces.only) as tx:
        drawn = kudos_history.recent(tx, HELPER)
    assert "None lately" in json.dumps([block.to_dict() for block in drawn])


def test_private_kudos_are_in_no_other_list(known: Story) -> None:
    known.slack.channels["C0DEN"] = conversation_object("C0DEN", "den", is_private=True)
    text = f"<@{HELPER}> for something that only those in the den know"
    known.command(ASKER, "/kudos", text, channel="C0DEN")
    known.deliver()
    assert "only those" in json.dumps(me(known, HELPER))
    assert "only those" in json.dumps(me(known, ASKER))
    assert "only those" not in json.dumps(me(known, PEER))


def test_another_year_is_shown(known: Story) -> None:
    history(known, 1)
    known.clock.advance(days=365)
    assert "1 Mar 2026" in rows(me(known, HELPER))[0]
