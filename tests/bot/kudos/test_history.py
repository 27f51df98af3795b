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


def rows(blocks: list[dict[str, Any]]) -> list[str]:
    """Return each line of rich text without its styles."""
    lines = []
    for block in blocks:
        if block["type"] == "rich_text":
            elements = block["elements"][0]["elements"]
            lines.append(
                "".join(e.get("text") or f":{e.get('name')}:" for e in elements)
            )
    return lines


def history(story: Story, count: int, *, giver: str = ASKER) -> None:
    """Give kudos to Ben and Chi, one a day."""
    with story.rt.write(story.rt.workspaces.only) as tx:
        channel = channels.get_or_create(tx, HELP_CHANNEL)
        for n in range(count):
            at = story.clock() - timedelta(days=count - n)
            row = Kudos(
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
            tx.session.add(row)
            tx.session.flush()
            for recipient in (HELPER, PEER):
                tx.session.add(
                    KudosThanks(
                        kudos_id=row.id,
                        giver=giver,
                        recipient=recipient,
                        installation_id=tx.workspace.id,
                        given_at=at,
                    )
                )


def me(story: Story, member: str) -> list[dict[str, Any]]:
    response = story.command(member, "/kudos", "me")
    return list(json.loads(response.body)["blocks"])


def button(blocks: list[dict[str, Any]], action_id: str) -> str | None:
    for block in blocks:
        for element in block.get("elements", []):
            if element.get("action_id") == action_id:
                return str(element["value"])
    return None


@pytest.fixture
def known_people(story: Story) -> Story:
    for member in (ASKER, HELPER, PEER):
        story.command(member, "/kudos", "thx")
    return story


@pytest.mark.deep_on_postgresql
def test_an_empty_history(story: Story) -> None:
    blocks_json = json.dumps(me(story, HELPER))
    assert "Help someone" in blocks_json
    assert "5 of 5 left today" in blocks_json


def test_reasons_links_and_tags_are_shown_to_both(known_people: Story) -> None:
    history(known_people, 1)
    [received] = rows(me(known_people, HELPER))
    assert received == "Ana, 1 Mar: reason number 0  #ops"
    assert "p177244200" in json.dumps(me(known_people, HELPER))
    [given_row] = rows(me(known_people, ASKER))
    assert given_row == "To Ben and Chi, 1 Mar: reason number 0  #ops"


@pytest.mark.deep_on_postgresql
def test_a_long_list_has_pages(known_people: Story) -> None:
    history(known_people, 20)
    for member, action in ((HELPER, "kudos_received"), (ASKER, "kudos_given")):
        blocks, all_rows = me(known_people, member), []
        all_rows += rows(blocks)
        while cursor := button(blocks, action):
            known_people.click(member, action, cursor)
            blocks = known_people.slack.responses[-1][2]
            all_rows += rows(blocks)
        numbers = [int(line.split("number ")[1].split()[0]) for line in all_rows]
        assert numbers == list(range(19, -1, -1))
        known_people.click(member, "kudos_newest", "newest")
        assert rows(known_people.slack.responses[-1][2]) == all_rows[:8]


def test_simultaneous_kudos_are_on_one_page_each(known_people: Story) -> None:
    """Two givers give at the same time, many times."""
    history(known_people, 10)
    history(known_people, 10, giver=PEER)
    blocks = me(known_people, HELPER)
    all_rows = rows(blocks)
    while cursor := button(blocks, "kudos_received"):
        known_people.click(HELPER, "kudos_received", cursor)
        blocks = known_people.slack.responses[-1][2]
        all_rows += rows(blocks)
    assert len(all_rows) == len(set(all_rows)) == 20


@pytest.mark.parametrize("cursor", ["", "x", "1", "1:", ":1", "9" * 40 + ":1", "-1:1"])
def test_a_forged_cursor_shows_nothing(known_people: Story, cursor: str) -> None:
    history(known_people, 1)
    assert known_people.click(HELPER, "kudos_received", cursor).status == 200
    assert "are gone" in known_people.slack.responses[-1][1]


@pytest.mark.deep_on_postgresql
def test_nobody_can_read_another_members_pages(known_people: Story) -> None:
    history(known_people, 20)
    cursor = button(me(known_people, HELPER), "kudos_received")
    known_people.click(ASKER, "kudos_received", cursor or "")
    assert rows(known_people.slack.responses[-1][2]) == []


def test_joining_is_listed_as_given(known_people: Story) -> None:
    history(known_people, 1)
    with known_people.rt.write_session.begin() as session:
        row = session.query(Kudos).one()
        session.add(
            KudosThanks(
                kudos_id=row.id,
                giver=PEER,
                recipient=HELPER,
                installation_id=row.installation_id,
                given_at=known_people.clock(),
                is_join=True,
            )
        )
    assert rows(me(known_people, HELPER)) == [
        "Ana and 1 other, 1 Mar: reason number 0  #ops"
    ]
    given_row = "To Ben and Chi, with Ana, 2 Mar: reason number 0  #ops"
    assert given_row in rows(me(known_people, PEER))


def test_home_shows_the_latest_of_a_month(known_people: Story) -> None:
    history(known_people, 40)
    with known_people.rt.read(known_people.rt.workspaces.only) as tx:
        section = kudos_history.recent(tx, HELPER)
    assert (
        len(rows([block.to_dict() for block in section.blocks]))
        == kudos_history.HOME_LIMIT
    )
    known_people.clock.advance(days=40)
    with known_people.rt.read(known_people.rt.workspaces.only) as tx:
        section = kudos_history.recent(tx, HELPER)
    assert "None lately" in json.dumps([block.to_dict() for block in section.blocks])


def test_private_kudos_are_in_no_other_list(known_people: Story) -> None:
    known_people.slack.channels["C0DEN"] = conversation_object(
        "C0DEN", "den", is_private=True
    )
    text = f"<@{HELPER}> for something that only those in the den know"
    known_people.command(ASKER, "/kudos", text, channel="C0DEN")
    known_people.deliver()
    assert "only those" in json.dumps(me(known_people, HELPER))
    assert "only those" in json.dumps(me(known_people, ASKER))
    assert "only those" not in json.dumps(me(known_people, PEER))


def test_another_year_is_shown(known_people: Story) -> None:
    history(known_people, 1)
    known_people.clock.advance(days=365)
    assert "1 Mar 2026" in rows(me(known_people, HELPER))[0]
